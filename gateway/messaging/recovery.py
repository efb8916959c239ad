"""Recovery: what a crash left between the gateway and BRM is finished or undone (COMMIT.md, Recovery).

It runs before a BRM is used, after a connection to it was lost, and on a timer; in any number of processes at once,
beside workers that are alive. Nothing here relies on being alone: the decision's primary key arbitrates.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from gateway.errors import Disconnected, GatewayError, Kind
from gateway.messaging.in_doubt import InDoubtCommits
from gateway.messaging.ports import Clock, Database, Decision, Fallout, FalloutKind, StoryStep, Verdict, Work
from gateway.messaging.queues import DIRECT, Reason, State
from gateway.messaging.second_phase import SecondPhase
from gateway.messaging.steps import BY_RECOVERY, Step, Steps
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.xa import Brm, Mode, Recovered, Settled, Standing

_log = structlog.get_logger(__name__)

_ABANDONED = Reason("O2C_ABANDONED", "the process that worked on this request ended before its outcome", Kind.SYSTEM)
_BY_HAND = Reason(
    "O2C_HEURISTIC",
    "an operator committed the order in BRM by hand, but the gateway has none of its effects",
    Kind.SYSTEM,
)


@dataclass(slots=True)
class _Gate:
    """Lets orders to one BRM, which no other BRM's trouble holds up. ``recovered`` = the losses recovery has seen."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    counting: threading.Lock = field(default_factory=threading.Lock)
    losses: int = 0
    recovered: int = -1

    @property
    def open(self) -> bool:
        return self.recovered == self.losses


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recovery for all BRM instances. ``ready`` is the gate every order passes."""

    database: Database
    brms: Mapping[str, Brm]
    second_phase: SecondPhase
    in_doubt: InDoubtCommits
    clock: Clock
    steps: Steps
    _gates: dict[str, _Gate] = field(default_factory=dict)

    def ready(self, name: str) -> None:
        """Recover for a BRM unless that has been done since it was last lost; raises Unavailable while it is away."""
        gate = self._gate(name)
        if gate.open:
            return
        with gate.lock:
            while not gate.open:
                losses = gate.losses
                self.run(name)
                gate.recovered = losses  # lost once more meanwhile: then what was listed is old, and it runs again

    def disconnected(self, name: str) -> None:
        """Note that a BRM was lost: the next order for it waits for recovery."""
        gate = self._gate(name)
        with gate.counting:
            gate.losses += 1

    def _gate(self, name: str) -> _Gate:
        return self._gates.setdefault(name, _Gate())

    def run_all(self) -> None:
        """Recover for every BRM; the timer's call. One that is away is left for the next time."""
        self._close_local()
        for name in self.brms:
            try:
                self.run(name)
            except GatewayError as error:
                self.disconnected(name)
                _log.warning("recovery postponed", brm=name, error=error.text)
            except Exception:  # noqa: BLE001 - one BRM that breaks recovery must not keep it from the others
                self.disconnected(name)
                _log.exception("recovery postponed", brm=name)

    def run(self, name: str) -> None:
        """Recover for one BRM; raises Unavailable when it or the database is away."""
        brm = self.brms[name]
        if brm.mode is Mode.XA:
            with self.steps.at(Step.RECOVER):
                listed = brm.recover()
            for row in listed:
                with self._alone(row.transaction):
                    self._listed(brm, row)
        with self.database.read() as work:
            unfinished = work.decisions.unfinished(name, self.clock.now())
        for decision in unfinished:
            with self._alone(decision.transaction):
                self._finish(brm, decision)
        with self.steps.at(Step.SWEEP):
            self._sweep(name)

    # ---- what BRM lists

    def _listed(self, brm: Brm, row: Recovered) -> None:
        """Undo a transaction that nobody decided to commit; one that somebody did is found by its decision."""
        mine = TransactionId.parse(row.transaction)
        if mine is None or mine.gateway != self.database.gateway_id:
            return  # another gateway's, or another transaction manager's
        if not self._decide_abort(mine):
            return
        with self.steps.at(Step.RECOVERY_ABORT):
            settled = brm.abort(row.transaction)
        by_hand = settled in (Settled.COMMITTED, Settled.HEURISTICALLY_COMMITTED)
        if by_hand and not self._stop(mine):
            return  # a live attempt is about to find out for itself; BRM must still remember when it asks
        if by_hand or row.standing is not Standing.PREPARED:
            brm.forget(row.transaction)
        self._tell(mine, f"BRM: {settled}")

    def _decide_abort(self, mine: TransactionId) -> bool:
        """Insert 'abort' durably, before BRM is told; False when there is nothing to undo, or somebody is at it."""
        now = self.clock.now()
        with self.steps.at(Step.RECOVERY_DECIDE), self.database.begin() as work:
            if work.messages.leased(mine.intake, mine.attempt, now) or _finished(work, mine):
                return False
            won = work.decisions.abort(mine, now)
            decision = work.decisions.get(str(mine))
            work.commit()
        return won or (decision is not None and decision.verdict is Verdict.ABORT)

    def _stop(self, mine: TransactionId) -> bool:
        """Raise the alarm that an order is in BRM but not here, and keep it from running again. False: not now."""
        now = self.clock.now()
        with self.database.begin() as work:
            message = work.messages.get(mine.intake)
            if message is not None and work.messages.leased(message.intake, message.attempt, now):
                return False
            if message is not None:
                state = State.DONE if message.queue == DIRECT else State.ERROR
                work.messages.move(mine.intake, (State.CLAIMED, State.WAITING), state, now=now, reason=_BY_HAND)
                work.requests.release(mine.intake)
            work.fallout.raise_(
                Fallout(
                    FalloutKind.HEURISTIC_COMMIT,
                    mine.intake,
                    mine.attempt,
                    mine.brm,
                    str(mine),
                    _BY_HAND.code,
                    _BY_HAND.text,
                    now,
                )
            )
            work.commit()
        return True

    # ---- what the gateway remembers

    def _finish(self, brm: Brm, decision: Decision) -> None:
        if decision.verdict is Verdict.INTENT:
            self.in_doubt.settle(brm, decision)
        elif decision.acknowledged:
            self.second_phase.forget(brm, decision.transaction, BY_RECOVERY)
        else:
            self.second_phase.complete(brm, decision.transaction, BY_RECOVERY)

    def _sweep(self, name: str) -> None:
        """Close SOAP requests whose process died, and drop aborts that have done their duty."""
        now = self.clock.now()
        with self.database.begin() as work:
            for intake, attempt in work.messages.abandoned(now):
                if not work.decisions.intents(intake):
                    self._close(work, intake, attempt)
            work.decisions.drop_stale_aborts(name)
            work.commit()

    def _close_local(self) -> None:
        """Close SOAP requests whose process died and that have nothing to do in a BRM: no BRM need be there for it."""
        now = self.clock.now()
        try:
            with self.database.read() as work:
                abandoned = work.messages.abandoned(now, of_no_brm=True)
            if abandoned:
                with self.database.begin() as work:
                    for intake, attempt in abandoned:
                        self._close(work, intake, attempt)
                    work.commit()
        except GatewayError as error:
            _log.warning("requests of a dead process not closed", error=error.text)

    def _close(self, work: Work, intake: int, attempt: int) -> None:
        now = self.clock.now()
        if work.messages.settle(intake, attempt, State.DONE, now=now, reason=_ABANDONED):
            work.requests.release(intake)
            work.stories.add(intake, [StoryStep(now, "abandoned", _ABANDONED.text, attempt=attempt)])

    # ---- small things

    def _tell(self, mine: TransactionId, text: str) -> None:
        told = StoryStep(self.clock.now(), "recovered", text, attempt=mine.attempt)
        with self.database.begin() as work:
            work.stories.add(mine.intake, [told])
            work.commit()

    @contextmanager
    def _alone(self, transaction: str) -> Iterator[None]:
        """Keep one transaction's trouble from the others; a BRM or database that is away ends the run, though."""
        try:
            yield
        except Disconnected:
            raise
        except GatewayError as error:
            _log.error("not recovered", transaction=transaction, error=error.text, code=error.code)
        except Exception:  # noqa: BLE001 - one transaction that breaks recovery must not keep it from the others
            _log.exception("not recovered", transaction=transaction)


def _finished(work: Work, mine: TransactionId) -> bool:
    """Tell whether an attempt was committed and forgotten while BRM's list of it was on its way here."""
    message = work.messages.get(mine.intake)
    if message is None or message.queue == DIRECT:  # a request over SOAP is done even when it failed
        return False
    return message.state is State.DONE and message.attempt == mine.attempt
