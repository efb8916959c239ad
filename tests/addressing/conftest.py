"""Every rule holds in both editions and both versions of SOAP."""

from __future__ import annotations

import pytest

from tests.addressing.messages import EDITIONS, VERSIONS, WAYS, Way


@pytest.fixture(params=WAYS, ids=lambda way: f"addressing-{way[0]}-soap-{way[1]}")
def way(request: pytest.FixtureRequest) -> Way:
    """Return one edition in one version of SOAP."""
    edition, version = request.param
    return Way(EDITIONS[edition], VERSIONS[version])
