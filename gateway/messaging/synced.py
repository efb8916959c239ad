"""What each system is known to hold of a record, field by field, and the conflicts that were settled. Values and port.

A field is a path within its record (the two-way part says how it is written). Its *number* is that of the delivery
that told the system the value, 0 when the system told it: a value with a later number is the newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class KnownValue(NamedTuple):
    """A value as a system has it; None = it has none."""

    value: str | None
    number: int = 0


@dataclass(frozen=True, slots=True)
class SyncState:
    """What ``system`` is known to hold of a record: ``object`` is the CUT object's key, ``record`` Siebel's row id."""

    system: str
    object: str
    record: str
    fields: Mapping[str, KnownValue]


@dataclass(frozen=True, slots=True)
class SyncConflict:
    """A field that Siebel and a system had both changed: ``winner`` is the system whose value stays."""

    system: str
    object: str
    record: str
    field: str
    siebel: str | None
    partner: str | None
    winner: str
    message_id: str
    at: datetime
    id: int = 0


class SyncRecords(Protocol):
    """Known states, and the log of conflicts (part of port ``Work``)."""

    def state(self, system: str, object_key: str, record: str) -> Mapping[str, KnownValue]:
        """Return what is known, nothing when nothing is; locked until a unit of work that writes ends."""

    def learn(self, state: SyncState, now: datetime) -> None:
        """Add fields to what is known; one that is kept with a later number stays."""

    def settle(self, state: SyncState, now: datetime) -> None:
        """Put these fields in place of all that was known."""

    def conflict(self, conflict: SyncConflict) -> None:
        """Add to the log."""

    def conflicts(self, *, system: str | None, record: str | None, limit: int) -> list[SyncConflict]:
        """Return the log, newest first."""
