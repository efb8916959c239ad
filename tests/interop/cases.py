"""What every toolkit does: calls with full messages, made from the contracts, and a story of calls that take effect.

A new WSDL needs nothing here: each of its operations is called with a full example. A call that is to have an effect
is a file ``messages/<order>.<service>.<name>.xml``, the body as it is to arrive; ``….header.xml`` goes along in the
SOAP header. ``$account`` and the like stand for what differs from run to run (``Running.names``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Template

from lxml import etree

from soapkit.catalog import Contract, Operation, contracts_root, load
from soapkit.limits import parse
from soapkit.publish.samples import sample

MESSAGES = Path(__file__).parent / "messages"
_HEADER = ".header.xml"
_REPEATABLE = ("loopback", "missing", "refused")


@dataclass(frozen=True, slots=True)
class Case:
    """One call. ``message`` is the body element, ``header`` a header block; ``name`` is fit for a file.

    Contracts declare SOAP 1.1; ``version`` 1.2 is spoken on the same address.
    """

    name: str
    contract: Contract
    operation: Operation
    message: bytes
    header: bytes | None = None
    version: str = "1.1"


@cache
def contracts() -> Mapping[str, Contract]:
    """Return every contract in ``wsdl/``, by the name of its service."""
    found = [load(path) for path in sorted((contracts_root() / "wsdl").rglob("*.wsdl"))]
    return {contract.name: contract for contract in found}


def story(names: Mapping[str, str]) -> Iterator[Case]:
    """Give the calls that take effect, in their order."""
    for path in sorted(MESSAGES.glob("*.xml")):
        if not path.name.endswith(_HEADER):
            header = path.with_name(path.stem + _HEADER)
            yield _case(path, _said(path, names), _said(header, names) if header.exists() else None)


def in_soap_12(names: Mapping[str, str]) -> Iterator[Case]:
    """Give calls of the story that may come twice, to be made in SOAP 1.2."""
    for case in story(names):
        if case.name in _REPEATABLE:
            yield replace(case, name=f"{case.name}-soap12", version="1.2")


def full() -> Iterator[Case]:
    """Give one call of every operation of every contract, with all that its schema allows."""
    for contract in contracts().values():
        for operation in contract.operations:
            message = etree.tostring(sample(contract, operation.input, full=True))
            yield Case(f"{contract.name}.{operation.name}", contract, operation, message)


def _case(path: Path, message: bytes, header: bytes | None) -> Case:
    _, service, name, _ = path.name.split(".")
    contract = contracts()[service]
    operation = contract.by_input(parse(message).tag)
    assert operation is not None, f"{path.name}: {service} takes no such message"
    return Case(name, contract, operation, message, header)


def _said(path: Path, names: Mapping[str, str]) -> bytes:
    return Template(path.read_text()).substitute(names).encode()
