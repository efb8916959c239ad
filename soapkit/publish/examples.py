"""Example envelopes of an operation: its request, its response, its faults; in both versions of SOAP.

A request that somebody has written, ``samples/<Element>.xml`` beside the WSDL, is better than one made from the schema:
it is the example that is not full.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from lxml import etree

from soapkit.catalog import Contract, ContractError, Operation
from soapkit.envelope import wrap, wrap_fault
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.limits import parse
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
        written = None if full else written_request(contract, operation)
        body = written if written is not None else sample(contract, operation.input, full=full)
        return _laid_out(wrap(body, version=version))
    if part == RESPONSE:
        output = operation.output
        return None if output is None else _laid_out(wrap(sample(contract, output, full=full), version=version))
    element = operation.faults.get(part.removeprefix(f"{FAULT}:"))
    if element is None:
        return None
    fault = Fault(FaultCode.SERVER, "What went wrong, in words", sample(contract, element, full=full))
    return _laid_out(wrap_fault(fault, version=version))


def written_request(contract: Contract, operation: Operation) -> etree._Element | None:
    """Read the request that lies beside the contract, if one does. Raises ContractError when it is not valid."""
    name = f"{etree.QName(operation.input).localname}.xml"
    file = contract.documents[contract.wsdl].parent / "samples" / name
    if not file.is_file():
        return None
    try:
        body = parse(file.read_bytes())
    except Refused as error:
        raise ContractError(f"samples/{name}: {error.text}") from error
    if body.tag != operation.input:
        raise ContractError(f"samples/{name} is {body.tag}, not {operation.input}")
    for wrong in contract.check(body):
        raise ContractError(f"samples/{name}: {wrong.path}: {wrong.text}")
    return body


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
