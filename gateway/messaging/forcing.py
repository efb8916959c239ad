"""An operator settles a transaction by hand (``o2c brm transactions list|commit|abort``).

What BRM holds prepared is settled there, heuristically, and the gateway then follows what BRM says. What BRM does not
know (it was reset, or the mode is ``local`` and it cannot tell) is settled here. Either way it is recorded first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import BusinessError, TransactionLost
from gateway.messaging.in_doubt import Answer, InDoubtCommits
from gateway.messaging.ports import Clock, Database, Decision, Fallout, FalloutKind, StoryStep, Verdict, Work
from gateway.messaging.queues import State
from gateway.messaging.recovery import Recovery
from gateway.messaging.second_phase import SecondPhase
from gateway.messaging.steps import BY_RECOVERY
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.xa import Brm, Mode, Recovered, Settled, Standing


class NotForced(BusinessError):
    """There is nothing to settle, or a worker is at it."""

    code = "O2C_NOT_FORCED"


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that has not ended everywhere, as an operator sees it.

    ``standing`` is BRM's view (None: BRM does not list it), ``verdict`` the gateway's decision (None: none yet).
    ``intake``, ``order`` and ``state`` tell of the message; another gateway's transactions have none (None, empty).
    """

    transaction: str
    brm: str
    standing: Standing | None
    verdict: Verdict | None
    created_at: datetime | None
    intake: int | None
    order: str
    state: State | None


@dataclass(frozen=True, slots=True)
class Forcing:
    """Lists and settles."""

    database: Database
    clock: Clock
    second_phase: SecondPhase
    in_doubt: InDoubtCommits
    recovery: Recovery

    def open_transactions(self, brm: Brm) -> list[OpenTransaction]:
        """Return what BRM lists and what the gateway has decided, as one list by transaction."""
        listed = {row.transaction: row for row in brm.recover()} if brm.mode is Mode.XA else {}
        with self.database.read() as work:
            decided = {decision.transaction: decision for decision in work.decisions.of(brm.name)}
            names = dict.fromkeys((*listed, *decided))
            return [self._open(work, brm, name, listed.get(name), decided.get(name)) for name in names]

    def _open(
        self, work: Work, brm: Brm, name: str, row: Recovered | None, decision: Decision | None
    ) -> OpenTransaction:
        mine = self._mine(name)
        message = None if mine is None else work.messages.get(mine.intake)
        return OpenTransaction(
            transaction=name,
            brm=brm.name,
            standing=None if row is None else row.standing,
            verdict=None if decision is None else decision.verdict,
            created_at=decision.decided_at if decision else row.created_at if row else None,
            intake=None if mine is None else mine.intake,
            order="" if message is None else message.order,
            state=None if message is None else message.state,
        )

    def _mine(self, transaction: str) -> TransactionId | None:
        parsed = TransactionId.parse(transaction)
        return parsed if parsed is not None and parsed.gateway == self.database.gateway_id else None

    def settle(self, brm: Brm, transaction: str, *, commit: bool) -> Settled:
        """Commit or abort by hand; raises NotForced, or Unavailable when BRM is away."""
        decision = self._recorded(brm, transaction, commit=commit)
        if decision is not None and decision.verdict is Verdict.INTENT:
            return self._settle_intent(brm, decision, commit=commit)
        try:
            settled = brm.commit(transaction, force=True) if commit else brm.abort(transaction, force=True)
        except TransactionLost as error:
            if decision is None or decision.verdict is not Verdict.COMMIT:
                raise NotForced(f"{brm.name} does not know {transaction}") from error
            return self._settle_lost(brm, decision, commit=commit)
        if decision is not None and decision.verdict is Verdict.COMMIT:
            return self.second_phase.complete(brm, transaction, BY_RECOVERY) or settled
        self.recovery.run(brm.name)  # undecided: what BRM now lists as settled by hand is for recovery to see through
        return settled

    def _recorded(self, brm: Brm, transaction: str, *, commit: bool) -> Decision | None:
        """Record what the operator is about to do, before it is done; returns the gateway's decision."""
        now = self.clock.now()
        mine = self._mine(transaction)
        told = f"an operator forced a {'commit' if commit else 'rollback'}"
        with self.database.begin() as work:
            decision = work.decisions.get(transaction)
            if mine is not None:
                self._check_free(work, mine, decision, now)
                work.stories.add(mine.intake, [StoryStep(now, "forced", told, attempt=mine.attempt)])
                work.fallout.raise_(
                    Fallout(
                        FalloutKind.FORCED, mine.intake, mine.attempt, brm.name, transaction, "O2C_FORCED", told, now
                    )
                )
            work.commit()
        return decision

    def _check_free(self, work: Work, mine: TransactionId, decision: Decision | None, now: datetime) -> None:
        deciding = decision is not None and decision.verdict is Verdict.COMMIT and decision.lease_until > now
        if deciding or work.messages.leased(mine.intake, mine.attempt, now):
            raise NotForced(f"a worker is at it (message {mine.intake}); wait until its lease has lapsed")

    def _settle_intent(self, brm: Brm, decision: Decision, *, commit: bool) -> Settled:
        """Mode ``local``: the operator knows whether BRM has committed; finish, or free the message for another try."""
        if not commit:
            brm.abort(decision.transaction)  # nothing may be open when the order is tried again
        with self.database.begin() as work:
            self.in_doubt.record(work, decision, Answer.COMMITTED if commit else Answer.NOT_COMMITTED)
            work.commit()
        return Settled.COMMITTED if commit else Settled.ABORTED

    def _settle_lost(self, brm: Brm, decision: Decision, *, commit: bool) -> Settled:
        """Decided here, unknown to BRM: the operator says what is so, and the gateway's side follows."""
        settled = Settled.COMMITTED if commit else Settled.HEURISTICALLY_ABORTED
        self.second_phase.acknowledge(decision.transaction, settled)
        self.second_phase.forget(brm, decision.transaction, BY_RECOVERY)
        return settled
