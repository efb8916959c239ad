"""Each toolkit's evidence, made once for all tests and test processes of a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.interop.evidence import Evidence, gathered
from tests.interop.toolkits import TOOLKITS, MissingTool


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that all test processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "interop"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="session", params=sorted(TOOLKITS))
def evidence(request: pytest.FixtureRequest, shared: Path) -> Evidence:
    toolkit = TOOLKITS[request.param]
    try:
        toolkit.commands(shared)
    except MissingTool as missing:
        pytest.skip(str(missing))
    return gathered(toolkit, shared)
