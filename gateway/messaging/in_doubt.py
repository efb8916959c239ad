"""Mode ``local``: a one-phase commit of unknown outcome is settled by asking BRM for what the order made.

The intent, recorded before the commit, carries everything the order leaves in the gateway; so whoever settles it can
finish the order. An order that made nothing in BRM (it only changed dates, say) cannot be asked for: it is held for an
operator. That is the price of this mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.poid import bare, base_class
from gateway.errors import Kind, Superseded
from gateway.messaging import effects
from gateway.messaging.inquiry import made_for
from gateway.messaging.ports import Clock, Database, Decision, Fallout, FalloutKind, StoryStep, Work
from gateway.messaging.queues import DIRECT, Claim, Reason, State
from gateway.messaging.steps import Step, Steps
from gateway.messaging.xa import Brm, Settled

UNDECIDABLE = Reason(
    "O2C_UNDECIDABLE",
    "BRM cannot be asked whether it committed this order, which made no object there; settle it by hand",
    Kind.SYSTEM,
)
_NOT_COMMITTED = Reason("O2C_NOT_COMMITTED", "the commit did not take place in BRM; tried again", Kind.SYSTEM)
_COMMITTED = (Settled.COMMITTED, Settled.HEURISTICALLY_COMMITTED)


class Answer(StrEnum):
    """What BRM says of a one-phase commit."""

    COMMITTED = "committed"
    NOT_COMMITTED = "not committed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class InDoubtCommits:
    """Settles intents."""

    database: Database
    clock: Clock
    steps: Steps

    def ask(self, brm: Brm, transaction: str, kept: bytes) -> Answer:
        """Find out; raises Unavailable, Disconnected.

        First ABORT: whatever is still open ends now, or a commit still on its way could make the answer untrue.
        """
        with self.steps.at(Step.ASK):
            if brm.abort(transaction) in _COMMITTED:
                return Answer.COMMITTED
            for row in effects.decode(kept).effects.xref_populate:
                searched = base_class(row.value) if row.column == brm.name else None
                if searched is not None:  # one witness will do: the transaction was all or nothing
                    there = bare(row.value) in made_for(brm, searched, row.common)
                    return Answer.COMMITTED if there else Answer.NOT_COMMITTED
            return Answer.UNKNOWN

    def settle(self, brm: Brm, decision: Decision, mine: Claim | None = None) -> Answer | None:
        """Settle an intent: one's own message's (``mine``: the attempt that found it), or a dead worker's.

        None when it is somebody else's by now. Afterwards the message is nobody's: done, held, or waiting again.
        """
        with self.database.read() as work:
            if not self._ours(work, decision, mine):
                return None
        answer = self.ask(brm, decision.transaction, decision.effects)
        with self.steps.at(Step.SETTLE), self.database.begin() as work:
            if not self._ours(work, decision, mine):
                return None
            self.record(work, decision, answer)
            work.commit()
        return answer

    def record(self, work: Work, decision: Decision, answer: Answer) -> None:
        """Write what the answer means; the message leaves CLAIMED or HELD here, or Superseded is raised."""
        now = self.clock.now()
        message = work.messages.get(decision.intake)
        queue = DIRECT if message is None else message.queue
        state, reason = _meaning(answer, queue)
        if not work.messages.move(decision.intake, (State.CLAIMED, State.HELD), state, now=now, reason=reason):
            raise Superseded("the message has its outcome already")
        work.stories.add(decision.intake, [StoryStep(now, "asked BRM", f"commit: {answer}", attempt=decision.attempt)])
        if answer is Answer.UNKNOWN:
            work.fallout.raise_(undecidable(decision, UNDECIDABLE, now))
            return
        if answer is Answer.COMMITTED:
            outcome = effects.decode(decision.effects)
            effects.write(work, outcome, intake=decision.intake, queue=queue, held_by=None, now=now)
        work.requests.release(decision.intake)
        work.decisions.drop(decision.transaction)
        work.fallout.settle_of(decision.transaction, (FalloutKind.UNDECIDABLE,), now)

    def _ours(self, work: Work, decision: Decision, mine: Claim | None) -> bool:
        """Tell whether the intent is open, and its message ours or deserted."""
        if work.decisions.get(decision.transaction) is None:
            return False
        if mine is not None:
            return work.messages.current(mine.intake, mine.attempt)
        message = work.messages.get(decision.intake)
        return (
            message is not None
            and message.state is State.CLAIMED
            and not work.messages.leased(message.intake, message.attempt, self.clock.now())
        )


def _meaning(answer: Answer, queue: str) -> tuple[State, Reason | None]:
    if answer is Answer.COMMITTED:
        return State.DONE, None
    if answer is Answer.UNKNOWN:
        return State.HELD, UNDECIDABLE
    return (State.DONE if queue == DIRECT else State.WAITING), _NOT_COMMITTED


def undecidable(decision: Decision, reason: Reason, now: datetime) -> Fallout:
    """Word the alarm of an intent that an operator must settle."""
    return Fallout(
        FalloutKind.UNDECIDABLE,
        decision.intake,
        decision.attempt,
        decision.brm,
        decision.transaction,
        reason.code,
        reason.text,
        now,
    )
