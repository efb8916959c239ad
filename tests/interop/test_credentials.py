"""Partners prove who they are by a UsernameToken: as digest where the toolkit knows how, else as text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from tests.interop.cases import story
from tests.interop.places import Running
from tests.interop.processes import Guard, started
from tests.interop.script import Script
from tests.interop.toolkits import TOOLKITS, MissingTool, Toolkit

GUARD = Guard("osm", "correct horse battery staple")
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
CALL = "refused"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded") / "exchanges"


@pytest.fixture(scope="module")
def guarded(exchanges: Path) -> Iterator[Running]:
    with started(exchanges.parent, exchanges, guard=GUARD) as running:
        yield running


@pytest.fixture(params=sorted(TOOLKITS))
def toolkit(request: pytest.FixtureRequest, tmp_path: Path) -> Toolkit:
    chosen = TOOLKITS[request.param]
    try:
        chosen.commands(tmp_path)
    except MissingTool as missing:
        pytest.skip(str(missing))
    return chosen


def let_loose(toolkit: Toolkit, directory: Path, running: Running, who: Guard) -> Script:
    """Make one call: of an order that is refused for what it says, if its sender is known."""
    [case] = [case for case in story(running.names) if case.name == CALL]
    directory.mkdir()
    script = Script(directory)
    service = case.contract.name
    script.write({service: running.services()[service].replace("?wsdl", f"?{toolkit.query}")}, [case])
    script.log_in(who.user, who.password)
    toolkit.run(directory)
    return script


def test_a_known_user_is_let_in_and_a_stranger_is_not(
    toolkit: Toolkit, guarded: Running, exchanges: Path, tmp_path: Path
) -> None:
    known = let_loose(toolkit, tmp_path / "known", guarded, GUARD)
    sent = etree.fromstring(max(exchanges.glob(f"{CALL}*.request"), key=_made).read_bytes())
    stranger = let_loose(toolkit, tmp_path / "stranger", guarded, Guard(toolkit.name, "guessed"))

    assert known.facts("fault") == [(CALL, toolkit.faults["Fault"])]
    assert sent.findtext(f".//{{{WSSE}}}Username") == GUARD.user
    assert [name for name, _ in stranger.facts("error")] == [CALL]
    answer = max(exchanges.glob(f"{CALL}*.response"), key=_made).read_text()
    assert "FailedAuthentication" in answer


def _made(path: Path) -> int:
    return path.stat().st_mtime_ns
