"""Draws requests: a valid message of an operation, in either version of SOAP, and what is done to it."""

from __future__ import annotations

from dataclasses import dataclass
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
_DIRECTORIES = (Path(__file__).parent / "seeds", _SAMPLES, _SAMPLES / "orders")
_SELDOM = st.integers(0, 4)
_NUMBERS = st.integers(0, 2**32 - 1)
_STEPS = st.lists(st.tuples(st.sampled_from(sorted(MUTATIONS)), _NUMBERS), min_size=1, max_size=3)
_HARMLESS_STEPS = st.lists(st.tuples(st.sampled_from(sorted(HARMLESS)), _NUMBERS), max_size=2)


@dataclass(frozen=True, slots=True)
class Known:
    """What the products know all about: an order, with ``10001`` in all its ids, and POIDs of a customer in BRM."""

    order: str
    account: str
    billinfo: str

    def told(self, body: str, number: int) -> str:
        """Give a body that names what is there, and what is not there yet by a number of its own."""
        renamed = body.replace("0.0.0.1 /account 101", self.account).replace("0.0.0.1 /billinfo 201", self.billinfo)
        return renamed.replace(">A-1<", f">A-{number}<").replace(">B-1<", f">B-{number}<")


def messages(contract: Contract, known: Known) -> st.SearchStrategy[Message]:
    """Draw requests to a service."""

    @st.composite
    def request(draw: st.DrawFn) -> Message:
        message = _valid(draw, contract, known)
        is_harmless = draw(st.integers(0, 2)) == 0
        table, steps = (HARMLESS, draw(_HARMLESS_STEPS)) if is_harmless else (MUTATIONS, draw(_STEPS))
        for name, number in steps:
            message = table[name](message, Random(number))  # noqa: S311 - a number of hypothesis becomes choices
        return message

    return request()  # its name is all that is told of it: a contract is long


def _valid(draw: st.DrawFn, contract: Contract, known: Known) -> Message:
    operation = draw(st.sampled_from(contract.operations))
    version = draw(st.sampled_from((SOAP_11, SOAP_12)))
    written = known.told(draw(st.sampled_from(bodies(contract, operation.input))), draw(_NUMBERS))
    if etree.QName(operation.input).localname in known.order[:200] and draw(_SELDOM) == 0:
        written = known.order.replace("10001", f"f{draw(_NUMBERS)}")
    header = "".join(_written(contract, block) for block in operation.headers) if draw(_SELDOM) == 0 else ""
    return Message(f"/services/{contract.name}", _headers(version), _envelope(version, header, written))


@cache
def bodies(contract: Contract, element: str) -> tuple[str, ...]:
    """Give valid bodies of an operation: made from the schema, seeds and samples."""
    made = [sample(contract, element, full=full) for full in (False, True)]
    files = (path for directory in _DIRECTORIES for path in sorted(directory.glob("*.xml")))
    found = [etree.fromstring(path.read_bytes()) for path in files]
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
