"""The ledger of duplicates: one for SOAP and queue (COMMIT.md, Duplicates).

Same key and content, committed: the same result again, byte for byte. A duplicate that comes over a queue puts no
second response on the reply queue: the first one is there, durable. Was the first one told to a SOAP caller, who may
never have got it, the queue has none yet, and gets it. Being worked on: InProgress. Other content: DuplicateContent.
Failures leave no trace here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.errors import DuplicateContent, InProgress
from gateway.messaging.ports import RequestEntry, Work
from gateway.messaging.queues import Claim, State
from gateway.messaging.unit import Plan


@dataclass(frozen=True, slots=True)
class Known:
    """This was done before."""

    result: bytes
    intake: int


def reserve(work: Work, claim: Claim, plan: Plan, now: datetime) -> Known | None:
    """Make the request this claim's own; Known when it is committed already.

    Raises InProgress, DuplicateContent. A Conflict (somebody else reserves at this very moment) is InProgress too, in
    the caller's eyes: retryable.
    """
    digest = sha256(plan.content).hexdigest()
    entry = work.requests.get(plan.key)
    if entry is None:
        work.requests.reserve(plan.key, digest, claim.intake, now)
        return None
    if entry.result is not None:
        return _known(work, entry, entry.result, digest)
    if entry.intake != claim.intake and _busy(work, entry.intake, now):
        raise InProgress(f"EBMID {plan.key.ebm_id} of {plan.key.sender} is being worked on")
    work.requests.take_over(plan.key, digest, claim.intake, now)
    return None


def _known(work: Work, entry: RequestEntry, result: bytes, digest: str) -> Known:
    if entry.digest != digest:
        raise DuplicateContent(
            f"EBMID {entry.key.ebm_id} of {entry.key.sender} came before with other content",
            element="EBMHeader/EBMID",
        )
    if entry.transaction is not None:
        decision = work.decisions.get(entry.transaction)
        # The result may be told only when BRM has confirmed: an operator could still have rolled it back.
        if decision is not None and not decision.acknowledged:
            raise InProgress(f"EBMID {entry.key.ebm_id} of {entry.key.sender} waits for BRM to confirm")
    return Known(result, entry.intake)


def _busy(work: Work, intake: int, now: datetime) -> bool:
    """Tell whether a message may still reach an outcome without anybody claiming it again."""
    message = work.messages.get(intake)
    if message is None:
        return False
    leased = message.state is State.CLAIMED and message.lease_until is not None and message.lease_until >= now
    return leased or message.state is State.HELD or bool(work.decisions.intents(intake))
