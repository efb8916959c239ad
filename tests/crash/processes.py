"""Processes that tests start, kill from outside and never leave behind; and the one way in which tests wait."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

_ROOT = Path(__file__).parents[2]
_LOOK_AGAIN = 0.02
_AT_ONCE = 4
_never = threading.Event()
_T = TypeVar("_T")


def until(look: Callable[[], _T], what: str, *, within: float = 60.0) -> _T:
    """Return what ``look`` gives once that is true; looked at again and again, for ``within`` seconds at most."""
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain, for {within:g} s: waited until {what}")
        _never.wait(_LOOK_AGAIN)
    return found


def together(*acts: Callable[[], None]) -> None:
    """Run all at once: most of a crash test is waiting. Raises what went wrong, all of it, when all have ended."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ended = [pool.submit(act) for act in acts]
    if trouble := [error for error in (each.exception() for each in ended) if isinstance(error, Exception)]:
        raise ExceptionGroup(f"{len(trouble)} of {len(acts)} went wrong", trouble)


def free_port() -> int:
    """Return a port below those that the kernel gives to clients: it is still free when its server comes back."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass(frozen=True)
class Nursery:
    """A program that can be started at little cost; see ``nursery``."""

    process: subprocess.Popen[str]
    program: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, *arguments: str, environment: Mapping[str, str], log: Path) -> Child:
        """Run ``python -m <program> arguments…``."""
        asked = {"start": self.program, "arguments": arguments, "environment": environment, "log": str(log)}
        return Child(self, self._ask(asked))

    def ended(self, pid: int) -> int | None:
        status: int | None = self._ask({"ended": pid})
        return status

    def stopped(self, pid: int) -> bool:
        """Tell whether a process has been stopped by a signal since this was asked last."""
        return bool(self._ask({"stopped": pid}))

    def _ask(self, request: Mapping[str, Any]) -> Any:
        into, out = self.process.stdin, self.process.stdout
        assert into is not None
        assert out is not None
        with self.lock:
            into.write(json.dumps(request) + "\n")
            into.flush()
            return json.loads(out.readline())


@dataclass(eq=False)
class Child:
    """A running program."""

    nursery: Nursery
    pid: int
    status: int | None = None

    @property
    def alive(self) -> bool:
        if self.status is None:
            self.status = self.nursery.ended(self.pid)
        return self.status is None

    def kill(self) -> None:
        """SIGKILL, from outside; it is gone when this returns."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            until(lambda: not self.alive, f"process {self.pid} is gone")

    def freeze(self) -> None:
        """SIGSTOP: it does nothing any more, and does not know."""
        os.kill(self.pid, signal.SIGSTOP)
        until(lambda: self.nursery.stopped(self.pid), f"process {self.pid} is stopped")

    def thaw(self) -> None:
        """SIGCONT: it goes on as if nothing had happened."""
        os.kill(self.pid, signal.SIGCONT)


@contextmanager
def nursery(program: str) -> Iterator[Nursery]:
    """Start a nursery for ``gateway``, ``brm_sim`` or ``siebel_sim``; whatever was started there ends with it."""
    command = [sys.executable, "-m", "tests.crash.nursery", str(os.getpid()), program]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for pytest, which then closes this
    ) as process:
        yield Nursery(process, program)


def _environment() -> dict[str, str]:
    """Return ours without settings of the products: those are each test's own."""
    settings = ("BRM_SIM_", "SIEBEL_SIM_", "O2C_CONFIG", "O2C_BARRIERS")
    return {name: value for name, value in os.environ.items() if not name.startswith(settings) and "__" not in name}
