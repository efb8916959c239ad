"""A gateway for tests: the real store, coordinator and recovery, over a BRM in memory and a clock of the test's own.

``Gateway.restarted`` is what a crash leaves: new objects on the same database and the same BRM.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gateway.domain.xref import XrefRow, XrefTable
from gateway.messaging.attempt import Ending
from gateway.messaging.consumer import Consumer, QueueRoute
from gateway.messaging.leases import Leases
from gateway.messaging.ports import ALARMS, Database, Fallout
from gateway.messaging.queues import DIRECT, Message, State
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.steps import Barrier
from gateway.messaging.transactions import Coordinator, build
from gateway.messaging.unit import Service
from gateway.messaging.xa import Mode
from tests.doubles.brm import ACCOUNT, MemoryBrm, Phase
from tests.doubles.clock import FakeClock
from tests.doubles.orders import QUEUE, REPLIES, OrderService, by_account

LEASE = timedelta(seconds=30)


class Killed(BaseException):
    """The process dies here. Not an Exception: nothing may catch it."""


@dataclass(slots=True)
class KillAt:
    """A barrier that kills once, at the ``nth`` time a point is reached."""

    point: str
    nth: int = 1
    seen: list[str] = field(default_factory=list)

    def reached(self, point: str) -> None:
        self.seen.append(point)
        if point == self.point:
            self.nth -= 1
            if self.nth == 0:
                raise Killed(point)


@dataclass(slots=True)
class Gateway:
    """One process of the gateway."""

    database: Database
    brm: MemoryBrm
    clock: FakeClock
    service: OrderService
    coordinator: Coordinator
    consumer: Consumer[Service]

    @classmethod
    def on(  # the doubles a test may bring
        cls,
        database: Database,
        brm: MemoryBrm,
        clock: FakeClock,
        *,
        barrier: Barrier | None = None,
        service: OrderService | None = None,
        owner: str = "worker-1",
        retry: RetryPolicy | None = None,
    ) -> Gateway:
        leases = Leases(database, clock, owner=owner, length=LEASE)
        coordinator = build(database, {brm.name: brm}, clock=clock, pause=clock, leases=leases, barrier=barrier)
        service = service or OrderService()
        route = QueueRoute(QUEUE, service, by_account, retry or RetryPolicy(attempts=3))
        return cls(database, brm, clock, service, coordinator, Consumer(route, coordinator))

    def restarted(self, *, barrier: Barrier | None = None, service: OrderService | None = None) -> Gateway:
        """Start anew where a process died; its lease has lapsed meanwhile."""
        self.brm.crash()
        self.clock.advance(LEASE * 2)
        return Gateway.on(
            self.database,
            self.brm,
            self.clock,
            barrier=barrier,
            service=service or OrderService(),
            owner="worker-2",
            retry=self.consumer.route.retry,
        )

    def seed(self) -> None:
        """Make the account known."""
        with self.database.begin() as work:
            row = XrefRow(XrefTable.CUSTOMERPARTY_ACCOUNTID, "acct-1", self.brm.name, ACCOUNT)
            work.xref.populate([row], None, self.clock.now())
            work.commit()

    def put(self, payload: bytes) -> int:
        with self.database.begin() as work:
            intake = work.messages.put([self.consumer.route.draft(payload)], self.clock.now())[0]
            work.commit()
        return intake

    def drain(self) -> list[Ending]:
        """Work until nothing can be taken, waiting out every retry."""
        endings: list[Ending] = []
        for _ in range(500):
            ending = self.consumer.step()
            if ending is not None:
                endings.append(ending)
            elif self.message_states() & {State.WAITING, State.CLAIMED}:
                self.clock.advance(timedelta(minutes=10))
            else:
                return endings
        raise AssertionError(f"the queue does not come to rest: {endings}")

    def recover(self) -> None:
        self.coordinator.recovery.run_all()

    # ---- looking

    def messages(self, queue: str | None = QUEUE) -> list[Message]:
        with self.database.read() as work:
            return work.messages.find(queue, tuple(State), limit=1000, order=None)

    def message(self, intake: int) -> Message:
        return next(message for message in self.messages(None) if message.intake == intake)

    def message_states(self) -> set[State]:
        return {message.state for message in self.messages()}

    def replies(self, *states: State) -> list[dict[str, object]]:
        """Return the responses in the given states (default: released)."""
        wanted = states or (State.WAITING,)
        with self.database.read() as work:
            found = work.messages.find(REPLIES, wanted, limit=1000, order=None)
            return [json.loads(work.messages.payload(reply.intake)) for reply in found]

    def xref(self) -> dict[str, str]:
        """Return COMMON id → POID of installed products."""
        with self.database.read() as work:
            rows = work.xref.find(
                XrefTable.INSTALLEDPRODUCT_ID, common=None, column=self.brm.name, value=None, limit=10000
            )
        return {row.common: row.value for row in rows}

    def alarms(self) -> list[Fallout]:
        with self.database.read() as work:
            return work.fallout.open(ALARMS)

    def story(self, intake: int) -> list[str]:
        with self.database.read() as work:
            return [step.step for step in work.stories.of(intake)]

    def decisions(self) -> int:
        """Count decisions that are left: commits and intents, whoever holds them."""
        with self.database.read() as work:
            return len(work.decisions.unfinished(self.brm.name, self.clock.now() + timedelta(days=999)))


def check_invariants(gateway: Gateway) -> None:
    """Check COMMIT.md's invariants, reading BRM directly, after recovery and with the queue at rest."""
    brm = gateway.brm
    remembered = {held.phase for held in brm.transactions.values()}
    assert remembered <= ({Phase.COMMITTED} if brm.mode is Mode.LOCAL else set()), "BRM has nothing left to remember"
    assert gateway.decisions() == 0
    xref = gateway.xref()
    for poid in xref.values():
        assert poid in brm.objects, f"{poid} is cross-referenced and does not exist"
    for poid, held in brm.objects.items():
        if poid.split()[1].startswith("/service"):
            assert xref.get(str(held["O2C_FLD_COMMON_ID"])) == poid, f"{poid} exists and is not cross-referenced"
    assert gateway.replies(State.HELD) == []
    for payload, states in _outcomes(gateway).items():
        _check_order(gateway, json.loads(payload), states)


def _outcomes(gateway: Gateway) -> dict[bytes, list[State]]:
    """Return the states of all messages that came with the same bytes; SOAP requests count when they were answered."""
    found: dict[bytes, list[State]] = {}
    with gateway.database.read() as work:
        for message in work.messages.find(None, tuple(State), limit=10_000, order=None):
            if message.queue == QUEUE or (message.queue == DIRECT and message.reason is None):
                found.setdefault(work.messages.payload(message.intake), []).append(message.state)
    return found


def _check_order(gateway: Gateway, told: dict[str, Any], states: list[State]) -> None:
    assert set(states) <= {State.DONE, State.ERROR, State.DISCARDED}, states
    made = [len(gateway.brm.made_for(f"asset-{line}")) for line in told["lines"]]
    expected = 1 if State.DONE in states and not told.get("silent") else 0
    assert made == [expected] * len(told["lines"]), f"{told}: {states} {made}"
    if told.get("reply"):
        answers = [reply for reply in gateway.replies() if reply["order"] == told["order"]]
        assert len(answers) == 1, f"{told}: {states} {answers}"
        assert ("error" in answers[0]) == (State.DONE not in states)
