"""Programs that tests of publishing need besides Python: found, or the test says which package has them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving.servers import is_listening, wait_for

_SBIN = "/usr/sbin"


def program(name: str, package: str) -> str:
    """Return the path of a program; without it the test is skipped, and says how to get it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SBIN}")
    if found is None:
        pytest.skip(f"{name} is not installed; apt-get install {package}")
    return found


@contextmanager
def started(command: Sequence[str], port: int, said: Path) -> Iterator[None]:
    """Run a program until the block ends; the block begins once the program listens on ``port``."""
    with (
        said.open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as process,
    ):
        try:
            wait_for(lambda: is_listening(port), process, said)
            yield
        finally:
            process.terminate()
