"""What is published: nobody reads more than the contract, nobody writes into it, and only who may reads it at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attacks.answers import leaks
from tests.attacks.cases import Case, cases, values
from tests.attacks.conftest import Listener
from tests.attacks.landscape import PUBLIC, Landscape
from tests.attacks.processes import allowance
from tests.attacks.wire import send

_PUBLISHED = {"select X from ", "zeep"}
"""What documents say on purpose: how a search is written, and what makes stubs."""
_LOCATION = re.compile(rb'location="(http[^"/]*//[^"/]*)', re.IGNORECASE)


@pytest.mark.parametrize("case", cases("documents"), ids=str)
def test_a_request_for_more_than_the_contract_gets_no_more_than_the_contract(
    scene: Landscape, listener: Listener, canary: Path, case: Case
) -> None:
    target = scene.target(case.product, case.kind)
    known = values(scene, target) | {"listener": listener.url, "canary": canary.as_uri()}
    asked = case.attack.written(known)

    with allowance(target.pid):
        reply = send(target.url, asked)

    assert reply.status in case.attack.plain, str(reply)
    assert set(leaks(reply, asked)) <= (_PUBLISHED if reply.status == 200 else set())
    assert set(_LOCATION.findall(reply.content)) <= {PUBLIC.encode()}
    for forbidden in (b"evil.example", b"<script>alert", canary.read_bytes()):
        assert forbidden not in reply.content
    assert not listener.seen()
    target.still_serves()
