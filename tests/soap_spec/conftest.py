"""The site of the cases, served by each of the two servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.servers import KINDS, running_server


@pytest.fixture(scope="session", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve with one process, so that what a call has done can be asked for."""
    with running_server(request.param, "tests.soap_spec.site:site") as served:
        yield served.url
