"""The product's own processes, as an operator starts them."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from tests.acceptance.site import Site, eventually

Child = subprocess.Popen[str]


def environment(state: Path, **variables: str) -> dict[str, str]:
    """Give the environment of a process that knows no settings but these."""
    ours = ("O2C_", "BRM_SIM_", "SIEBEL_SIM_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    file = state / "o2c.toml"
    file.touch()
    known = {"O2C_CONFIG": str(file), "HOME": str(state), "COLUMNS": "200", "NO_COLOR": "1"}
    siebel = {"O2C_SIEBEL__SEBL_01__URL": f"http://127.0.0.1:{spare_port()}"}  # never one that another test has
    return kept | known | siebel | variables


def beside(site: Site, **variables: str) -> dict[str, str]:
    """Give the environment of a process that shares database and BRM with a site."""
    known = {
        "O2C_GATEWAY__DATABASE": f"sqlite:///{site.directory / 'gateway.sqlite'}",
        "O2C_BRM__BRM_01__URL": site.brm.address,
    }
    return environment(site.directory, **(known | variables))


def o2c(*arguments: str, env: Mapping[str, str], cwd: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of `o2c` to its end."""
    command = [sys.executable, "-m", "gateway", *arguments]
    return subprocess.run(
        command, env=dict(env), cwd=cwd, input=given, capture_output=True, text=True, timeout=120, check=False
    )


def spare_port() -> int:
    """Choose a port that stays free until it is used: none of those that are given to whoever asks for any."""
    for port in random.SystemRandom().sample(range(20000, 30000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextmanager
def started(*arguments: str, env: Mapping[str, str], cwd: Path) -> Iterator[Child]:
    """Run a command of `o2c` that serves until it is told to stop; what it says goes to a file there."""
    command = [sys.executable, "-m", "gateway", *arguments]
    with (cwd / "said.txt").open("w") as said:
        child = subprocess.Popen(command, env=dict(env), cwd=cwd, stdout=said, stderr=said, text=True)
        try:
            yield child
        finally:
            child.terminate()
            child.wait(40)


def answering(url: str, child: Child) -> None:
    """Wait, within bounds, until something answers there."""

    def asked() -> Any:
        assert child.poll() is None, f"it ended with status {child.returncode}"
        try:
            return urllib3.request("GET", url, retries=False, timeout=2)
        except urllib3.exceptions.HTTPError:
            return None

    eventually(asked, seconds=60)
