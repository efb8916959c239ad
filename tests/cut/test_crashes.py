"""A worker that dies at any point of an errand loses nothing, and leaves nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from gateway.messaging.attempt import Ending
from gateway.messaging.consumer import Consumer
from gateway.messaging.queues import State
from gateway.messaging.steps import Step, Steps
from tests.cut.partner import Partner
from tests.cut.site import Site, data, records, site
from tests.doubles.database import BreakingDatabase
from tests.flows.gateway import KillAt, Killed
from tests.siebel_sim.simulator import Simulator

NOWHERE = "http://127.0.0.1:9"
ONE = {"Id": "1-A", "Name": "Smith Ltd"}
STEPS = (Step.CLAIM, Step.RESERVE, Step.WORK, Step.DECIDE)
POINTS = [f"{step}.{side}" for step in STEPS for side in ("before", "after")]
OF_DELIVERIES = [point for point in POINTS if not point.startswith(Step.RESERVE)]


def killed_at(gateway: Site, queue: str, point: str) -> None:
    """Work on a queue until the process dies; then let its lease lapse."""
    [route] = [route for route in gateway.gateway.admin.routes if route.queue == queue]
    errands = replace(gateway.gateway.errands, steps=Steps(KillAt(point)))
    consumer: Any = Consumer(route, errands)
    with pytest.raises(Killed):
        consumer.step()
    gateway.clock.advance(timedelta(seconds=61))


@pytest.mark.parametrize("point", OF_DELIVERIES)
def test_a_change_is_put_on_its_subscribers_queue_exactly_once(database_url: str, point: str) -> None:
    with site(database_url, NOWHERE, {"subscribers": {"B": {"queue": "OUT_B"}}}) as gateway:
        gateway.tell("Account", **ONE)
        killed_at(gateway, "CUT_OUT_B", point)
        gateway.work_on("CUT_OUT_B")
        assert [each.state for each in gateway.messages("CUT_OUT_B")] == [State.DONE]
        assert len(gateway.bodies("OUT_B")) == 1


@pytest.mark.parametrize("point", OF_DELIVERIES)
def test_a_subscriber_is_told_by_soap_under_one_id(tmp_path: Any, back_office: Partner, point: str) -> None:
    cut = {"subscribers": {"OSM_01": {"url": f"{back_office.address}/services/{{service}}"}}}
    with site(f"sqlite:///{tmp_path / 'g.db'}", NOWHERE, cut) as gateway:
        gateway.tell("Account", **ONE)
        killed_at(gateway, "CUT_OUT_OSM_01", point)
        gateway.work_on("CUT_OUT_OSM_01")
        [done] = gateway.messages("CUT_OUT_OSM_01")
    told_before_the_death = point in ("work.after", "decide.before")
    assert done.state is State.DONE
    assert back_office.message_ids() == [str(done.intake)] * (2 if told_before_the_death else 1)


@pytest.mark.parametrize("point", POINTS)
def test_what_is_received_is_in_siebel_once(tmp_path: Any, siebel: Simulator, point: str) -> None:
    with site(f"sqlite:///{tmp_path / 'g.db'}", siebel.address) as gateway:
        about = gateway.objects["TroubleTicket"]
        ticket = {"SRNumber": "T-1", "Abstract": "no dial tone", "Action": [{"ActivityUID": "U-1"}]}
        put(gateway, about.queue, ticket)
        killed_at(gateway, about.queue, point)
        gateway.work_on(about.queue)
        found = records(about, gateway.call("TroubleTicket", "Get", SearchSpec="[Abstract] = 'no dial tone'"))
        assert [each["SRNumber"] for each in found] == ["T-1"]
        assert len(found[0]["Action"]) == 1
        assert [each.state for each in gateway.messages(about.queue)] == [State.DONE]


@pytest.mark.parametrize("after", [False, True])
def test_a_commit_whose_outcome_is_not_known_ends_well_either_way(tmp_path: Any, after: bool) -> None:
    with site(f"sqlite:///{tmp_path / 'g.db'}", NOWHERE, {"subscribers": {"B": {"queue": "OUT_B"}}}) as gateway:
        gateway.tell("Account", **ONE)
        breaking = BreakingDatabase(gateway.gateway.database, break_at="work.after", after=after)
        errands = replace(gateway.gateway.errands, database=breaking, steps=Steps(breaking))
        [route] = [each for each in gateway.gateway.admin.routes if each.queue == "CUT_OUT_B"]
        consumer: Any = Consumer(route, errands)
        assert consumer.step() is Ending.PENDING
        gateway.clock.advance(timedelta(seconds=61))
        assert gateway.work_on("CUT_OUT_B") == ([] if after else [Ending.DONE])
        assert len(gateway.bodies("OUT_B")) == 1


def put(gateway: Site, queue: str, record: dict[str, Any]) -> None:
    """Put a message to be received."""
    about = gateway.objects["TroubleTicket"]
    gateway.gateway.admin.put(queue, etree.tostring(data(about, record)))
