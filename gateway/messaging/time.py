"""Time as it passes, and a wait that a stopping process cuts short (ports ``Clock`` and ``Pause``)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        return datetime.now(UTC)


class StoppablePause:
    """Waits of a process that may be asked to stop; one for all its threads."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def pause(self, duration: timedelta) -> bool:
        """Wait; True when it ended early because the process stops."""
        return self._stopping.wait(duration.total_seconds())

    def stop(self) -> None:
        """End all waits, now and for ever."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether the process was asked to stop."""
        return self._stopping.is_set()
