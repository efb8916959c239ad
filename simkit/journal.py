"""The journal: what was asked of the simulator and what it answered, for tests and for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a call ended: answered, refused with the product's error, failed by mistake, or left without an answer."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call; ``at`` is virtual time, ``request`` and ``response`` are JSON values, ``transaction`` is its own."""

    at: datetime
    operation: str
    transaction: str | None
    correlation_id: str
    request: Any
    outcome: Outcome
    response: Any
    seconds: float
