"""Recovery beside the crashes: whose transactions it touches, lost connections, operators' hands, alarms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.brm import Elements
from gateway.errors import Disconnected, GatewayError, Heuristic, InDoubt, SystemFailure
from gateway.messaging.attempt import Ending
from gateway.messaging.forcing import NotForced
from gateway.messaging.ports import FalloutKind, Verdict
from gateway.messaging.queues import State
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.xa import Settled
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.brm import ACCOUNT, Fault, MemoryBrm, Phase
from tests.doubles.clock import FakeClock
from tests.doubles.database import BreakingDatabase
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import LEASE, Gateway, KillAt, Killed, check_invariants


def killed(gateway: Gateway, point: str, payload: bytes | None = None) -> tuple[int, str]:
    """Kill a worker at ``point`` of an order's way; returns the intake number and the TRANS_ID."""
    intake = gateway.put(payload or order("1-1", "a", reply=True))
    dying = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=KillAt(point))
    with pytest.raises(Killed):
        dying.consumer.step()
    return intake, str(TransactionId(gateway.database.gateway_id, intake, 1, "BRM_01"))


def test_a_prepared_transaction_of_a_live_worker_is_left_alone(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "prepare.after")
    gateway.clock.advance(LEASE / 2)
    gateway.recover()
    assert gateway.brm.transactions[transaction].phase is Phase.PREPARED


def test_a_prepared_transaction_of_a_dead_worker_is_aborted_after_its_lease(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "prepare.after")
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    assert transaction not in gateway.brm.transactions
    assert gateway.drain() == [Ending.DONE]
    gateway.recover()
    check_invariants(gateway)


@pytest.mark.parametrize("transaction", ["5190211,00ff,42524d", "7,00ff,42524d", "no-xid"])
def test_other_peoples_transactions_are_left_alone(gateway: Gateway, transaction: str) -> None:
    foreign = str(TransactionId("00" * 8, 1, 1, "BRM_01"))
    for name in (transaction, foreign):
        gateway.brm.open(name)
        services: Elements = {0: {"LOGIN": name}}
        gateway.brm.call(name, "PCM_OP_CUST_MODIFY_CUSTOMER", {"POID": ACCOUNT, "SERVICES": services})
        gateway.brm.prepare(name)
    gateway.recover()
    assert {transaction, foreign} == set(gateway.brm.transactions)


def test_a_decision_is_carried_out_however_often_brm_was_away(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "decide.after")
    gateway.clock.advance(LEASE * 2)
    for fault in (Disconnected("away"), InDoubt("no answer")):
        gateway.brm.faults.append(Fault("commit", fault))
        gateway.recover()
        assert gateway.brm.transactions[transaction].phase is Phase.PREPARED
    gateway.recover()
    check_invariants(gateway)
    assert len(gateway.replies()) == 1


def test_recovery_runs_before_the_first_order_and_again_when_brm_was_lost(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a"))
    gateway.put(order("1-2", "b"))
    gateway.drain()
    assert gateway.brm.calls.count("recover") == 1
    gateway.brm.faults.append(Fault("open", Disconnected("away")))
    gateway.put(order("1-3", "c"))
    assert gateway.drain() == [Ending.RETRY, Ending.DONE]
    assert gateway.brm.calls.count("recover") == 2


def test_one_transactions_trouble_does_not_keep_the_others(gateway: Gateway) -> None:
    for number, line in (("1-1", "a"), ("1-2", "b")):
        killed(gateway, "decide.after", order(number, line, account=""))
    gateway.clock.advance(LEASE * 2)
    gateway.brm.faults.append(Fault("commit", SystemFailure("strange")))
    gateway.recover()
    assert gateway.decisions() == 1
    gateway.recover()
    check_invariants(gateway)


@pytest.mark.parametrize("after", [False, True], ids=["rolled-back", "committed"])
@pytest.mark.parametrize("away", [0, 3])
def test_the_connection_is_lost_in_step_5(database: SqlDatabase, *, after: bool, away: int) -> None:
    """The decision says what happened; while it cannot be read, BRM stays prepared."""
    broken = BreakingDatabase(database, "decide.before", after=after, away=away)
    gateway = Gateway.on(broken, MemoryBrm(), FakeClock(), barrier=broken)
    gateway.seed()
    gateway.put(order("1-1", "a", reply=True))

    ending = gateway.consumer.step()

    assert broken.lost
    expected = Ending.PENDING if away else Ending.DONE if after else Ending.RETRY
    assert ending is expected
    if away:
        assert [held.phase for held in gateway.brm.transactions.values()] == [Phase.PREPARED]
    broken.away = 0
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    gateway.drain()
    gateway.recover()
    check_invariants(gateway)
    assert gateway.message_states() == {State.DONE}


@pytest.mark.parametrize("after", [False, True], ids=["rolled-back", "committed"])
@pytest.mark.parametrize("step", ["claim", "reserve", "fail", "release", "drop", "recovery-decide", "sweep"])
def test_the_connection_is_lost_at_any_other_commit(database: SqlDatabase, step: str, *, after: bool) -> None:
    broken = BreakingDatabase(database, f"{step}.before", after=after, away=1)
    gateway = Gateway.on(broken, MemoryBrm(), FakeClock(), barrier=broken)
    gateway.seed()
    gateway.put(order("1-1", "a", reply=True, login="refused" if step == "fail" else ""))
    if step == "recovery-decide":
        killed(gateway, "prepare.after", order("1-0", "b", account=""))
        gateway.clock.advance(LEASE * 2)
    gateway.recover()
    while gateway.consumer.step() is not None:
        pass
    for _ in range(3):
        gateway.clock.advance(LEASE * 2)
        gateway.recover()
        gateway.drain()
    assert broken.lost
    check_invariants(gateway)


def test_a_transaction_brm_forgot_by_a_reset_is_an_alarm_and_no_success(gateway: Gateway) -> None:
    intake, transaction = killed(gateway, "decide.after")
    gateway.brm.reset()
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    gateway.recover()
    assert [(alarm.kind, alarm.transaction) for alarm in gateway.alarms()] == [(FalloutKind.LOST_IN_BRM, transaction)]
    assert gateway.replies() == []
    assert len(gateway.replies(State.HELD)) == 1
    assert gateway.message(intake).state is State.DONE


def test_an_operator_gives_a_lost_transaction_up(gateway: Gateway) -> None:
    intake, transaction = killed(gateway, "decide.after")
    gateway.brm.reset()
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    assert gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=False) is Settled.HEURISTICALLY_ABORTED
    assert gateway.message(intake).state is State.ERROR
    assert gateway.xref() == {}
    assert {alarm.kind for alarm in gateway.alarms()} == {FalloutKind.HEURISTIC_ROLLBACK}
    with gateway.database.begin() as work:
        work.messages.resubmit(intake, gateway.clock.now(), None, None)
        work.commit()
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)


def test_an_operator_vouches_for_a_lost_transaction(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "decide.after")
    del gateway.brm.transactions[transaction]
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    assert gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=True) is Settled.COMMITTED
    assert len(gateway.replies()) == 1
    assert gateway.alarms() == []
    assert gateway.decisions() == 0


def test_an_operator_rolls_back_what_the_gateway_has_decided_to_commit(gateway: Gateway) -> None:
    intake, transaction = killed(gateway, "decide.after")
    gateway.brm.abort(transaction, force=True)
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    check_invariants_without_reply(gateway)
    assert gateway.message(intake).state is State.ERROR
    assert [alarm.kind for alarm in gateway.alarms()] == [FalloutKind.HEURISTIC_ROLLBACK]
    assert gateway.replies() == []
    assert transaction not in gateway.brm.transactions


class ByHand:
    """An operator who rolls the transaction back in BRM itself, between the decision and BRM's commit."""

    def __init__(self, brm: MemoryBrm) -> None:
        self.brm = brm

    def reached(self, point: str) -> None:
        if point == "commit.before":
            [transaction] = self.brm.transactions
            self.brm.abort(transaction, force=True)


def test_an_operator_is_faster_than_the_worker(gateway: Gateway) -> None:
    crossed = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=ByHand(gateway.brm))
    intake = crossed.put(order("1-1", "a", reply=True))
    assert crossed.consumer.step() is Ending.ERROR
    assert crossed.message(intake).state is State.ERROR
    with pytest.raises(Heuristic):
        crossed.coordinator.run_request(OrderService(), order("1-2", "b"))
    check_invariants_without_reply(gateway)
    assert gateway.replies() == []


def test_a_transaction_whose_worker_is_alive_is_not_forced(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "decide.after")
    with pytest.raises(NotForced, match="a worker is at it"):
        gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=False)


def test_an_operator_commits_what_the_gateway_has_decided_to_commit(gateway: Gateway) -> None:
    _, transaction = killed(gateway, "decide.after")
    gateway.clock.advance(LEASE * 2)
    forced = gateway.coordinator.forcing.settle(gateway.brm, transaction, commit=True)
    assert forced is Settled.HEURISTICALLY_COMMITTED
    check_invariants(gateway)
    assert [alarm.kind for alarm in gateway.alarms()] == [FalloutKind.HEURISTIC_COMMIT]


@pytest.mark.parametrize("recovered", [False, True], ids=["next-attempt", "recovery"])
def test_an_operator_commits_what_the_gateway_knows_nothing_of(gateway: Gateway, *, recovered: bool) -> None:
    """The order is in BRM and its effects here are lost: it must not run a second time by itself."""
    intake, transaction = killed(gateway, "prepare.after")
    gateway.brm.commit(transaction, force=True)
    gateway.clock.advance(LEASE * 2)
    if recovered:
        gateway.recover()
    else:
        gateway.coordinator.recovery._gate("BRM_01").recovered = 0
    endings = gateway.drain()
    assert endings == ([] if recovered else [Ending.ERROR])
    reason = gateway.message(intake).reason
    assert reason is not None
    assert reason.code == "O2C_HEURISTIC"
    assert len(gateway.brm.made_for("asset-a")) == 1
    assert [alarm.kind for alarm in gateway.alarms()] == [FalloutKind.HEURISTIC_COMMIT]
    assert transaction not in gateway.brm.transactions


def test_an_operator_settles_what_nobody_has_decided(gateway: Gateway) -> None:
    intake, transaction = killed(gateway, "prepare.after")
    forcing = gateway.coordinator.forcing
    with pytest.raises(NotForced, match="a worker is at it"):
        forcing.settle(gateway.brm, transaction, commit=False)
    gateway.clock.advance(LEASE * 2)
    assert forcing.settle(gateway.brm, transaction, commit=False) is Settled.ABORTED
    assert gateway.drain() == [Ending.DONE]
    gateway.recover()
    check_invariants(gateway)
    assert "forced" in gateway.story(intake)


def test_what_nobody_knows_cannot_be_forced(gateway: Gateway) -> None:
    unknown = str(TransactionId(gateway.database.gateway_id, 77, 1, "BRM_01"))
    with pytest.raises(NotForced, match="does not know"):
        gateway.coordinator.forcing.settle(gateway.brm, unknown, commit=True)


def test_operators_see_what_is_open_on_either_side(gateway: Gateway) -> None:
    intake, prepared = killed(gateway, "prepare.after")
    _, decided = killed(gateway, "decide.after", order("1-2", "b", account=""))
    seen = {each.transaction: each for each in gateway.coordinator.forcing.open_transactions(gateway.brm)}
    assert {prepared, decided} <= set(seen)
    assert (seen[prepared].intake, seen[prepared].verdict) == (intake, None)
    assert seen[decided].verdict is Verdict.COMMIT


def test_an_abort_decision_stays_while_its_worker_could_still_wake_up(gateway: Gateway) -> None:
    """Recovery aborts, the message is not taken again yet, and then the worker wakes up before its local commit."""
    woken: list[str] = []

    class Asleep:
        def reached(self, point: str) -> None:
            if point == "decide.before" and not woken:
                woken.append(point)
                gateway.clock.advance(LEASE * 2)
                gateway.recover()
                gateway.recover()

    gateway.put(order("1-1", "a", reply=True))
    slow = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Asleep())
    assert slow.consumer.step() is Ending.SUPERSEDED
    assert gateway.brm.made_for("asset-a") == []
    assert gateway.drain() == [Ending.DONE]
    gateway.recover()
    check_invariants(gateway)
    with gateway.database.read() as work:
        assert work.decisions.of("BRM_01") == []


def test_a_worker_that_wakes_up_after_brm_forgot_its_transaction_raises_no_alarm(gateway: Gateway) -> None:
    """Recovery committed, released and forgot, and died before dropping the decision: that is no lost transaction."""
    woken: list[str] = []

    class Asleep:
        def reached(self, point: str) -> None:
            if point == "commit.before" and not woken:
                woken.append(point)
                gateway.clock.advance(LEASE * 2)
                dying = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=KillAt("recovery-drop.before"))
                with pytest.raises(Killed):
                    dying.recover()

    gateway.put(order("1-1", "a", reply=True))
    slow = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Asleep())
    assert slow.consumer.step() is Ending.DONE
    assert gateway.alarms() == []
    gateway.recover()
    check_invariants(gateway)


def test_a_soap_request_whose_process_died_is_closed_and_can_be_asked_again(gateway: Gateway) -> None:
    dying = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=KillAt("prepare.after"))
    with pytest.raises(Killed):
        dying.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    [message] = gateway.messages("")
    assert message.reason is not None
    assert (message.state, message.reason.code) == (State.DONE, "O2C_ABANDONED")
    assert b"1-1" in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    check_invariants(gateway)


def test_soap_hears_of_a_lost_commit(database: SqlDatabase) -> None:
    broken = BreakingDatabase(database, "decide.before", after=True, away=5)
    gateway = Gateway.on(broken, MemoryBrm(), FakeClock(), barrier=broken)
    gateway.seed()
    with pytest.raises(InDoubt):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    broken.away = 0
    with pytest.raises(GatewayError, match="waits for BRM"):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    assert b"1-1" in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    check_invariants(gateway)


def test_leases_are_renewed_while_held_and_lapse_when_not(gateway: Gateway) -> None:
    renewed: list[bool] = []

    class Slow:
        def reached(self, point: str) -> None:
            if point == "work.before":
                gateway.clock.advance(LEASE * 0.9)
                slow.coordinator.leases.renew()
                gateway.clock.advance(LEASE * 0.9)
                renewed.append(gateway.consumer.step() is None)

    slow = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Slow(), owner="slow")
    gateway.put(order("1-1", "a"))
    assert slow.consumer.step() is Ending.DONE
    assert renewed == [True]


def test_a_process_that_stops_hands_back_what_it_holds(gateway: Gateway) -> None:
    stolen: list[Ending | None] = []

    class Stopping:
        def reached(self, point: str) -> None:
            if point == "work.after" and not stolen:
                assert stopping.coordinator.leases.hand_back() == 1
                stolen.append(gateway.consumer.step())

    stopping = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Stopping(), owner="stopping")
    intake = gateway.put(order("1-1", "a", reply=True))
    assert stopping.consumer.step() is Ending.SUPERSEDED
    assert stolen == [Ending.DONE]
    check_invariants(gateway)
    assert gateway.message(intake).tries == 1


def check_invariants_without_reply(gateway: Gateway) -> None:
    """Check what BRM and XREF say; an order rolled back by hand has no response of its own."""
    assert gateway.xref() == {}
    assert gateway.brm.made_for("asset-a") == []
    assert gateway.decisions() == 0


def test_the_timer_goes_on_when_one_brm_is_away(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("recover", Disconnected("away")))
    gateway.recover()
    gateway.clock.advance(timedelta(minutes=1))
    gateway.recover()
    assert gateway.brm.calls.count("recover") == 2
