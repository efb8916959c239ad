"""Virtual time: the real time moved by an offset, or standing still. A test owns it; a simulator asks for no other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Beyond these the dates that a simulator adds up would leave the calendar, or mean "unset"."""


class Pace(StrEnum):
    """How virtual time runs."""

    RUNNING = "running"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Clock:
    """Virtual time: ``offset`` seconds ahead of real time, or, when frozen, at ``frozen_at`` (seconds since 1970)."""

    pace: Pace = Pace.RUNNING
    offset: float = 0.0
    frozen_at: float = 0.0

    def now(self, real: datetime) -> datetime:
        """Give the virtual time, aware and in UTC, when the real time is ``real``."""
        if self.pace is Pace.FROZEN:
            return datetime.fromtimestamp(self.frozen_at, UTC)
        return real + timedelta(seconds=self.offset)

    def set_to(self, moment: datetime, real: datetime, *, frozen: bool) -> Clock:
        """Move to ``moment`` and stand still there, or run on from there; ValueError beyond EARLIEST and LATEST."""
        _check(moment)
        if frozen:
            return Clock(Pace.FROZEN, 0.0, moment.timestamp())
        return Clock(Pace.RUNNING, (moment - real).total_seconds())

    def advanced(self, seconds: float, real: datetime) -> Clock:
        """Move forward (or, below zero, back); ValueError beyond EARLIEST and LATEST."""
        try:
            _check(self.now(real) + timedelta(seconds=seconds))
        except OverflowError as error:
            raise _out_of_range() from error
        if self.pace is Pace.FROZEN:
            return replace(self, frozen_at=self.frozen_at + seconds)
        return replace(self, offset=self.offset + seconds)


def _check(moment: datetime) -> None:
    if not EARLIEST <= moment <= LATEST:
        raise _out_of_range()


def _out_of_range() -> ValueError:
    return ValueError(f"the clock goes from {EARLIEST.year} to {LATEST.year}")
