"""Barriers for crash tests: a process stops at a named point until a file lets it go on, or until it is killed.

Off unless ``O2C_BARRIERS`` names a directory. ``<dir>/<point>.armed`` stops whoever reaches the point; it writes its
process id to ``<dir>/<point>.reached``, and goes on once ``<dir>/<point>.release`` is there.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from gateway.messaging.ports import Pause
from gateway.messaging.steps import Barrier, NoBarrier

VARIABLE = "O2C_BARRIERS"
_LOOK_AGAIN = timedelta(milliseconds=10)


class FileBarrier:
    """Stops at armed points."""

    def __init__(self, directory: Path, pause: Pause) -> None:
        self._directory = directory
        self._pause = pause

    def reached(self, point: str) -> None:
        """Block at an armed point; the first to come takes the arming with it."""
        armed = self._directory / f"{point}.armed"
        try:
            armed.unlink()
        except FileNotFoundError:
            return
        written = self._directory / f"{point}.{os.getpid()}"
        written.write_text(str(os.getpid()), encoding="ascii")
        written.rename(self._directory / f"{point}.reached")  # whole, or not there
        while not (self._directory / f"{point}.release").exists():
            if self._pause.pause(_LOOK_AGAIN):
                return


def barrier_from_environment(pause: Pause) -> Barrier:
    """Return the barrier that the environment asks for."""
    directory = os.environ.get(VARIABLE)
    return FileBarrier(Path(directory), pause) if directory else NoBarrier()
