"""Runs errands: messages, and requests over SOAP, whose work is no BRM transaction.

    claimed ─ understood ─ reserved ─ done out there ─ one commit: effects, result, "consumed"

What is done out there may be done again after a crash before that commit, so it must be such that a second time does
no harm: the same message id, the same record written again. Retries, error queue, leases and fences are the queues'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from structlog.contextvars import bound_contextvars

from gateway.errors import DuplicateContent, GatewayError, InDoubt, InProgress, NotYet, Superseded, SystemFailure
from gateway.messaging.attempt import Ending
from gateway.messaging.consumer import Route
from gateway.messaging.leases import Leases
from gateway.messaging.ledger import Known, reserve
from gateway.messaging.ports import Clock, Database, Fallout, FalloutKind, Pause, Work
from gateway.messaging.queues import DIRECT, ERROR_SUFFIX, Claim, Reason, State
from gateway.messaging.retry import GiveUp, RetryIn, RetryPolicy
from gateway.messaging.steps import Step, Steps
from gateway.messaging.story import StoryBook
from gateway.messaging.unit import Plan, RequestKey, Story
from soapkit.observe import tracing

_log = structlog.get_logger(__name__)

_MOMENT = timedelta(milliseconds=100)

Write = Callable[[Work, datetime], None]
"""What is written in the commit that ends an errand."""


def _nothing(_work: Work, _now: datetime) -> None:
    """Write nothing."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What a task leaves: its ``result`` answers a caller, and a duplicate again; ``write`` is in the one commit."""

    result: bytes = b""
    write: Write = _nothing


class Task(Protocol):
    """One message, understood. ``about`` is for people: the record it is about."""

    @property
    def key(self) -> RequestKey | None:
        """Its key in the ledger of duplicates; None for a message that may be repeated."""

    @property
    def content(self) -> bytes:
        """What a duplicate must be equal to."""

    @property
    def about(self) -> str:
        """The record."""

    @property
    def ahead(self) -> bool:
        """Whether others must see what it is about while it is being done: that is a commit of its own."""

    def do(self, claim: Claim, story: Story) -> Finished:
        """Do it; raises what is wrong."""


class Errand(Protocol):
    """What is done with a queue's messages."""

    def task(self, payload: bytes) -> Task:
        """Understand a message; raises BusinessError naming element and rule."""


@dataclass(frozen=True, slots=True)
class ErrandRoute(Route[Errand]):
    """A queue whose messages are errands."""


@dataclass(slots=True)
class _Attempt:
    claim: Claim
    story: StoryBook
    task: Task | None = None
    finished: Finished = field(default_factory=Finished)


@dataclass(frozen=True, slots=True)
class Errands:
    """The runner; one for a process, shared by threads."""

    database: Database
    clock: Clock
    pause: Pause
    leases: Leases
    steps: Steps

    def process(self, claim: Claim, service: Errand, retry: RetryPolicy) -> Ending:
        """Attempt a claimed message. Whatever is wrong with the message is recorded, not raised."""
        attempt = _Attempt(claim, StoryBook(self.clock, claim.attempt))
        spanned = tracing.consuming(claim.queue, claim.intake, claim.trace)
        named = bound_contextvars(intake=claim.intake, correlation_id=f"{claim.queue}-{claim.intake}")
        with spanned, named, self.leases.holding(claim):
            try:
                attempt.task = _understood(claim, service, retry)
                return Ending.DONE if self._run(attempt) is None else Ending.DUPLICATE
            except Superseded:
                return Ending.SUPERSEDED
            except NotYet:
                return self._put_off(claim)
            except InDoubt as error:  # it is done, or its lease lapses and it is done again
                _log.warning("outcome of a commit not known", error=error.text)
                return Ending.PENDING
            except Exception as error:  # noqa: BLE001 - a message that breaks its errand must not break the queue
                return self._failed(attempt, error, retry.decide(claim.tries, error))

    def run_request(self, task: Task, body: bytes) -> bytes:
        """Run the task of a SOAP request; returns its result, a duplicate's as it was. Raises whatever goes wrong."""
        with self.steps.at(Step.CLAIM), self.database.begin() as work:
            claim = work.messages.admit(body, self.leases.owner, self.clock.now(), self.leases.until())
            work.commit()
        attempt = _Attempt(claim, StoryBook(self.clock, claim.attempt), task)
        with self.leases.holding(claim):
            try:
                known = self._run(attempt)
            except Exception as error:
                self._failed(attempt, error, GiveUp())
                raise
        return attempt.finished.result if known is None else known.result

    def _put_off(self, claim: Claim) -> Ending:
        """Hand a message back, to be taken up again in a moment."""
        now = self.clock.now()
        with self.database.begin() as work:
            work.messages.hand_back(claim, now, due=now + _MOMENT)
            work.commit()
        return Ending.RETRY

    def _run(self, attempt: _Attempt) -> Known | None:
        task = attempt.task
        if task is None:
            raise AssertionError("a message is understood before it is worked on")
        if (known := self._reserve(attempt, task)) is not None:
            return known
        with self.steps.at(Step.WORK):
            attempt.finished = task.do(attempt.claim, attempt.story)
        with self.steps.at(Step.DECIDE), self.database.begin() as work:
            now = self.clock.now()
            self._leave(work, attempt, State.DONE, now=now)
            attempt.finished.write(work, now)
            if task.key is not None and not self._finish(work, attempt, task.key, now):
                raise Superseded("the same request is another's by now")
            work.commit()
        return None

    def _reserve(self, attempt: _Attempt, task: Task) -> Known | None:
        """Note what the message is about and enter the ledger of duplicates; Known ends the attempt, as done."""
        if task.key is None and not task.ahead:
            return None
        claim, now = attempt.claim, self.clock.now()
        with self.steps.at(Step.RESERVE), self.database.begin() as work:
            if not work.messages.describe(claim, order="", account=task.about, brm="", now=now):
                raise Superseded("another attempt is current")
            known = None if task.key is None else _known(work, claim, task.key, task.content, now)
            if known is not None:
                attempt.story.tell("duplicate", f"done before, as message {known.intake}")
                self._leave(work, attempt, State.DONE, now=now)
            work.commit()
        return known

    def _finish(self, work: Work, attempt: _Attempt, key: RequestKey, now: datetime) -> bool:
        return work.requests.finish(key, attempt.claim.intake, attempt.finished.result, None, now)

    def _failed(self, attempt: _Attempt, error: Exception, what: RetryIn | GiveUp) -> Ending:
        if not isinstance(error, GatewayError):
            _log.error("internal error", intake=attempt.claim.intake, exc_info=error)
        attempt.story.tell("failed", Reason.of(error).text)
        try:
            return self._record(attempt, error, what)
        except Superseded:
            return Ending.SUPERSEDED
        except GatewayError as trouble:  # the database is away: the lease lapses, and somebody tries again
            _log.error("failure not recorded", intake=attempt.claim.intake, error=trouble.text)
            return Ending.PENDING

    def _record(self, attempt: _Attempt, error: Exception, what: RetryIn | GiveUp) -> Ending:
        now, claim = self.clock.now(), attempt.claim
        due = now + what.delay if isinstance(what, RetryIn) else None
        state = State.DONE if claim.queue == DIRECT else State.ERROR if due is None else State.WAITING
        with self.steps.at(Step.FAIL), self.database.begin() as work:
            self._leave(work, attempt, state, now=now, reason=Reason.of(error), due=due)
            work.requests.release(claim.intake)
            if state is State.ERROR:
                work.fallout.raise_(alarm(claim, Reason.of(error), now))
            work.commit()
        if claim.queue != DIRECT:  # a caller is told by a fault, which is logged where it is worded
            _log.warning("message tried again later" if due else "message given up", queue=claim.queue)
        return Ending.ERROR if due is None else Ending.RETRY

    def _leave(
        self,
        work: Work,
        attempt: _Attempt,
        state: State,
        *,
        now: datetime,
        reason: Reason | None = None,
        due: datetime | None = None,
    ) -> None:
        claim, task = attempt.claim, attempt.task
        if task is not None:
            work.messages.describe(claim, order="", account=task.about, brm="", now=now)
        if not work.messages.settle(claim.intake, claim.attempt, state, now=now, reason=reason, available_at=due):
            raise Superseded("another attempt is current")
        work.stories.add(claim.intake, attempt.story.steps())


def _known(work: Work, claim: Claim, key: RequestKey, content: bytes, now: datetime) -> Known | None:
    """Enter the ledger of duplicates, whose own words are those of orders."""
    told = f"message id {key.ebm_id}" + (f" of {key.sender}" if key.sender else "")
    try:
        return reserve(work, claim, Plan(key, content, "", (), None), now)
    except DuplicateContent as error:
        raise DuplicateContent(f"{told} came before with other content", code=error.code) from None
    except InProgress as error:
        raise InProgress(f"{told} is being worked on; ask again", code=error.code) from None


def _understood(claim: Claim, errand: Errand, retry: RetryPolicy) -> Task:
    """Give up on a message that kills its worker every time; it would be taken for ever otherwise."""
    if retry.exhausted(claim.tries):
        raise SystemFailure("every try ended without an outcome", code="O2C_WORKER_LOST")
    return errand.task(claim.payload)


def alarm_of(intake: int) -> str:
    """Return what an alarm about a message calls it."""
    return f"message {intake}"


def alarm(claim: Claim, reason: Reason, now: datetime) -> Fallout:
    """Return the alarm about a message that no order is in, and that was given up."""
    see = f"o2c queue show {claim.queue}{ERROR_SUFFIX}"
    return Fallout(
        kind=FalloutKind.MESSAGE_GIVEN_UP,
        intake=claim.intake,
        attempt=claim.attempt,
        brm="",
        transaction=alarm_of(claim.intake),
        code=reason.code,
        text=f"message {claim.intake} on {claim.queue}: {reason.text}; see: {see}",
        raised_at=now,
    )
