"""What each system is known to hold of a record, field by field, and the conflicts that were settled. Values and port.

A system that is told of changes one by one (SOAP, queue) is known by component instance: ``object`` is the component's
tag, ``record`` Siebel's row id of the instance; an asset is the same asset in whichever message it comes. Of a BRM the
last state that was equal on both sides is kept: ``object`` is the CUT object's key then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class KnownValue(NamedTuple):
    """A value as a system has it; None = it has none there.

    ``number`` is the intake of the message that said so: of the delivery to the system or, with ``own``, of the
    system's own message. ``mod`` is Siebel's ModId of the instance whose value it was, or was held against. ``seen`` is
    the last delivery that the system had seen when it said so itself, where it told.
    """

    value: str | None
    number: int = 0
    mod: int = 0
    own: bool = False
    seen: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """Return what tells the later of two values: Siebel's own version first, then the order of messages."""
        return self.mod, self.number


@dataclass(frozen=True, slots=True)
class SyncState:
    """What ``system`` is known to hold of a record."""

    system: str
    object: str
    record: str
    fields: Mapping[str, KnownValue]


@dataclass(frozen=True, slots=True)
class SyncConflict:
    """A field that Siebel and a system had both changed: ``winner`` is the system whose value stays.

    ``object`` is the CUT object's key, ``record`` Siebel's row id of the root, ``field`` a path below it.
    """

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
        """Return what is known; nothing when nothing is."""

    def states(
        self, system: str, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, KnownValue]]:
        """Return what is known of several (object, record); those of which nothing is known are left out."""

    def held(self, system: str, object_key: str, record: str) -> Mapping[str, KnownValue]:
        """Return what is known, and let nobody else change it until this unit of work, which writes, ends."""

    def settle(self, state: SyncState, now: datetime, intake: int | None = None) -> None:
        """Put these fields in place of all that was known; ``intake`` is the message that ``revoke`` may name."""

    def revoke(self, intake: int) -> None:
        """Forget states that a message settled: its effects proved to be rolled back, and what was before is unknown.

        Nothing known is safe: both sides are held against each other then, not against what is no more.
        """

    def conflict(self, conflict: SyncConflict) -> None:
        """Add to the log."""

    def conflicts(self, *, system: str | None, record: str | None, limit: int) -> list[SyncConflict]:
        """Return the log, newest first."""
