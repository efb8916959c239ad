"""Every rule holds in both editions and both versions of SOAP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.store.unit_of_work import SqlDatabase
from tests.addressing.later import Later
from tests.addressing.messages import EDITIONS, VERSIONS, WAYS, Way
from tests.addressing.receiver import Receiver, receiver


@pytest.fixture(params=WAYS, ids=lambda way: f"addressing-{way[0]}-soap-{way[1]}")
def way(request: pytest.FixtureRequest) -> Way:
    """Return one edition in one version of SOAP."""
    edition, version = request.param
    return Way(EDITIONS[edition], VERSIONS[version])


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    """Yield an empty gateway database."""
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def served_partner() -> Iterator[Receiver]:
    """Serve a partner over HTTP."""
    with receiver() as served:
        yield served


@pytest.fixture
def partner(served_partner: Receiver) -> Receiver:
    """Return a partner that has received nothing yet and takes everything."""
    served_partner.received.clear()
    served_partner.statuses.clear()
    return served_partner


@pytest.fixture
def later(database: SqlDatabase, partner: Receiver) -> Later:
    """Return a site where that partner is registered."""
    return Later(database, {"OSM": f"{partner.url}/replies"})
