"""A Siebel simulator for the module, emptied for each test; a gateway on either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from siebel_sim.server import build
from siebel_sim.settings import Settings
from soapkit.catalog import contracts_root
from soapkit.server import running
from tests.cut.partner import Partner, partner
from tests.cut.site import Site, control_token, site
from tests.siebel_sim.simulator import Simulator


@pytest.fixture(scope="module")
def running_siebel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Run a simulator of the shipped contracts over HTTP."""
    url = f"sqlite:///{tmp_path_factory.mktemp('siebel') / 'siebel.sqlite'}"

    def settings(address: str) -> Settings:
        given = {"url": url, "public_url": address, "control_token": control_token()}
        return Settings.model_validate(given | {"contracts": contracts_root() / "wsdl" / "siebel"})

    with ExitStack() as stack:
        address = stack.enter_context(
            running(lambda address: stack.enter_context(closing(build(settings(address)))), threads=8)
        )
        yield Simulator(address, folder=contracts_root() / "wsdl" / "siebel")


@pytest.fixture
def siebel(running_siebel: Simulator) -> Simulator:
    """Return the simulator, empty."""
    running_siebel.did("POST", "/reset")
    return running_siebel


@pytest.fixture
def gateway(tmp_path: Path, siebel: Simulator) -> Iterator[Site]:
    """Run a gateway on SQLite, without subscribers."""
    with site(f"sqlite:///{tmp_path / 'gateway.db'}", siebel.address) as made:
        yield made


@pytest.fixture
def back_office() -> Iterator[Partner]:
    """Run a subscriber."""
    with partner() as made:
        yield made
