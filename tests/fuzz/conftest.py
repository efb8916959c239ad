"""The processes that the fuzzer sends to: those of the attacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.attacks.landscape import Landscape, landscape


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    """Run gateway and simulator over each server."""
    with landscape(tmp_path_factory.mktemp("fuzzed")) as made:
        yield made
