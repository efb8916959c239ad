"""The commit protocol under any sequence of orders, crashes, sleeps, faults and recoveries; then the invariants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete

from gateway.errors import Disconnected, GatewayError, InDoubt
from gateway.messaging.xa import Mode
from gateway.store.tables import decision, fallout, line, message, request, story, xref
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.brm import Fault, MemoryBrm
from tests.doubles.clock import FakeClock
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import LEASE, Gateway, Killed, check_invariants

CALLED = ("recover", "open", "PCM_OP_READ_FLDS", "PCM_OP_CUST_MODIFY_CUSTOMER", "prepare", "abort", "forget")


@dataclass
class At:
    """A barrier that does something at the ``count``-th point reached, once: dies, or sleeps while another works."""

    count: int
    other: Gateway | None = None

    def reached(self, point: str) -> None:
        self.count -= 1
        if self.count != 0:
            return
        if self.other is None:
            raise Killed(point)
        self.other.clock.advance(LEASE * 2)
        self.other.recover()
        self.other.consumer.step()
        self.other.recover()


class CommitMachine(RuleBasedStateMachine):
    """Every step is a process of its own: it begins with nothing but the database and BRM."""

    mode = Mode.XA

    def __init__(self, database: SqlDatabase) -> None:
        super().__init__()
        with database._writing.begin() as connection:
            for table in (decision, fallout, line, message, request, story, xref):
                connection.execute(delete(table))
        self.database = database
        self.brm = MemoryBrm(mode=self.mode)
        self.brm.forget_commits = self.mode is Mode.LOCAL
        self.clock = FakeClock()
        self.orders: list[bytes] = []
        self._gateway().seed()

    @rule(
        lines=st.integers(1, 3),
        account=st.sampled_from(["acct-1", ""]),
        login=st.sampled_from(["", "", "refused"]),
        silent=st.sampled_from([False, False, True]),
    )
    def put(self, lines: int, account: str, login: str, *, silent: bool) -> None:
        number = f"1-{len(self.orders)}"
        names = [f"{number}.{line}" for line in range(lines)]
        self.orders.append(order(number, *names, account=account, login=login, silent=silent, reply=True))
        self._gateway().put(self.orders[-1])

    @rule(account=st.sampled_from(["acct-1", ""]))
    def put_twins(self, account: str) -> None:
        number = f"1-{len(self.orders)}"
        self.orders.append(order(number, f"{number}.0", account=account))
        for _ in range(2):
            self._gateway().put(self.orders[-1])

    @rule(point=st.integers(0, 40))
    def work_and_perhaps_die(self, point: int) -> None:
        self._dying(lambda gateway: gateway.consumer.step(), At(point))

    @rule(point=st.integers(1, 24))
    def work_and_fall_asleep(self, point: int) -> None:
        self._gateway(At(point, self._gateway())).consumer.step()

    @rule(point=st.integers(0, 30))
    def recover_and_perhaps_die(self, point: int) -> None:
        self._dying(lambda gateway: gateway.recover(), At(point))

    @rule(point=st.integers(0, 30), again=st.booleans())
    def ask_over_soap_and_perhaps_die(self, point: int, *, again: bool) -> None:
        if again and self.orders:
            body = self.orders[-1]
        else:
            number = f"1-{len(self.orders)}"
            body = order(number, f"{number}.0")
            self.orders.append(body)
        if b"reply" in body:
            return
        self._dying(lambda gateway: gateway.coordinator.run_request(OrderService(), body), At(point))

    @rule(seconds=st.sampled_from([1, 31, 300]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(what=st.sampled_from(CALLED), after=st.booleans())
    def brm_goes_away(self, what: str, *, after: bool) -> None:
        if len(self.brm.faults) < 3:
            self.brm.faults.append(Fault(what, Disconnected("away"), after=after))

    @rule(after=st.booleans())
    def a_commit_gets_no_answer(self, *, after: bool) -> None:
        if len(self.brm.faults) < 3:
            self.brm.faults.append(Fault("commit", InDoubt("no answer"), after=after))

    @precondition(lambda self: self.brm.transactions)
    @rule()
    def brm_crashes(self) -> None:
        self.brm.crash()

    def teardown(self) -> None:
        """Let everything come to rest."""
        self.brm.faults.clear()
        self.clock.advance(LEASE * 2)
        self.brm.crash()  # what nobody ended times out
        gateway = self._gateway()
        gateway.recover()
        gateway.drain()
        self.clock.advance(LEASE * 2)
        gateway.recover()
        check_invariants(gateway)

    def _gateway(self, barrier: At | None = None) -> Gateway:
        return Gateway.on(self.database, self.brm, self.clock, barrier=barrier)

    def _dying(self, act: object, barrier: At) -> None:
        try:
            act(self._gateway(barrier))  # type: ignore[operator] # a lambda over a Gateway
        except (Killed, GatewayError):
            return


class LocalCommitMachine(CommitMachine):
    """The same in mode ``local``."""

    mode = Mode.LOCAL


@pytest.mark.parametrize("machine", [CommitMachine, LocalCommitMachine])
def test_nothing_is_lost_and_nothing_is_done_twice(database: SqlDatabase, machine: type[CommitMachine]) -> None:
    class OnThisDatabase(machine):  # type: ignore[valid-type,misc] # one of the two classes above
        def __init__(self) -> None:
            super().__init__(database)

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
