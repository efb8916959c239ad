"""Runs kept requests and delivers their answers, one step at a time. It starts no thread and never waits.

    kept ─ run ─ answered ─ post ─ delivered          every arrow is one commit
             └─ (again later)  └─ (again later) ─ error, with an alarm

A crash between two commits repeats what lies between them: running is idempotent (the ledger of duplicates), posting
repeats the same envelope with the same MessageID.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from gateway.errors import GatewayError, Superseded, SystemFailure
from gateway.messaging.ports import Clock, Database, Fallout, FalloutKind
from gateway.messaging.queues import Reason
from gateway.messaging.replies import ReplyClaim
from gateway.messaging.retry import GiveUp, RetryIn, RetryPolicy
from gateway.messaging.steps import Barrier
from soapkit.addressing import Answer, Answering, Deferred, DuplicateMessageId
from soapkit.addressing.later import http_headers
from soapkit.faults import Fault, InvalidAnswer, Refused
from soapkit.observe import tracing

_log = structlog.get_logger(__name__)
_SPANNED = "replies"
_FINAL = (Fault, Refused, InvalidAnswer, LookupError)
"""Errors, besides the gateway's own, that another try would only repeat."""


class ReplyStep(StrEnum):
    """The steps that leave something behind; a barrier is told before and after each."""

    CLAIM = "reply-claim"
    RUN = "reply-run"
    STORE = "reply-store"
    POST = "reply-post"
    END = "reply-end"


class Delivered(StrEnum):
    """How a step ended."""

    DELIVERED = "delivered"
    LATER = "later"
    ERROR = "error"
    SUPERSEDED = "superseded"


class Partners(Protocol):
    """The registered partners."""

    def named(self, address: str) -> str | None:
        """Return the name of the partner whose address this is; None for anybody else's."""

    def post(self, address: str, envelope: bytes, headers: Mapping[str, str]) -> None:
        """Post to a registered address; raises UnknownReference, Unavailable."""


@dataclass(frozen=True, slots=True)
class KeptReplies:
    """Keeps what the SOAP edge hands over, each in one commit (port ``soapkit.addressing.Replies``)."""

    database: Database
    clock: Clock
    partners: Partners

    def registered(self, address: str) -> bool:
        """Ask the settings."""
        return self.partners.named(address) is not None

    def keep(self, deferred: Deferred, answer: Answer | None = None) -> None:
        """Keep, once; DuplicateMessageId for another message with the same id."""
        with self.database.begin() as work:
            there = work.replies.keep(deferred, self._partner(deferred, answer), answer, self.clock.now())
            work.commit()
        if there is not None and there != deferred.digest:
            raise DuplicateMessageId(deferred.message_id)

    def _partner(self, deferred: Deferred, answer: Answer | None) -> str:
        known = deferred.properties
        wanted = [known.answered_at(fault=fault).address for fault in (False, True)]
        names = (self.partners.named(address) for address in ([answer.to] if answer else wanted))
        return next((name for name in names if name is not None), "")


@dataclass(frozen=True, slots=True)
class Delivery:
    """Takes what is due; any number of threads and processes may share the work.

    ``retry`` is the policy of both halves, running and posting. ``lease`` is how long a claim lasts without a renewal.
    """

    database: Database
    clock: Clock
    answering: Answering
    partners: Partners
    retry: RetryPolicy
    barrier: Barrier
    owner: str
    length: timedelta
    _held: dict[int, ReplyClaim] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # ---- one step

    def step(self) -> Delivered | None:
        """Take what has been due longest and bring it as far as it goes now; None when nothing is due."""
        try:
            claim = self._claim()
            if claim is None:
                return None
            correlated = structlog.contextvars.bound_contextvars(correlation_id=claim.deferred.correlation_id)
            spanned = tracing.consuming(_SPANNED, claim.id, claim.deferred.trace)
            with self._holding(claim), correlated, spanned:
                return self._worked(claim)
        except Superseded:
            return Delivered.SUPERSEDED
        except GatewayError as error:  # the database is away: what was claimed comes back when its lease lapses
            _log.warning("replies not served", error=error.text)
            return None

    def _worked(self, claim: ReplyClaim) -> Delivered:
        if self.retry.exhausted(claim.tries):
            return self._give_up(claim, SystemFailure("every try ended without an outcome", code="O2C_WORKER_LOST"))
        try:
            answered = claim if claim.answer is not None else self._run(claim)
        except Exception as error:  # noqa: BLE001 - one reply that breaks its worker must not stop the others
            return self._again(claim, _as_ours(error))
        try:
            self._post(answered)
        except Exception as error:  # noqa: BLE001 - same
            return self._again(answered, _as_ours(error))
        with self._at(ReplyStep.END), self.database.begin() as work:
            _current(work.replies.delivered(answered, self.clock.now()))
            work.commit()
        _log.info("reply delivered", reply=claim.id, partner=claim.partner)
        return Delivered.DELIVERED

    def _run(self, claim: ReplyClaim) -> ReplyClaim:
        """Run the request and store its answer; raises what the run is worth repeating for."""
        with self._at(ReplyStep.RUN):
            answer = self._answer(claim)
        with self._at(ReplyStep.STORE), self.database.begin() as work:
            _current(work.replies.answered(claim, answer, self.clock.now()))
            work.commit()
        return replace(claim, answer=answer, tries=1)

    def _answer(self, claim: ReplyClaim) -> Answer:
        try:
            return self.answering.run(claim.deferred)
        except Exception as error:
            if not isinstance(error, _FINAL) and isinstance(self.retry.decide(claim.tries, error), RetryIn):
                raise
            return self.answering.refused(claim.deferred, error)

    def _post(self, claim: ReplyClaim) -> None:
        answer, deferred = claim.answer, claim.deferred
        if answer is None:
            raise AssertionError("an answer is stored before it is posted")
        if answer.to == deferred.properties.edition.none:
            return
        envelope = self.answering.sealed(deferred, answer.envelope)
        headers = http_headers(deferred.version, answer, deferred.correlation_id)
        with self._at(ReplyStep.POST), tracing.calling(deferred.service, deferred.operation) as traced:
            self.partners.post(answer.to, envelope, {**headers, **traced})

    # ---- other endings

    def _again(self, claim: ReplyClaim, error: GatewayError) -> Delivered:
        if isinstance(error, Superseded):
            raise error
        what = self.retry.decide(claim.tries, error)
        if isinstance(what, GiveUp):
            return self._give_up(claim, error)
        now = self.clock.now()
        with self.database.begin() as work:
            _current(work.replies.postpone(claim, Reason.of(error), now + what.delay, now))
            work.commit()
        _log.warning("reply tried again later", reply=claim.id, partner=claim.partner, error=error.text)
        return Delivered.LATER

    def _give_up(self, claim: ReplyClaim, error: GatewayError) -> Delivered:
        now = self.clock.now()
        with self.database.begin() as work:
            _current(work.replies.fail(claim, Reason.of(error), now))
            work.fallout.raise_(_alarm(claim, error, self.clock))
            work.commit()
        _log.error("reply given up", reply=claim.id, partner=claim.partner, error=error.text)
        return Delivered.ERROR

    # ---- leases

    def renew(self) -> None:
        """Extend every lease held; the heartbeat calls this every third of ``length``."""
        if held := self._claims():
            with self.database.begin() as work:
                for claim in held:
                    work.replies.renew(claim, self.clock.now() + self.length)
                work.commit()

    def hand_back(self) -> int:
        """Give up what is still held when the process must stop; returns how many."""
        if not (held := self._claims()):
            return 0
        with self.database.begin() as work:
            given = sum(work.replies.hand_back(claim, self.clock.now()) for claim in held)
            work.commit()
        return given

    def _claims(self) -> list[ReplyClaim]:
        with self._lock:
            return list(self._held.values())

    def _claim(self) -> ReplyClaim | None:
        now = self.clock.now()
        with self.database.read() as work:  # most gateways answer on the connection: their workers lock nothing here
            if not work.replies.due(now):
                return None
        with self._at(ReplyStep.CLAIM), self.database.begin() as work:
            claim = work.replies.claim(self.owner, now, now + self.length)
            work.commit()
        return claim

    @contextmanager
    def _holding(self, claim: ReplyClaim) -> Iterator[None]:
        with self._lock:
            self._held[claim.id] = claim
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(claim.id, None)

    @contextmanager
    def _at(self, step: ReplyStep) -> Iterator[None]:
        self.barrier.reached(f"{step}.before")
        yield
        self.barrier.reached(f"{step}.after")


def alarm_of(number: int) -> str:
    """Return what an alarm about a reply calls it."""
    return f"reply {number}"


def _alarm(claim: ReplyClaim, error: GatewayError, clock: Clock) -> Fallout:
    return Fallout(
        kind=FalloutKind.REPLY_UNDELIVERED,
        intake=claim.id,
        attempt=claim.attempt,
        brm="",
        transaction=alarm_of(claim.id),
        code=error.code,
        text=f"reply {claim.id} to {claim.partner}: {error.text}; see: o2c reply show {claim.id}",
        raised_at=clock.now(),
    )


def _current(took_place: bool) -> None:
    if not took_place:
        raise Superseded("another worker, or an operator, has the reply now")


def _as_ours(error: Exception) -> GatewayError:
    if isinstance(error, GatewayError):
        return error
    _log.error("internal error", exc_info=error)
    return SystemFailure(Reason.of(error).text, code="O2C_INTERNAL")
