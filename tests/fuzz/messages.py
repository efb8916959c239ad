"""Draws requests: a valid message of an operation, in either version of SOAP, and what is done to it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

from hypothesis import strategies as st
from lxml import etree

from soapkit.catalog import Contract
from soapkit.publish.samples import sample
from tests.attacks.answers import MEDIA_TYPES, SOAP_11, SOAP_12
from tests.fuzz.mutations import HARMLESS, MUTATIONS, Message

_SAMPLES = Path(__file__).parents[1] / "samples"
_NUMBERS = st.integers(0, 2**32 - 1)
_STEPS = st.lists(st.tuples(st.sampled_from(sorted(MUTATIONS)), _NUMBERS), min_size=1, max_size=3)
_HARMLESS_STEPS = st.lists(st.tuples(st.sampled_from(sorted(HARMLESS)), _NUMBERS), max_size=2)


def messages(contract: Contract, order: str) -> st.SearchStrategy[Message]:
    """Draw requests to a service; ``order`` is one that the gateway knows all about, with ``10001`` in all its ids."""

    @st.composite
    def request(draw: st.DrawFn) -> Message:
        message = _valid(draw, contract, order)
        is_harmless = draw(st.integers(0, 2)) == 0
        table, steps = (HARMLESS, draw(_HARMLESS_STEPS)) if is_harmless else (MUTATIONS, draw(_STEPS))
        for name, number in steps:
            message = table[name](message, Random(number))  # noqa: S311 - a number of hypothesis becomes choices
        return message

    return request()  # its name is all that is told of it: a contract is long


def _valid(draw: st.DrawFn, contract: Contract, order: str) -> Message:
    operation = draw(st.sampled_from(contract.operations))
    version = draw(st.sampled_from((SOAP_11, SOAP_12)))
    written = draw(st.sampled_from(bodies(contract, operation.input)))
    if etree.QName(operation.input).localname in order[:200] and draw(st.integers(0, 9)) == 0:
        written = order.replace("10001", f"f{draw(_NUMBERS)}")
    header = "".join(_written(contract, block) for block in operation.headers) if draw(st.booleans()) else ""
    return Message(f"/services/{contract.name}", _headers(version), _envelope(version, header, written))


@cache
def bodies(contract: Contract, element: str) -> tuple[str, ...]:
    """Give valid bodies of an operation: made from the schema, and those of tests/samples."""
    made = [sample(contract, element, full=full) for full in (False, True)]
    found = [etree.fromstring(path.read_bytes()) for path in sorted(_SAMPLES.glob("*.xml"))]
    valid = [each for each in found if each.tag == element and contract.check(each) == ()]
    return tuple(etree.tostring(each, encoding="unicode", with_tail=False) for each in (*made, *valid))


@cache
def _written(contract: Contract, block: str) -> str:
    return etree.tostring(sample(contract, block, full=True), encoding="unicode", with_tail=False)


def _headers(version: str) -> dict[str, str]:
    headers = {"Content-Type": f"{MEDIA_TYPES[version]}; charset=utf-8"}
    return headers | {"SOAPAction": '""'} if version == SOAP_11 else headers


def _envelope(version: str, header: str, body: str) -> bytes:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{version}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()
