"""Starts what is measured as processes of its own, waits until they answer, and stops them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 30.0


class NotRunning(Exception):
    """A process ended, or did not get ready in time; the text holds the end of its log."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens on ``port``."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def python(
    arguments: Sequence[str], *, log: Path, ready: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python <arguments>`` while the block runs, as ``program`` does."""
    with program([sys.executable, *arguments], log=log, ready=ready, environment=environment) as started:
        yield started


@contextmanager
def program(
    command: Sequence[str], *, log: Path, ready: Callable[[], bool], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` while the block runs; it starts once ``ready()``. Raises NotRunning."""
    with log.open("ab") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603 - our own
    try:
        wait_until(ready, lambda: _alive(started, log))
        yield started
    finally:
        _stop(started)


def wait_until(
    ready: Callable[[], bool],
    check: Callable[[], None] = lambda: None,
    *,
    within: float = _PATIENCE,
    pause: float = 0.05,
) -> None:
    """Return once ``ready()``; ``check`` may raise while it is not. Raises NotRunning after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not ready():
        check()
        if time.monotonic() > deadline:
            raise NotRunning(f"not ready within {within:.0f} seconds")
        time.sleep(pause)


def _alive(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise NotRunning(f"ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
