"""What starts the products' processes quickly, once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.crash.processes import Nursery
from tests.sync.programs import nurseries as started


@pytest.fixture(scope="session")
def nurseries() -> Iterator[Mapping[str, Nursery]]:
    """Yield what starts each product."""
    with started() as made:
        yield made
