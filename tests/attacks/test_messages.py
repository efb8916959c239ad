"""Every attack on file, against every product, over every server, in every version of SOAP it can be written in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.answers import MEDIA_TYPES, SOAP_11, SOAP_12, leaks, read_answer, read_fault
from tests.attacks.conftest import Listener
from tests.attacks.corpus import Attack, attacks
from tests.attacks.landscape import PRODUCTS_AND_SERVERS, Landscape, Target
from tests.attacks.processes import allowance
from tests.attacks.wire import Reply, send

_IN_THE_FILE = "content-of-a-file-4711"
_LONGEST = 100_000
_VERSIONS = {"1.1": SOAP_11, "1.2": SOAP_12}


@dataclass(frozen=True, slots=True)
class Case:
    """An attack on a product behind a server, in a version of SOAP (1.1, 1.2)."""

    product: str
    kind: str
    version: str
    attack: Attack

    def __str__(self) -> str:
        return f"{self.product}-{self.kind}-{self.version}-{self.attack.name}"


CASES = [
    Case(product, kind, version, attack)
    for product, kind in PRODUCTS_AND_SERVERS
    for attack in attacks()
    for version in attack.versions
    if attack.concerns(product)
]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    file = tmp_path / "canary.txt"
    file.write_text(_IN_THE_FILE)
    return file


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_attack_is_answered_with_a_fault_at_little_cost_and_learns_nothing(
    scene: Landscape, listener: Listener, canary: Path, case: Case
) -> None:
    target, version = scene.target(case.product, case.kind), _VERSIONS[case.version]
    message = case.attack.written(_values(target, version) | {"listener": listener.url, "canary": canary.as_uri()})

    with allowance(target.pid):
        reply = send(target.url, message)

    _check(reply, case.attack, target, version)
    assert leaks(reply, message) == []
    assert _IN_THE_FILE.encode() not in reply.content
    assert not listener.seen()
    target.still_serves()


def _values(target: Target, version: str) -> dict[str, str]:
    media = MEDIA_TYPES[version]
    known = {"path": target.path, "soap": version, "media": media, "type": f"{media}; charset=utf-8"}
    return known | {"good": target.good.decode().strip()}


def _check(reply: Reply, attack: Attack, target: Target, version: str) -> None:
    if reply.status in attack.plain:
        return
    if attack.harmless and reply.status in (200, 202):
        read_answer(reply, target.contract)
        return
    told = read_fault(reply, target.contract)
    assert len(reply.content) < _LONGEST, "an answer that grows with the question"
    assert told.version == version, f"a fault of another version: {reply}"
    assert told.code in attack.code.split(), f"a fault of another code: {reply}"
    assert attack.status in (None, reply.status), f"another status: {reply}"
    assert not attack.says or any(text in told.text for text in attack.says), (
        f"a fault that says something else: {reply}"
    )
