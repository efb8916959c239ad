"""Example envelopes of an operation: its request, its response, its faults; in both versions of SOAP."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from soapkit.catalog import Contract, Operation
from soapkit.envelope import wrap, wrap_fault
from soapkit.faults import Fault, FaultCode
from soapkit.publish.samples import sample
from soapkit.versions import Version

VERSIONS: Mapping[str, Version] = {"1.1": Version.SOAP_11, "1.2": Version.SOAP_12}
REQUEST = "request"
RESPONSE = "response"
FAULT = "fault"
_KEPT = 2048


@lru_cache(_KEPT)
def example(contract: Contract, operation: str, part: str, version: Version, *, full: bool) -> bytes | None:
    """Return an envelope, laid out for people.

    ``part`` is ``request``, ``response``, or ``fault:`` and a fault's name. None when there is no such operation, or
    it has no such part.
    """
    found = next((each for each in contract.operations if each.name == operation), None)
    return None if found is None else _example(contract, found, part, version, full=full)


def _example(contract: Contract, operation: Operation, part: str, version: Version, *, full: bool) -> bytes | None:
    if part == REQUEST:
        return _laid_out(wrap(sample(contract, operation.input, full=full), version=version))
    if part == RESPONSE:
        output = operation.output
        return None if output is None else _laid_out(wrap(sample(contract, output, full=full), version=version))
    element = operation.faults.get(part.removeprefix(f"{FAULT}:"))
    if element is None:
        return None
    fault = Fault(FaultCode.SERVER, "What went wrong, in words", sample(contract, element, full=full))
    return _laid_out(wrap_fault(fault, version=version))


@lru_cache(_KEPT)
def header_block(contract: Contract, element: str) -> str:
    """Return an example of a declared header block, laid out for people."""
    made = sample(contract, element, full=True)
    etree.indent(made)
    return etree.tostring(made, encoding="unicode")


def _laid_out(envelope: bytes) -> bytes:
    root = etree.fromstring(envelope)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
