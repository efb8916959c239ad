"""Time that only tests move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class FakeClock:
    """A clock, and the pause that goes with it: waiting moves the clock and takes no time."""

    moment: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, duration: timedelta) -> None:
        self.moment += duration

    def pause(self, duration: timedelta) -> bool:
        self.advance(duration)
        return False
