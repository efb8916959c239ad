"""Where a message is let in, whether it came over SOAP or by a queue: bytes → an element that its contract allows."""

from __future__ import annotations

from lxml import etree

from gateway.errors import InvalidMessage
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, Violation
from soapkit.faults import InvalidAnswer, Refused
from soapkit.limits import Limits, parse

_MOST_TOLD = 5
DEFAULT_LIMITS = Limits()


def admit(body: bytes, contract: Contract, operation: str, limits: Limits) -> Element:
    """Parse a message and check it against its contract.

    Raises InvalidMessage naming element and rule: not well-formed, too large, not the operation's input, not valid.
    """
    element = parsed(body, limits)
    expected = contract.operation(operation).input
    if element.tag != expected:
        found, wanted = etree.QName(element).localname, etree.QName(expected).localname
        raise InvalidMessage(
            f"{operation} takes {wanted} of {etree.QName(expected).namespace}, not {found}", element=f"/{found}"
        )
    violations = contract.check(element)
    if violations:
        first = violations[0]  # in the words of the SOAP edge: an error queue says what a fault would have said
        refused = Refused(first.rule, first.text, path=first.path, line=first.line)
        raise InvalidMessage(str(refused), element=first.path)
    return element


def parsed(body: bytes, limits: Limits) -> Element:
    """Parse a message; raises InvalidMessage."""
    try:
        return parse(body, limits)
    except Refused as refused:
        raise InvalidMessage(str(refused), element=refused.path) from refused


def checked(element: Element, contract: Contract) -> Element:
    """Return an answer of ours, checked against its contract; raises InvalidAnswer, which is a fault of the program."""
    violations = contract.check(element)
    if violations:
        raise InvalidAnswer("; ".join(map(_told, violations[:_MOST_TOLD])))
    return element


def _told(violation: Violation) -> str:
    return f"{violation.path}: {violation.text} [{violation.rule}]"


def canonical(element: Element) -> bytes:
    """Return the bytes that are the same for the same content: exclusive canonical XML."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
