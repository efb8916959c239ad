"""Header blocks → message addressing properties (Core 1.0, 3; SOAP Binding 1.0, 3): read whole, checked one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from lxml import etree
from lxml.etree import _Element as Element

from soapkit.addressing.editions import BLOCKS, EDITIONS, SINGLE, Edition
from soapkit.addressing.partners import is_iri
from soapkit.addressing.problems import Invalid, Problem, Wrong
from soapkit.versions import Version

_LONGEST = 2048
"""Characters of an address: what browsers and proxies let through."""

_LONGEST_ID = 1024
"""Bytes of an id: it is sent back, and is a key of whoever keeps the message."""

_MOST_PARAMETERS = 100
"""Reference parameters that are echoed: each costs an answer five times what it cost the caller."""

_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_NOT_TO_ECHO = frozenset((*EDITIONS, _SECURITY, *(version.value for version in Version)))


@dataclass(frozen=True, slots=True)
class EndpointReference:
    """Where an answer goes, and the elements that become header blocks of it (Core 1.0, 2)."""

    address: str
    parameters: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """That this message relates to another; ``type`` is an IRI, in 2004/08 a QName as it was written."""

    message_id: str
    type: str


@dataclass(frozen=True, slots=True)
class Properties:
    """The properties of one message; what did not come has its default, or None."""

    edition: Edition
    action: str
    to: str
    message_id: str | None
    reply_to: EndpointReference
    fault_to: EndpointReference | None
    relates_to: tuple[Relation, ...] = ()

    def answered_at(self, *, fault: bool) -> EndpointReference:
        """Return the endpoint that gets the answer (Core 1.0, 3.4): a fault goes to FaultTo where there is one."""
        return self.fault_to if fault and self.fault_to is not None else self.reply_to

    def endpoints(self) -> tuple[tuple[str, EndpointReference], ...]:
        """Return the endpoints that an answer may go to, each with the name of its block."""
        faults = (("FaultTo", self.fault_to),) if self.fault_to is not None else ()
        return (("ReplyTo", self.reply_to), *faults)

    def is_anonymous(self, endpoint: EndpointReference) -> bool:
        """Tell whether an endpoint is the connection that the message came over."""
        return endpoint.address == self.edition.anonymous

    def is_none(self, endpoint: EndpointReference) -> bool:
        """Tell whether what is sent to an endpoint is thrown away."""
        return endpoint.address == self.edition.none


Blocks: TypeAlias = Sequence[Element]


def addressing_blocks(headers: Iterable[Element], version: Version) -> Blocks:
    """Return the addressing blocks of a message that are meant for its receiver; most messages have none."""
    return [b for b in headers if b.tag in BLOCKS and b.get(version.role, "") in version.roles]


def first_message_id(blocks: Blocks) -> str | None:
    """Return what an answer relates to, though the rest of the properties may be wrong."""
    for block in blocks:
        if etree.QName(block).localname == "MessageID" and _is_id(text := _text(block)):
            return text
    return None


def read(blocks: Blocks) -> Properties:
    """Read the properties; ``blocks`` are those of one message, at least one. Raises Invalid."""
    edition = _edition(blocks)
    found = _by_name(blocks)
    to, action = found.get("To"), found.get("Action")
    if action is None:
        _required("Action")
    if to is None and edition.to_required:
        _required("To")
    _endpoint(found.get("From"), edition)  # checked only: nobody is answered there
    return Properties(
        edition=edition,
        action=_iri(action),
        to=edition.anonymous if to is None else _destination(to, edition),
        message_id=_message_id(found.get("MessageID")),
        reply_to=_endpoint(found.get("ReplyTo"), edition) or EndpointReference(edition.anonymous),
        fault_to=_endpoint(found.get("FaultTo"), edition),
        relates_to=_relations(blocks, edition),
    )


def _edition(blocks: Blocks) -> Edition:
    """Messages speak one edition: of two, an intermediary might have checked the one and we would obey the other."""
    editions = {BLOCKS[block.tag].namespace: block for block in blocks}
    if len(editions) > 1:
        other = list(editions.values())[-1]
        text = "Header blocks of two editions of WS-Addressing contradict each other"
        raise Invalid(Wrong(Problem.CARDINALITY, etree.QName(other).localname, text, other))
    return EDITIONS[next(iter(editions))]


def _by_name(blocks: Blocks) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for block in blocks:
        name = etree.QName(block).localname
        if name in SINGLE and found.setdefault(name, block) is not block:
            raise Invalid(Wrong(Problem.CARDINALITY, name, f"The header {name} may come once", block))
    return found


def _required(name: str) -> NoReturn:
    raise Invalid(required(name))


def required(name: str) -> Wrong:
    """Say that a header block is missing."""
    return Wrong(Problem.REQUIRED, name, f"The header {name} is required")


def _iri(block: Element) -> str:
    """Read Action: any text that could be one; whether it is one of the contract's is asked later."""
    text = _text(block)
    if not _is_id(text):
        raise Invalid(Wrong(Problem.HEADER, etree.QName(block).localname, "The header must hold an IRI", block))
    return text


def _message_id(block: Element | None) -> str | None:
    """Read MessageID. One that is no absolute IRI is taken: toolkits make some, and ids are only compared."""
    return None if block is None else _iri(block)


def _destination(block: Element, edition: Edition) -> str:
    address = _text(block)
    if address == edition.none:
        text = "What is sent to this address is thrown away"
        raise Invalid(Wrong(Problem.UNREACHABLE, "To", text, block, iri=address))
    if not _is_id(address):
        raise Invalid(Wrong(Problem.ADDRESS, "To", "The header must hold an IRI", block))
    return address


def _endpoint(block: Element | None, edition: Edition) -> EndpointReference | None:
    if block is None:
        return None
    name = etree.QName(block).localname
    addresses = block.findall(edition.name("Address"))
    if not addresses:
        raise Invalid(Wrong(Problem.NO_ADDRESS, name, "The endpoint reference has no Address", block))
    if len(addresses) > 1:
        raise Invalid(Wrong(Problem.REFERENCE, name, "The endpoint reference has several Addresses", block))
    address = _text(addresses[0])
    if not (is_iri(address) and len(address) <= _LONGEST):
        raise Invalid(Wrong(Problem.ADDRESS, name, "The Address must be an absolute IRI", block))
    return EndpointReference(address, _parameters(block, name, edition))


def _parameters(block: Element, name: str, edition: Edition) -> tuple[Element, ...]:
    """Read what is echoed. Blocks with a meaning of their own are not: the caller would speak with our voice."""
    holders = ("ReferenceProperties", "ReferenceParameters")
    found = tuple(each for holder in holders for within in block.findall(edition.name(holder)) for each in within)
    if len(found) > _MOST_PARAMETERS:
        text = f"An endpoint reference has at most {_MOST_PARAMETERS} reference parameters"
        raise Invalid(Wrong(Problem.REFERENCE, name, text, block))
    if any((etree.QName(each).namespace or "") in _NOT_TO_ECHO for each in found):
        text = "A reference parameter may not be a header block of SOAP, WS-Addressing or WS-Security"
        raise Invalid(Wrong(Problem.REFERENCE, name, text, block))
    return found


def _relations(blocks: Blocks, edition: Edition) -> tuple[Relation, ...]:
    related = [block for block in blocks if etree.QName(block).localname == "RelatesTo"]
    return tuple(Relation(_iri(block), _relationship(block, edition)) for block in related)


def _relationship(block: Element, edition: Edition) -> str:
    said = block.get("RelationshipType")
    if said is None:
        return edition.reply
    if not said.strip():
        raise Invalid(Wrong(Problem.HEADER, "RelatesTo", "The RelationshipType must not be empty", block))
    return said.strip()


def _text(element: Element) -> str:
    """Return the text of an element that holds nothing else; of another, nothing."""
    return "" if len(element) else (element.text or "").strip()


def _is_id(text: str) -> bool:
    return bool(text) and len(text.encode()) <= _LONGEST_ID and text.isprintable() and " " not in text
