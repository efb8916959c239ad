"""The same orders with both databases on PostgreSQL, and with a BRM that commits in one phase (mode ``local``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.messaging.queues import State
from tests.acceptance.answers import poids, statuses
from tests.acceptance.orders import mobile
from tests.acceptance.site import DEAL, MODIFY, Site, brm_server, site, wire, working
from tests.postgres import Postgres

REFUSAL = {"errno": "PIN_ERR_BAD_VALUE"}


def on_postgresql(postgres: Postgres, directory: Path) -> Iterator[Site]:
    with (
        postgres.database() as of_brm,
        postgres.database() as of_gateway,
        brm_server(directory, url=of_brm) as brm,
        site(directory, brm, gateway={"database": of_gateway}) as made,
    ):
        yield made


def in_one_phase(directory: Path) -> Iterator[Site]:
    with brm_server(directory) as brm, site(directory, brm, BRM_01={"mode": "local"}) as made:
        yield made


@pytest.fixture(scope="module", params=["postgresql", "local"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("place")
    if request.param == "local":
        yield from in_one_phase(directory)
    else:
        yield from on_postgresql(request.getfixturevalue("postgres"), directory)


@pytest.fixture
def there(place: Site) -> Iterator[Site]:
    yield place
    place.brm.did("DELETE", "/faults")
    place.responses()


def test_an_order_is_initiated_and_fulfilled(there: Site) -> None:
    customer = there.customer()
    order = mobile(there.number(), customer)

    made = poids(there.bill(order))
    there.advance(timedelta(days=1))
    answer = there.bill(order.fulfilled())

    assert statuses(answer) == [("COMPLETE", "FULFILL BILLING COMPLETE")] * 5
    assert there.brm.made(customer) == made == there.xref(order.number)
    assert len(there.brm.fees(customer)) == 3


@pytest.mark.parametrize("opcode", [MODIFY, DEAL])
def test_a_refused_order_leaves_nothing(there: Site, opcode: str) -> None:
    customer = there.customer()
    order = mobile(there.number(), customer)
    there.brm.fault(opcode, action="error", error=REFUSAL)

    message = there.consumed(order)

    assert message.state is State.ERROR
    assert (there.brm.made(customer), there.xref(order.number)) == ({}, {})


@pytest.mark.parametrize("opcode", [MODIFY, "PCM_OP_TRANS_COMMIT"])
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_lost_answer_does_the_order_once(there: Site, opcode: str, at: str) -> None:
    customer = there.customer()
    order = mobile(there.number(), customer, mode="FULFILL BILLING")
    there.brm.fault(opcode, action="drop", at=at)
    intake = there.put(order)

    for _ in range(5):
        there.drain()
        there.advance(timedelta(minutes=10))
        there.gateway.coordinator.recovery.run_all()

    assert there.gateway.admin.message(intake).state is State.DONE
    assert len(there.brm.owned("/service", customer)) == 1
    assert len(there.brm.fees(customer)) == 3
    [response] = there.responses()
    assert set(poids(response)) == set(there.xref(order.number))


def test_two_workers_share_a_queue(there: Site) -> None:
    orders = [mobile(there.number(), there.customer()) for _ in range(6)]
    intakes = [there.put(order) for order in orders]
    target = {"mode": there.gateway.settings.brm["BRM_01"].mode.value}
    database = {"database": there.gateway.settings.gateway.database}
    gateways = [
        wire(there.directory, there.brm.address, there.clock, gateway=database, BRM_01=target) for _ in range(2)
    ]

    with working(gateways[0]), working(gateways[1]):
        for intake in intakes:
            there.finished(intake)

    for order in orders:
        assert there.brm.made(order.customer) == there.xref(order.number) != {}
    assert len(there.responses()) == 6
