"""Child processes of `o2c up` and `o2c demo`: started, waited for until they answer, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import stamina
import urllib3

from gateway.cli.output import Failed

_STOP_SECONDS = 15.0
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """One child: a Python module with arguments, what it needs in its environment, and the address that shows it is up.

    ``log`` takes its output; None lets it through to this terminal.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: str = ""
    log: Path | None = None


class _NotReady(Exception):
    """The program does not answer yet."""


class Process:
    """A running program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        command = [sys.executable, "-m", program.module, *program.arguments]
        with ExitStack() as opened:
            out = None if program.log is None else opened.enter_context(program.log.open("ab"))
            self._child = subprocess.Popen(  # noqa: S603 - our own modules
                command, env={**os.environ, **program.environment}, stdout=out, stderr=out, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._child.poll()

    def wait_until_ready(self, asked: Asked) -> None:
        """Wait until the program answers at its ``ready`` address; Failed when it ends, or takes too long."""
        if not self.program.ready:
            return
        for attempt in stamina.retry_context(
            on=_NotReady, attempts=None, timeout=_READY_SECONDS, wait_initial=0.05, wait_max=0.5, wait_jitter=0
        ):
            asked.check()
            with attempt:
                self._ask()

    def _ask(self) -> None:
        if self.exit_code is not None:
            where = f"; see {self.program.log}" if self.program.log else ""
            raise Failed(f"{self.program.name} ended with status {self.exit_code} before it was ready{where}")
        try:
            if self.program.ready.startswith("https:"):  # whose certificate it shows is for its callers to judge
                _connect(self.program.ready)
            else:
                urllib3.request("GET", self.program.ready, timeout=2.0, retries=False)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise _NotReady(self.program.name) from error

    def stop(self) -> None:
        """Ask it to finish what it does, and insist after a while."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


@contextmanager
def running(programs: Sequence[Program]) -> Iterator[list[Process]]:
    """Run programs, one after the other once each is ready; all are stopped at the end, the last one first.

    SIGTERM is an end as well, also while they start: nothing is left behind then. Main thread only.
    """
    asked = Asked()
    signal.signal(signal.SIGTERM, asked.to_end)
    signal.signal(signal.SIGINT, asked.to_break_off)
    with ExitStack() as stack:
        processes = []
        for program in programs:
            _check_free(program)
            with _undisturbed():
                process = Process(program)
                stack.callback(process.stop)
            process.wait_until_ready(asked)
            processes.append(process)
        asked.check()
        yield processes


class Asked:
    """What this process was asked by a signal: kept, for Python drops what a handler raises within a finalizer."""

    def __init__(self) -> None:
        self._wanted: BaseException | None = None

    def to_end(self, *_: object) -> NoReturn:
        """End as if all was done."""
        self._wanted = SystemExit(0)
        raise self._wanted

    def to_break_off(self, *_: object) -> NoReturn:
        """End as Ctrl-C does."""
        self._wanted = KeyboardInterrupt()
        raise self._wanted

    def check(self) -> None:
        """Raise what was asked for."""
        if self._wanted is not None:
            raise self._wanted


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold SIGTERM and SIGINT back until the block is left: a child is there a moment before it can be stopped.

    They are not blocked, because a child would begin with them blocked.
    """
    came: list[int] = []
    kept = {
        number: signal.signal(number, lambda each, _: came.append(each)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    for each in came:
        signal.raise_signal(each)


def _check_free(program: Program) -> None:
    """Refuse to start beside another that answers there already: its answers would be taken for the new one's."""
    if not program.ready:
        return
    try:
        _connect(program.ready)
    except OSError:
        return
    raise Failed(f"{program.name}: something listens on {urlsplit(program.ready).netloc} already; is it running?")


def _connect(address: str) -> None:
    at = urlsplit(address)
    socket.create_connection((at.hostname or "", at.port or 80), timeout=2.0).close()


def wait_for_any_end(processes: Sequence[Process]) -> Process | None:
    """Return the first process that ends by itself, or None when a signal asked this one to stop."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    while not asked.wait(0.5):
        ended = next((process for process in processes if process.exit_code is not None), None)
        if ended is not None:
            return ended
    return None


def free_port() -> int:
    """Return a TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
