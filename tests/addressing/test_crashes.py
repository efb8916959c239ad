"""A process that dies at any step loses nothing, does nothing twice, and the partner sees one message."""

from __future__ import annotations

import pytest

from gateway.messaging.delivery import Delivered, ReplyStep
from gateway.messaging.replies import ReplyState
from gateway.store.unit_of_work import SqlDatabase
from soapkit.addressing import W3C
from soapkit.versions import Version
from tests.acceptance.processes import spare_port
from tests.addressing.later import Later, Placed
from tests.addressing.messages import ID, Way
from tests.addressing.receiver import Receiver, receiver
from tests.doubles.database import BreakingDatabase
from tests.flows.gateway import KillAt, Killed

SOAP_11 = Way(W3C, Version.SOAP_11)
POINTS = [f"{step}.{side}" for step in ReplyStep for side in ("before", "after")]


def reply_to(partner: Receiver) -> str:
    return SOAP_11.reference("ReplyTo", f"{partner.url}/replies")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_step_loses_nothing_and_does_nothing_twice(
    database: SqlDatabase, partner: Receiver, point: str
) -> None:
    handler = Placed()
    dying = Later(database, {"OSM": f"{partner.url}/replies"}, handler=handler, barrier=KillAt(point))
    dying.accepted(SOAP_11, reply_to(partner))
    with pytest.raises(Killed):
        dying.drain()
    again = dying.restarted()
    again.sit_out()
    assert again.reply.state is ReplyState.DELIVERED
    assert handler.orders == {"order-1"}
    assert {each.text("RelatesTo") for each in partner.received} == {ID}
    assert len({each.text("MessageID") for each in partner.received}) == 1
    assert len({each.content for each in partner.received}) == 1
    assert len(partner.received) <= 2


@pytest.mark.parametrize("point", [point for point in POINTS if not point.startswith("reply-claim.b")])
def test_a_killed_workers_reply_is_not_taken_while_its_lease_runs(
    database: SqlDatabase, partner: Receiver, point: str
) -> None:
    dying = Later(database, {"OSM": f"{partner.url}/replies"}, barrier=KillAt(point))
    dying.accepted(SOAP_11, reply_to(partner))
    with pytest.raises(Killed):
        dying.drain()
    assert Later(database, dying.partners, dying.clock, owner="worker-2").drain() == []


def test_a_request_that_kills_its_worker_every_time_is_given_up(database: SqlDatabase, partner: Receiver) -> None:
    dying = Later(database, {"OSM": f"{partner.url}/replies"}, barrier=KillAt("reply-run.after"))
    dying.accepted(SOAP_11, reply_to(partner))
    for _ in range(3):
        with pytest.raises(Killed):
            dying.drain()
        dying = dying.restarted(barrier=KillAt("reply-run.after"))
    assert dying.drain() == [Delivered.ERROR]
    assert (dying.reply.code, len(dying.alarms())) == ("O2C_WORKER_LOST", 1)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", [ReplyStep.STORE, ReplyStep.END])
def test_a_commit_that_is_lost_is_repeated(
    database: SqlDatabase, partner: Receiver, step: ReplyStep, *, after: bool
) -> None:
    breaking = BreakingDatabase(database, break_at=f"{step}.before", after=after, away=1)
    handler = Placed()
    losing = Later(breaking, {"OSM": f"{partner.url}/replies"}, handler=handler, barrier=breaking)
    losing.accepted(SOAP_11, reply_to(partner))
    losing.drain()
    assert breaking.lost
    again = losing.restarted()
    again.sit_out()
    assert again.reply.state is ReplyState.DELIVERED
    assert handler.orders == {"order-1"}
    assert len({each.content for each in partner.received}) == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_request_whose_commit_is_lost_is_not_accepted_and_may_come_again(
    database: SqlDatabase, partner: Receiver, *, after: bool
) -> None:
    breaking = BreakingDatabase(database, after=after)
    breaking.armed = True
    losing = Later(breaking, {"OSM": f"{partner.url}/replies"})
    told = losing.post(SOAP_11, reply_to(partner)).answer
    assert told.status == 500
    losing.accepted(SOAP_11, reply_to(partner))
    assert losing.drain() == [Delivered.DELIVERED]
    assert partner.one.text("RelatesTo") == ID


def test_a_partner_that_is_down_gets_its_answer_when_it_is_up_again(database: SqlDatabase) -> None:
    port = spare_port()
    address = f"http://127.0.0.1:{port}/replies"
    later = Later(database, {"OSM": address})
    later.accepted(SOAP_11, SOAP_11.reference("ReplyTo", address))
    assert later.drain() == [Delivered.LATER]
    assert (later.reply.state, later.reply.reason) == (ReplyState.ANSWERED, "OSM cannot be reached")
    again = later.restarted()
    with receiver(port) as partner:
        assert again.drain() == [Delivered.DELIVERED]
        assert partner.one.text("RelatesTo") == ID


def test_a_partner_that_dies_while_it_is_told_gets_it_again(database: SqlDatabase) -> None:
    port = spare_port()
    address = f"http://127.0.0.1:{port}/replies"
    later = Later(database, {"OSM": address})
    later.accepted(SOAP_11, SOAP_11.reference("ReplyTo", address))
    with receiver(port, 503) as partner:
        assert later.drain() == [Delivered.LATER]
        first = partner.one
    again = later.restarted()
    with receiver(port) as partner:
        assert again.drain() == [Delivered.DELIVERED]
        assert partner.one.content == first.content
