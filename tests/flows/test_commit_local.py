"""Mode ``local``: one-phase commits in doubt."""

from __future__ import annotations

import pytest

from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import Disconnected, InDoubt, InProgress, Unavailable
from gateway.messaging.attempt import Ending
from gateway.messaging.forcing import NotForced
from gateway.messaging.ports import FalloutKind
from gateway.messaging.queues import State
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.xa import Mode, Settled
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.brm import Fault, MemoryBrm
from tests.doubles.clock import FakeClock
from tests.doubles.database import BreakingDatabase
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import LEASE, Gateway, KillAt, Killed, check_invariants

NO_ANSWER = InDoubt("no answer")


@pytest.fixture
def gateway(database: SqlDatabase) -> Gateway:
    made = Gateway.on(database, MemoryBrm(mode=Mode.LOCAL), FakeClock())
    made.seed()
    return made


def test_an_order_is_in_both_and_nothing_is_prepared(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)
    assert {"prepare", "forget", "recover"}.isdisjoint(gateway.brm.calls)


@pytest.mark.parametrize(("after", "expected"), [(True, [Ending.DONE]), (False, [Ending.RETRY, Ending.DONE])])
def test_a_commit_without_answer_is_asked_for_by_common_id(
    gateway: Gateway, expected: list[Ending], *, after: bool
) -> None:
    gateway.brm.faults.append(Fault("commit", NO_ANSWER, after=after))
    gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == expected
    check_invariants(gateway)


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("recovered", [True, False], ids=["recovery", "next-attempt"])
def test_brm_that_cannot_be_asked_is_asked_later(gateway: Gateway, *, after: bool, recovered: bool) -> None:
    gateway.brm.faults += [Fault("commit", NO_ANSWER, after=after), Fault("abort", Disconnected("away"))]
    intake = gateway.put(order("1-1", "a", reply=True))
    assert gateway.consumer.step() is Ending.PENDING
    assert gateway.message(intake).state is State.CLAIMED
    gateway.clock.advance(LEASE * 2)
    if recovered:
        gateway.recover()
    gateway.drain()
    check_invariants(gateway)


def test_brm_that_stays_away_never_makes_the_order_run_twice(gateway: Gateway) -> None:
    gateway.brm.faults += [Fault("commit", NO_ANSWER, after=True)]
    gateway.brm.faults += [Fault("abort", Disconnected("away")) for _ in range(6)]
    gateway.put(order("1-1", "a", reply=True))
    for _ in range(6):
        assert gateway.consumer.step() is Ending.PENDING
        gateway.clock.advance(LEASE * 2)
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)


def test_a_refused_commit_fails_the_order(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("commit", Disconnected("away")))
    gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.RETRY, Ending.DONE]
    check_invariants(gateway)


def held(gateway: Gateway, *, after: bool) -> tuple[int, str]:
    """Put an order that makes nothing in BRM, and lose its commit's answer."""
    gateway.brm.faults.append(Fault("commit", NO_ANSWER, after=after))
    intake = gateway.put(order("1-1", "a", silent=True, read=True, reply=True))
    assert gateway.drain() == [Ending.PENDING]
    return intake, str(TransactionId(gateway.database.gateway_id, intake, 1, "BRM_01"))


def test_what_brm_cannot_tell_is_held_for_an_operator_and_blocks_its_account(gateway: Gateway) -> None:
    gateway.brm.forget_commits = True
    intake, transaction = held(gateway, after=True)
    assert gateway.message(intake).state is State.HELD
    assert [(alarm.kind, alarm.transaction) for alarm in gateway.alarms()] == [(FalloutKind.UNDECIDABLE, transaction)]
    gateway.put(order("1-2", "b"))
    assert gateway.consumer.step() is None

    assert gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=True) is Settled.COMMITTED

    assert gateway.message(intake).state is State.DONE
    assert gateway.alarms() == []
    assert [reply["order"] for reply in gateway.replies()] == ["1-1"]
    assert gateway.drain() == [Ending.DONE]


def test_an_operator_says_it_was_not_committed(gateway: Gateway) -> None:
    gateway.brm.forget_commits = True
    intake, transaction = held(gateway, after=False)
    assert gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=False) is Settled.ABORTED
    assert gateway.drain() == [Ending.DONE]
    assert gateway.message(intake).attempt == 2
    with pytest.raises(NotForced):
        gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=False)


def test_committed_in_brm_but_in_conflict_here_is_held(gateway: Gateway) -> None:
    with gateway.database.begin() as work:
        taken = XrefRow(XrefTable.INSTALLEDPRODUCT_ID, "asset-a", "BRM_01", "0.0.0.1 /service/telco 7")
        work.xref.populate([taken], None, gateway.clock.now())
        work.commit()
    intake = gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.PENDING]
    assert gateway.message(intake).state is State.HELD
    [alarm] = gateway.alarms()
    assert "is 0.0.0.1 /service/telco 7 already" in alarm.text
    with gateway.database.begin() as work:
        work.xref.delete([taken])
        work.commit()
    gateway.coordinator.forcing.settle(gateway.brm, alarm.transaction, commit=True)
    gateway.recover()
    check_invariants(gateway)


@pytest.mark.parametrize("after", [False, True], ids=["rolled-back", "committed"])
@pytest.mark.parametrize("step", ["intend", "decide", "settle"])
def test_the_connection_is_lost(database: SqlDatabase, step: str, *, after: bool) -> None:
    broken = BreakingDatabase(database, f"{step}.before", after=after, away=2)
    gateway = Gateway.on(broken, MemoryBrm(mode=Mode.LOCAL), FakeClock(), barrier=broken)
    gateway.seed()
    gateway.put(order("1-1", "a", reply=True))
    if step == "settle":
        dying = Gateway.on(broken, gateway.brm, gateway.clock, barrier=KillAt("commit-one-phase.after"))
        with pytest.raises(Killed):
            dying.consumer.step()
    for _ in range(4):
        gateway.consumer.step()
        gateway.clock.advance(LEASE * 2)
        gateway.recover()
    gateway.drain()
    assert broken.lost
    check_invariants(gateway)


def test_a_soap_request_in_doubt_is_not_closed_before_brm_was_asked(gateway: Gateway) -> None:
    dying = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=KillAt("commit-one-phase.after"))
    gateway.brm.forget_commits = True
    with pytest.raises(Killed):
        dying.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.clock.advance(LEASE * 2)
    gateway.brm.faults.append(Fault("PCM_OP_SEARCH", Unavailable("busy")))
    gateway.recover()
    assert [message.state for message in gateway.messages("")] == [State.CLAIMED]
    with pytest.raises(InProgress):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.recover()
    assert b"1-1" in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    check_invariants(gateway)
