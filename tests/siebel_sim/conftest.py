"""A simulator for each test, over the sample contracts: in this process on either database, and over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from siebel_sim.server import build
from siebel_sim.settings import Settings
from soapkit.catalog import contracts_root
from soapkit.server import running
from tests.siebel_sim.simulator import SAMPLES, TOKEN, Simulator

ADDRESS = "http://siebel.test"
INSTALLED = contracts_root() / "wsdl" / "siebel"


def settings(url: str, **changes: object) -> Settings:
    """Give settings for a test."""
    given = {"url": url, "contracts": SAMPLES, "control_token": SecretStr(TOKEN), "public_url": ADDRESS}
    return Settings.model_validate(given | changes)


@pytest.fixture
def siebel(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator in this process, on SQLite."""
    with closing(build(settings(f"sqlite:///{tmp_path / 'siebel.sqlite'}"))) as app:
        yield Simulator(ADDRESS, app)


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run one simulator of the installed contracts for all tests: there are many tables."""
    url = f"sqlite:///{tmp_path_factory.mktemp('installed') / 'siebel.sqlite'}"
    with closing(build(settings(url, contracts=INSTALLED))) as app:
        yield Simulator(ADDRESS, app, INSTALLED)


@pytest.fixture
def installed(installed_once: Simulator) -> Simulator:
    """Give the simulator of the installed contracts, emptied."""
    installed_once.did("POST", "/reset")
    return installed_once


@pytest.fixture
def on_both(database_url: str) -> Iterator[Simulator]:
    """Run a simulator in this process, on SQLite and on PostgreSQL."""
    with closing(build(settings(database_url))) as app:
        yield Simulator(ADDRESS, app)


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Simulator]:
    """Run a simulator over real HTTP."""
    url = f"sqlite:///{tmp_path / 'remote.sqlite'}"
    with ExitStack() as stack:
        address = stack.enter_context(
            running(lambda address: stack.enter_context(closing(build(settings(url, public_url=address)))))
        )
        yield Simulator(address)
