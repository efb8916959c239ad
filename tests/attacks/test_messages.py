"""Every message on file, against every product, over every server, in every version of SOAP it can be written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.answers import leaks, read_answer, read_fault
from tests.attacks.cases import NAMESPACES, Case, cases, values
from tests.attacks.conftest import Listener
from tests.attacks.corpus import Attack
from tests.attacks.landscape import CUT, SIEBEL, Landscape, Target
from tests.attacks.processes import allowance
from tests.attacks.wire import Reply, send

_ALSO = {SIEBEL: ("Server",), CUT: ("Server",)}
"""Siebel says Server, whoever is at fault; what it refuses of a workflow's is told as it says it."""
_IN_SIEBELS_WORDS = {
    "[operation": "(SBL-EAI-04313)",
    "[soap-action": "(SBL-EAI-04313)",
    "action": "(SBL-EAI-04313)",
    "understood": "(SBL-EAI-08000)",
}
"""What it says where others name a rule of ours."""
_LONG = 100_000
"""Bytes of an answer that nobody takes for a weapon."""


@pytest.mark.parametrize("case", cases("messages"), ids=str)
def test_an_attack_is_answered_with_a_fault_at_little_cost_and_learns_nothing(
    scene: Landscape, listener: Listener, canary: Path, case: Case
) -> None:
    target, version = scene.target(case.product, case.kind), NAMESPACES[case.version]
    known = values(scene, target, version) | {"listener": listener.url, "canary": canary.as_uri()}
    message = case.attack.written(known)
    if case.attack.twice:
        send(target.url, message)

    with allowance(target.pid):
        reply = send(target.url, message)

    _check(reply, case.attack, target, version)
    assert len(reply.content) < max(_LONG, len(message)), "an answer that is a weapon"
    assert leaks(reply, message) == []
    assert canary.read_bytes() not in reply.content
    assert not listener.seen()
    target.still_serves()


def _check(reply: Reply, attack: Attack, target: Target, version: str) -> None:
    if reply.status in attack.plain:
        return
    if attack.harmless and reply.status in (200, 202):
        read_answer(reply, target.contract)
        return
    told = read_fault(reply, target.contract)
    assert told.version == version, f"a fault of another version: {reply}"
    assert told.code in (*attack.code.split(), *_ALSO.get(target.product, ())), f"a fault of another code: {reply}"
    assert attack.status in (None, reply.status), f"another status: {reply}"
    texts = [*attack.says, *(_IN_SIEBELS_WORDS.get(text, text) for text in attack.says if target.product == SIEBEL)]
    assert not texts or any(text in told.words for text in texts), f"a fault that says something else: {reply}"
