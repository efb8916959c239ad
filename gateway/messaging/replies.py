"""Answers that go to a partner's own address, as values, and the port that keeps them. No SQL, no HTTP here.

A reply begins as a request to be run later, or as an answer that is to leave by another way than it was asked for.
Its *attempt* rises with every claim and is the fence, as with messages; *tries* counts what the retry policy counts,
anew once there is an answer to deliver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.messaging.queues import Reason
from soapkit.addressing import Answer, Deferred


class ReplyState(StrEnum):
    """Every reply is in exactly one."""

    WAITING = "waiting"
    """The request is to be run, now or (a retry) at ``available_at``."""
    ANSWERED = "answered"
    """The answer is to be posted, likewise."""
    DELIVERED = "delivered"
    ERROR = "error"
    """Given up: an operator retries it or drops it."""
    DROPPED = "dropped"


OPEN = (ReplyState.WAITING, ReplyState.ANSWERED)
"""The states in which a worker takes a reply."""


@dataclass(frozen=True, slots=True)
class ReplyClaim:
    """A reply taken by a worker; ``answer`` is None while the request has not been run."""

    id: int
    attempt: int
    tries: int
    partner: str
    deferred: Deferred
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as operators see it; request and answer are read separately.

    ``to`` and ``is_fault`` are the answer's, once there is one. ``caller`` is empty where nobody had to say who calls.
    """

    id: int
    partner: str
    state: ReplyState
    service: str
    operation: str
    message_id: str
    caller: str
    correlation_id: str
    to: str | None
    is_fault: bool | None
    attempt: int
    tries: int
    code: str | None
    reason: str | None
    owner: str | None
    created_at: datetime
    changed_at: datetime
    available_at: datetime
    lease_until: datetime | None


class ReplyStore(Protocol):
    """The replies. A transition says whether it took place: False means the attempt is no longer the caller's."""

    def keep(self, deferred: Deferred, partner: str, answer: Answer | None, now: datetime) -> str | None:
        """Add a request, and its answer if there is one already; None, or the digest of the one that is there.

        One caller's MessageID is there once.
        """

    def due(self, now: datetime) -> bool:
        """Tell whether there is something to claim."""

    def claim(self, owner: str, now: datetime, lease_until: datetime) -> ReplyClaim | None:
        """Take what has been due longest; None when nothing is."""

    def renew(self, claim: ReplyClaim, lease_until: datetime) -> bool:
        """Extend a lease."""

    def hand_back(self, claim: ReplyClaim, now: datetime) -> bool:
        """Give up a claim as if it had not been taken; the try is not counted."""

    def answered(self, claim: ReplyClaim, answer: Answer, now: datetime) -> bool:
        """Store the answer; the claim goes on, and is the first try to deliver it."""

    def delivered(self, claim: ReplyClaim, now: datetime) -> bool:
        """Note that the partner has it."""

    def postpone(self, claim: ReplyClaim, reason: Reason, available_at: datetime, now: datetime) -> bool:
        """Put it back, to be tried again then."""

    def fail(self, claim: ReplyClaim, reason: Reason, now: datetime) -> bool:
        """Give it up."""

    def retry(self, number: int, now: datetime) -> bool:
        """Make it due now, tries from zero; not while a worker is at it, nor once it is delivered or dropped."""

    def drop(self, number: int, now: datetime) -> bool:
        """Give it up for good, under the same conditions; it stays readable."""

    def get(self, number: int) -> Reply | None:
        """Return one."""

    def find(self, states: Sequence[ReplyState], *, limit: int) -> list[Reply]:
        """Return replies in these states (none named: all), oldest first."""

    def depths(self) -> Mapping[ReplyState, int]:
        """Count those that are not done with, by state."""

    def oldest(self) -> Mapping[ReplyState, datetime]:
        """Return since when the oldest of them have been there, by state."""

    def request(self, number: int) -> bytes:
        """Return the body of a request, as it came; KeyError when there is no such reply."""

    def answer(self, number: int) -> bytes | None:
        """Return the envelope of an answer, unsigned, if there is one; KeyError when there is no such reply."""
