"""Phase two: BRM commits, the response is released, BRM forgets, the decision is dropped. Worker and recovery alike.

Every step can be repeated, and two may run it at once; the order of the steps is what makes that so.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Kind, TransactionLost
from gateway.messaging import effects
from gateway.messaging.ports import Clock, Database, Decision, Fallout, FalloutKind, StoryStep, Work
from gateway.messaging.queues import DIRECT, Reason, State
from gateway.messaging.steps import SecondPhaseSteps, Steps
from gateway.messaging.xa import Brm, Settled

_ROLLED_BACK = Reason(
    "O2C_HEURISTIC_ROLLBACK",
    "an operator rolled the prepared transaction back in BRM after the gateway had decided to commit",
    Kind.SYSTEM,
)
_TROUBLE = (FalloutKind.LOST_IN_BRM,)


@dataclass(frozen=True, slots=True)
class SecondPhase:
    """Finishes transactions whose decision is 'commit'."""

    database: Database
    clock: Clock
    steps: Steps

    def complete(self, brm: Brm, transaction: str, names: SecondPhaseSteps) -> Settled | None:
        """Run phase two; None when BRM truly does not know the transaction: an alarm is raised, nothing released.

        Raises Unavailable or InDoubt when BRM or the database cannot be reached; recovery repeats it all.
        """
        try:
            with self.steps.at(names.commit):
                settled = brm.commit(transaction)
        except TransactionLost:
            return self._unknown(brm, transaction)
        with self.steps.at(names.release):
            self.acknowledge(transaction, settled)
        self.forget(brm, transaction, names)
        return settled

    def acknowledge(self, transaction: str, settled: Settled) -> None:
        """Record BRM's answer and let the response go, or, had BRM rolled back, take everything back.

        This commit comes before FORGET: once BRM has forgotten, nobody could learn the answer again.
        """
        with self.database.begin() as work:
            decision = work.decisions.get(transaction)
            # False: another has done all of this already, and may have sent the response on its way
            if decision is None or not work.decisions.acknowledge(transaction):
                return
            if settled is Settled.HEURISTICALLY_ABORTED:
                self._take_back(work, decision)
            else:
                self._let_go(work, decision, settled)
            work.fallout.settle_of(transaction, _TROUBLE, self.clock.now())
            work.commit()

    def forget(self, brm: Brm, transaction: str, names: SecondPhaseSteps) -> None:
        """Have BRM forget, then drop the decision.

        Never the other way round: a transaction that BRM remembers and we do not would look like one to abort.
        """
        with self.steps.at(names.forget):
            brm.forget(transaction)
        with self.steps.at(names.drop), self.database.begin() as work:
            work.decisions.drop(transaction)
            work.commit()

    def _let_go(self, work: Work, decision: Decision, settled: Settled) -> None:
        now = self.clock.now()
        work.messages.release(decision.transaction, now)
        told = StoryStep(now, "committed", f"BRM: {settled}", attempt=decision.attempt)
        work.stories.add(decision.intake, [told])
        if settled is Settled.HEURISTICALLY_COMMITTED:
            text = "an operator had committed the transaction in BRM by hand; the gateway's decision was the same"
            work.fallout.raise_(self._fallout(decision, FalloutKind.HEURISTIC_COMMIT, text))

    def _take_back(self, work: Work, decision: Decision) -> None:
        now = self.clock.now()
        message = work.messages.get(decision.intake)
        state = State.DONE if message is None or message.queue == DIRECT else State.ERROR
        work.messages.withdraw(decision.transaction, now)
        effects.undo(work, intake=decision.intake, deleted=effects.decode_rows(decision.effects), now=now)
        work.messages.move(decision.intake, (State.DONE,), state, now=now, reason=_ROLLED_BACK)
        work.stories.add(decision.intake, [StoryStep(now, "rolled back", _ROLLED_BACK.text, attempt=decision.attempt)])
        work.fallout.raise_(self._fallout(decision, FalloutKind.HEURISTIC_ROLLBACK, _ROLLED_BACK.text))

    def _unknown(self, brm: Brm, transaction: str) -> Settled | None:
        """BRM does not know the id. Read the decision *now*, after the answer: who made BRM forget noted it before."""
        with self.database.begin() as work:
            decision = work.decisions.get(transaction)
            if decision is None or decision.acknowledged:
                return Settled.COMMITTED
            text = f"{brm.name} does not know a transaction that the gateway has committed; was it reset or restored?"
            work.fallout.raise_(self._fallout(decision, FalloutKind.LOST_IN_BRM, text))
            work.commit()
            return None

    def _fallout(self, decision: Decision, kind: FalloutKind, text: str) -> Fallout:
        code = f"O2C_{kind.name}"
        return Fallout(
            kind, decision.intake, decision.attempt, decision.brm, decision.transaction, code, text, self.clock.now()
        )
