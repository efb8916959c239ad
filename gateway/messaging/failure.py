"""The failure path: BRM aborts, then one local commit says where the message goes and why."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from gateway.errors import Disconnected, GatewayError, Heuristic, InDoubt, Superseded
from gateway.messaging.attempt import Attempt, Ending
from gateway.messaging.local_commit import LocalCommits
from gateway.messaging.queues import State
from gateway.messaging.recovery import Recovery
from gateway.messaging.retry import GiveUp, RetryPolicy
from gateway.messaging.steps import Step, Steps
from gateway.messaging.unit import Reply
from gateway.messaging.xa import Settled

_log = structlog.get_logger(__name__)

BY_HAND = (Settled.COMMITTED, Settled.HEURISTICALLY_COMMITTED)
"""Answers to ABORT that say an operator has committed instead."""


@dataclass(frozen=True, slots=True)
class FailurePath:
    """Ends attempts that failed."""

    local: LocalCommits
    recovery: Recovery
    steps: Steps

    def fail(self, attempt: Attempt, error: Exception, retry: RetryPolicy | None) -> Ending:
        """Abort, decide where the message goes, record it all. ``retry`` is None for a SOAP request."""
        self.disconnected(attempt, error)
        self.abort(attempt)
        if attempt.settled_by_hand and not isinstance(error, Heuristic):
            error = committed_by_hand(attempt)
        if not isinstance(error, GatewayError):
            _log.error("internal error", intake=attempt.claim.intake, exc_info=error)
        attempt.story.tell("failed", str(error))
        return self._record(attempt, error, retry)

    def abort(self, attempt: Attempt) -> None:
        """Have BRM abort. If it does not answer, recovery and the next attempt will see to it."""
        if not attempt.opened:
            return
        brm, transaction = attempt.target()
        try:
            with self.steps.at(Step.ABORT):
                settled = brm.abort(str(transaction))
        except GatewayError as error:
            _log.warning("abort not confirmed", transaction=str(transaction), error=error.text)
            attempt.story.tell("abort", "not confirmed")
            return
        if settled in BY_HAND:
            attempt.settled_by_hand += (transaction,)

    def disconnected(self, attempt: Attempt, error: Exception) -> None:
        """Let recovery run before the lost BRM is used again."""
        if isinstance(error, Disconnected | InDoubt) and attempt.brm is not None:
            self.recovery.disconnected(attempt.brm.name)

    def _record(self, attempt: Attempt, error: Exception, retry: RetryPolicy | None) -> Ending:
        what = GiveUp() if retry is None else retry.decide(attempt.claim.tries, error)
        final = retry is not None and isinstance(what, GiveUp)
        reply = self._error_reply(attempt, error) if final else None
        try:
            state = self.local.fail(attempt, error, what, reply)
        except Superseded:
            return Ending.SUPERSEDED
        except GatewayError as trouble:  # the database is away: the lease lapses, and somebody tries again
            _log.error("failure not recorded", intake=attempt.claim.intake, error=trouble.text)
            return Ending.PENDING
        self._forget(attempt)
        return Ending.ERROR if state is State.ERROR else Ending.RETRY

    def _error_reply(self, attempt: Attempt, error: Exception) -> Reply | None:
        service = attempt.service
        try:
            if attempt.plan is None:
                return service.refusal(attempt.claim.payload, error)
            return service.error_reply(attempt.plan, error)
        except Exception as trouble:  # noqa: BLE001 - the message must reach the error queue, with or without a response
            _log.error("no error response", intake=attempt.claim.intake, exc_info=trouble)
            attempt.story.tell("no error response", type(trouble).__name__)
            return None

    def _forget(self, attempt: Attempt) -> None:
        """Have BRM forget what is recorded now as an alarm; a resubmission is then the operator's own decision."""
        for earlier in attempt.settled_by_hand:
            brm, _ = attempt.target()
            try:
                brm.forget(str(earlier))
            except GatewayError as error:
                _log.warning("left to recovery", transaction=str(earlier), error=error.text)


def committed_by_hand(attempt: Attempt) -> Heuristic:
    """Word what an operator did."""
    which = ", ".join(str(earlier.attempt) for earlier in attempt.settled_by_hand)
    return Heuristic(f"an operator committed attempt {which} in BRM by hand; the order must not run again by itself")
