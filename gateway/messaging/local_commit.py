"""The local transactions of an attempt: reserving, deciding, failing. Each begins with the fence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Conflict, Superseded
from gateway.messaging import effects
from gateway.messaging.attempt import Attempt
from gateway.messaging.effects import Outcome
from gateway.messaging.errand import alarm
from gateway.messaging.in_doubt import UNDECIDABLE, undecidable
from gateway.messaging.leases import Leases
from gateway.messaging.ledger import Known, reserve
from gateway.messaging.ports import Clock, Database, Decision, Fallout, FalloutKind, StoryStep, Verdict, Work
from gateway.messaging.queues import DIRECT, Draft, Reason, State
from gateway.messaging.retry import GiveUp, RetryIn
from gateway.messaging.steps import Step, Steps
from gateway.messaging.unit import Effects, Reply


@dataclass(frozen=True, slots=True)
class LocalCommits:
    """Every method is one transaction of the gateway's database; Superseded when the attempt is no longer current."""

    database: Database
    clock: Clock
    steps: Steps
    leases: Leases

    def reserve(self, attempt: Attempt) -> Known | None:
        """Note what the message is about and enter the ledger of duplicates; Known ends the attempt, as done."""
        plan = attempt.planned()
        now = self.clock.now()
        with self.steps.at(Step.RESERVE), self.database.begin() as work:
            if not work.messages.describe(attempt.claim, order=plan.order, account=plan.account, brm=plan.brm, now=now):
                raise Superseded("another attempt is current")
            known = reserve(work, attempt.claim, plan, now)
            if known is not None:
                attempt.story.tell("duplicate", f"done before, as message {known.intake}")
                self._respond(work, attempt, known, now)
                self._leave(work, attempt, State.DONE, now=now)
            work.commit()
        return known

    def _respond(self, work: Work, attempt: Attempt, known: Known, now: datetime) -> None:
        """Put the response that a queue still waits for: what was done over SOAP was answered to its caller only."""
        first = work.messages.get(known.intake)
        if attempt.claim.queue == DIRECT or first is None or first.queue != DIRECT:
            return
        reply = attempt.service.response(known.result)
        if reply is None or work.messages.answered(known.intake, reply.queue):
            return
        work.messages.put([Draft(reply.queue, reply.body, origin=known.intake)], now)
        attempt.story.tell("response", f"as it was told to the caller of message {known.intake}")

    def intend(self, attempt: Attempt, finished: Effects) -> None:
        """Mode ``local``: make the effects durable before BRM is told to commit."""
        _, transaction = attempt.target()
        kept = effects.encode(Outcome(attempt.planned().key, finished))
        with self.steps.at(Step.INTEND), self.database.begin() as work:
            if not work.messages.current(attempt.claim.intake, attempt.claim.attempt):
                raise Superseded("another attempt is current")
            work.decisions.intend(transaction, self.clock.now(), self.leases.until(), kept)
            work.commit()
        attempt.intended = True

    def decide(self, attempt: Attempt, finished: Effects, *, two_phase: bool) -> None:
        """Step 5: all of the attempt's effects and, with two phases, the decision that BRM must follow.

        Raises InDoubt when it is not known whether that happened.
        """
        _, transaction = attempt.target()
        now = self.clock.now()
        held_by = str(transaction) if two_phase else None
        with self.steps.at(Step.DECIDE), self.database.begin() as work:
            # The fence first: on PostgreSQL this row lock makes a slow worker and its successor take turns.
            self._leave(work, attempt, State.DONE, now=now)
            if two_phase:
                undo = effects.encode_rows(finished.xref_delete)
                work.decisions.commit(transaction, now, self.leases.until(), undo)
            elif attempt.intended:
                work.decisions.drop(str(transaction))
            outcome = Outcome(attempt.planned().key, finished)
            effects.write(
                work, outcome, intake=attempt.claim.intake, queue=attempt.claim.queue, held_by=held_by, now=now
            )
            work.stories.add(attempt.claim.intake, [StoryStep(now, "decided", "commit", attempt=attempt.claim.attempt)])
            work.commit()
            attempt.decided = two_phase  # at once: whatever goes wrong from the next line on, it is decided
        attempt.story.drain()

    def arbitrate(self, attempt: Attempt) -> bool:
        """Learn whether the decision of an InDoubt commit is there, and if not, see to it that it never will be.

        Inserting 'abort' waits for a commit that the lost connection may have left under way: reading alone could miss
        it. True = committed. Raises Superseded when recovery was first.
        """
        _, transaction = attempt.target()
        with self.database.begin() as work:
            if work.decisions.abort(transaction, self.clock.now()):
                work.commit()
                return False
            decision = work.decisions.get(str(transaction))
        if decision is None or decision.verdict is not Verdict.COMMIT:
            raise Superseded("recovery has decided otherwise")
        attempt.decided = True
        return True

    def fail(self, attempt: Attempt, error: Exception, what: RetryIn | GiveUp, reply: Reply | None) -> State:
        """Commit the failure path: state, reason, trace, response, fallout. Never a cross-reference."""
        now = self.clock.now()
        claim = attempt.claim
        state, due = _where(claim.queue, what, now)
        with self.steps.at(Step.FAIL), self.database.begin() as work:
            self._leave(work, attempt, state, now=now, reason=Reason.of(error), due=due)
            work.requests.release(claim.intake)
            if attempt.intended:
                work.decisions.drop(str(attempt.transaction))
            if reply is not None:
                work.messages.put([Draft(reply.queue, reply.body, origin=claim.intake)], now)
            for row in self._fallout(attempt, error, state):
                work.fallout.raise_(row)
            work.commit()
        attempt.story.drain()
        return state

    def hold(self, attempt: Attempt, kept: Decision, conflict: Conflict | None) -> None:
        """Mode ``local``: only an operator can go on, and the intent says with what."""
        now = self.clock.now()
        reason = UNDECIDABLE if conflict is None else Reason(conflict.code, conflict.text, conflict.kind)
        with self.steps.at(Step.FAIL), self.database.begin() as work:
            self._leave(work, attempt, State.HELD, now=now, reason=reason)
            work.fallout.raise_(undecidable(kept, reason, now))
            work.commit()

    def intent(self, attempt: Attempt) -> Decision:
        """Read the attempt's own intent back."""
        with self.database.read() as work:
            kept = work.decisions.get(str(attempt.transaction))
        if kept is None:
            raise Superseded("recovery has settled it")
        return kept

    def hand_over(self, attempt: Attempt, error: Exception) -> None:
        """Leave phase two to recovery, from now."""
        now = self.clock.now()
        told = StoryStep(now, "handed over", Reason.of(error).text, attempt=attempt.claim.attempt)
        with self.database.begin() as work:
            work.decisions.hand_over(str(attempt.transaction), now)
            work.stories.add(attempt.claim.intake, [told])
            work.commit()

    def _leave(
        self,
        work: Work,
        attempt: Attempt,
        state: State,
        *,
        now: datetime,
        reason: Reason | None = None,
        due: datetime | None = None,
    ) -> None:
        claim = attempt.claim
        if not work.messages.settle(claim.intake, claim.attempt, state, now=now, reason=reason, available_at=due):
            raise Superseded("another attempt is current")
        work.stories.add(claim.intake, attempt.story.steps())

    def _fallout(self, attempt: Attempt, error: Exception, state: State) -> list[Fallout]:
        now = self.clock.now()
        claim = attempt.claim
        brm = attempt.brm.name if attempt.brm else ""
        rows = [
            Fallout(
                FalloutKind.HEURISTIC_COMMIT,
                earlier.intake,
                earlier.attempt,
                earlier.brm,
                str(earlier),
                "O2C_HEURISTIC",
                "an operator committed this attempt in BRM by hand, but the gateway has none of its effects",
                now,
            )
            for earlier in attempt.settled_by_hand
        ]
        hint = attempt.plan is not None and not attempt.plan.order
        if state is State.ERROR and hint:
            rows.append(alarm(claim, Reason.of(error), now))
        elif state is State.ERROR:
            reason = Reason.of(error)
            transaction = str(attempt.transaction) if attempt.transaction else ""
            rows.append(
                Fallout(
                    FalloutKind.ORDER_FAILED,
                    claim.intake,
                    claim.attempt,
                    brm,
                    transaction,
                    reason.code,
                    reason.text,
                    now,
                )
            )
        return rows


def _where(queue: str, what: RetryIn | GiveUp, now: datetime) -> tuple[State, datetime | None]:
    """Answer where a failed message goes: a SOAP request was answered by its fault, and is on no queue."""
    if queue == DIRECT:
        return State.DONE, None
    if isinstance(what, RetryIn):
        return State.WAITING, now + what.delay
    return State.ERROR, None
