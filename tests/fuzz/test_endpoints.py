"""Thousands of mutated messages to every endpoint, over both servers: a valid answer or a valid fault, nothing else.

O2C_FUZZ_EXAMPLES says how many messages each endpoint gets over waitress; granian gets a quarter of that. The same are
drawn in every run, unless O2C_FUZZ_SEED names another beginning.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from soapkit.catalog import Contract
from tests.attacks.landscape import BRM, GATEWAY, PRODUCTS_AND_SERVERS, SIEBEL, Landscape, Target, contracts_of
from tests.attacks.wire import send
from tests.fuzz import failures
from tests.fuzz.calling import Caller, Tally, judge
from tests.fuzz.messages import Known, messages
from tests.fuzz.mutations import Message
from tests.serving.servers import KINDS

_EXAMPLES = {"waitress": int(os.environ.get("O2C_FUZZ_EXAMPLES", "200"))}
_EXAMPLES["granian"] = _EXAMPLES["waitress"] // 4
_SEED = os.environ.get("O2C_FUZZ_SEED")
_SERVED = (GATEWAY, BRM, SIEBEL)
_TOO_FEW = 100
"""Of fewer messages, shares say little."""


@dataclass(frozen=True, slots=True)
class Case:
    """A service of a product behind a server."""

    product: str
    kind: str
    contract: Contract

    def __str__(self) -> str:
        return f"{self.product}-{self.kind}-{self.contract.name}"


CASES = [Case(product, kind, contract) for product, kind in PRODUCTS_AND_SERVERS for contract in contracts_of(product)]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_whatever_is_sent_is_answered_or_refused_in_order(
    scene: Landscape, tmp_path: Path, record_property: Callable[[str, object], None], case: Case
) -> None:
    contract = case.contract
    known = Known(scene.order.decode(), scene.customer.account_poid, scene.customer.billinfo)
    target, tally = scene.target(case.product, case.kind), Tally()
    said = target.said.stat().st_size
    with closing(Caller(target.url)) as caller:

        @_profile(_EXAMPLES[case.kind])
        @given(messages(contract, known))
        def fuzz(message: Message) -> None:
            (tmp_path / "last.http").write_bytes(failures.written(message))  # where to look when this fails
            reply = caller.call(message)
            judge(reply, message, contract)
            tally.count(message, contract, reply)

        fuzz()

    record_property("tally", str(tally))
    _check_shares(tally)
    _check_said_nothing_of_a_traceback(target, said)
    target.still_serves()


def _profile(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Draw the same in every run, and stop at the first failure, made small."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=_SEED is None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    return chosen if _SEED is None else lambda test: seed(int(_SEED))(chosen(test))


def _check_shares(tally: Tally) -> None:
    """Check that handlers were reached: at least 30 % are well-formed, and 10 % valid."""
    if tally.sent >= _TOO_FEW:
        assert tally.well_formed >= 0.3 * tally.sent, str(tally)
        assert tally.valid >= 0.1 * tally.sent, str(tally)


def _check_said_nothing_of_a_traceback(target: Target, since: int) -> None:
    with target.said.open("rb") as said:
        said.seek(since)
        assert b"Traceback" not in said.read()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", failures.known(), ids=lambda path: path.stem)
def test_what_once_failed_does_not_fail_again(scene: Landscape, kind: str, kept: Path) -> None:
    message = failures.read(kept)
    product, contract = _served_at(message.path)
    target = scene.target(product, kind)
    with closing(Caller(target.url)) as caller:
        judge(caller.call(message), message, contract)
    target.still_serves()


def _served_at(path: str) -> tuple[str, Contract]:
    found = ((product, contract) for product in _SERVED for contract in contracts_of(product))
    return next((product, contract) for product, contract in found if path == f"/services/{contract.name}")


@pytest.mark.parametrize("product", _SERVED)
def test_every_service_of_a_product_is_sent_to(scene: Landscape, product: str) -> None:
    target = scene.target(product, "waitress")

    listed = send(target.url, b"GET /services/?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    for contract in contracts_of(product):
        assert f'"{contract.name}"' in listed.content.decode()
    assert listed.content.count(b'"wsdl":') == len(contracts_of(product))
