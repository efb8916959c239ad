"""What the acceptance tests talk to: a gateway and its BRM, over HTTP, one pair a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.cut_site import Gateway, gateway_process, siebel_process
from tests.acceptance.orders import Customer
from tests.acceptance.site import Brm, Site, brm_server, site


@pytest.fixture(scope="session")
def served_brm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brm]:
    """Serve BRM."""
    with brm_server(tmp_path_factory.mktemp("brm")) as brm:
        yield brm


@pytest.fixture(scope="session")
def served_site(tmp_path_factory: pytest.TempPathFactory, served_brm: Brm) -> Iterator[Site]:
    """Serve a gateway; who consumes its queues is the tests' affair."""
    with site(tmp_path_factory.mktemp("gateway"), served_brm) as made:
        yield made


@pytest.fixture(scope="session")
def served_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve another pair in real time, for tests that start processes of their own."""
    with (
        brm_server(tmp_path_factory.mktemp("live-brm")) as brm,
        site(tmp_path_factory.mktemp("live"), brm, frozen=False) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def served_cut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Run a Siebel, a gateway and its worker as processes, and know a back office that reads a queue."""
    directory = tmp_path_factory.mktemp("cut")
    told = '[cut.subscribers.OFFICE_01]\nqueue = "OFFICE_QUEUE"\n'
    with (
        siebel_process(directory) as siebel,
        gateway_process(directory, siebel, told) as found,
        found.working(),
    ):
        yield found


@pytest.fixture
def world(served_site: Site) -> Iterator[Site]:
    """Give the gateway and its BRM; nothing of a test goes wrong in the next, and no response is left to it."""
    yield served_site
    served_site.brm.did("DELETE", "/faults")
    served_site.drain()
    served_site.responses()


@pytest.fixture
def live(served_live: Site) -> Iterator[Site]:
    """Give that pair; no message and no response of a test is left to the next."""
    yield served_live
    served_live.drain()
    served_live.responses()


@pytest.fixture
def customer(world: Site) -> Customer:
    """Give a customer of this test's own."""
    return world.customer()
