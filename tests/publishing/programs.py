"""Programs that tests of publishing need besides Python: found, or the test says which package has them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_STARTED_SECONDS = 20.0
_SBIN = "/usr/sbin"


def program(name: str, package: str) -> str:
    """Return the path of a program; without it the test is skipped, and says how to get it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SBIN}")
    if found is None:
        pytest.skip(f"{name} is not installed; apt-get install {package}")
    return found


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


@contextmanager
def started(
    command: Sequence[str], port: int, said: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a program until the block ends; the block begins once the program listens on ``port``."""
    with (
        said.open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment) as process,
    ):
        try:
            _wait_for(port, process, said)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + _STARTED_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, said.read_text()
        with socket.socket() as knocking:
            knocking.settimeout(0.1)
            if knocking.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(f"nothing listens on {port}: {said.read_text()}")
