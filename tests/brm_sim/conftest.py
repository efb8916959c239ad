"""A simulator for each test: in this process on either database, and over real HTTP on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from brm_sim.server import build
from brm_sim.settings import Settings
from soapkit.server import running
from tests.brm_sim.simulator import TOKEN, Simulator


def settings(url: str, **changes: object) -> Settings:
    """Give settings for a test."""
    return Settings.model_validate({"url": url, "control_token": SecretStr(TOKEN), "lock_wait": 0.3, **changes})


@pytest.fixture
def simulator(database_url: str) -> Iterator[Simulator]:
    """Run a simulator in this process, on SQLite and on PostgreSQL."""
    address = "http://simulator.test"
    with closing(build(settings(database_url, public_url=address))) as app:
        yield Simulator(address, app)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator over real HTTP."""
    url = f"sqlite:///{tmp_path / 'remote.sqlite'}"
    with ExitStack() as stack:
        address = stack.enter_context(
            running(lambda address: stack.enter_context(closing(build(settings(url, public_url=address)))))
        )
        yield Simulator(address)
