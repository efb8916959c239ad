"""Mode ``local``: the intent is recorded, BRM commits in one phase, the gateway commits. In doubt, BRM is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import Conflict, GatewayError, InDoubt, Superseded, Unavailable
from gateway.messaging.attempt import Attempt, Ending
from gateway.messaging.in_doubt import Answer, InDoubtCommits
from gateway.messaging.local_commit import LocalCommits
from gateway.messaging.ports import Database
from gateway.messaging.steps import Step, Steps
from gateway.messaging.unit import Effects
from gateway.messaging.xa import Brm

_ENDINGS = {Answer.COMMITTED: Ending.DONE, Answer.NOT_COMMITTED: Ending.RETRY, Answer.UNKNOWN: Ending.HELD}


@dataclass(frozen=True, slots=True)
class OnePhase:
    """Commits attempts in a BRM that cannot prepare."""

    database: Database
    brms: Mapping[str, Brm]
    steps: Steps
    local: LocalCommits
    in_doubt: InDoubtCommits

    def commit(self, attempt: Attempt, finished: Effects) -> None:
        """Record the intent, have BRM commit, commit here; no decision binds BRM in this mode."""
        brm, transaction = attempt.target()
        self.local.intend(attempt, finished)
        try:
            with self.steps.at(Step.COMMIT_ONE_PHASE):
                brm.commit(str(transaction))
                attempt.committed = True
        except InDoubt:
            self._ask(attempt)
        try:
            self.local.decide(attempt, finished, two_phase=False)
        except Conflict as error:
            self.local.hold(attempt, self.local.intent(attempt), error)
            raise InDoubt("BRM has committed; what the order leaves here conflicts: held for an operator") from error

    def _ask(self, attempt: Attempt) -> None:
        """Return if BRM committed after all; otherwise raise what that means for the attempt."""
        brm, transaction = attempt.target()
        kept = self.local.intent(attempt)
        try:
            answer = self.in_doubt.ask(brm, str(transaction), kept.effects)
        except GatewayError as error:
            raise InDoubt("BRM did not say; whether it committed is not known") from error
        if answer is Answer.NOT_COMMITTED:
            raise Unavailable("BRM did not commit")
        if answer is Answer.UNKNOWN:
            self.local.hold(attempt, kept, None)
            raise InDoubt("BRM cannot tell whether it committed: held for an operator")
        attempt.committed = True

    def settle_earlier(self, attempt: Attempt) -> Ending | None:
        """Settle an earlier attempt that may have committed in BRM; the ending, or None when there is none."""
        claim = attempt.claim
        if claim.attempt == 1:
            return None
        with self.database.read() as work:
            intents = work.decisions.intents(claim.intake)
        for kept in intents:
            try:
                answer = self.in_doubt.settle(self.brms[kept.brm], kept, claim)
            except Superseded:
                raise
            except (GatewayError, KeyError) as error:
                raise InDoubt("whether an earlier attempt was committed is not known yet") from error
            return Ending.SUPERSEDED if answer is None else _ENDINGS[answer]
        return None
