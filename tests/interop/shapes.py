"""What a contract's types hold, by the schema: the measure for the classes that toolkits make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdAttribute, XsdComplexType, XsdElement, XsdGroup, XsdType

from soapkit.catalog import Contract
from soapkit.schema_model import global_element

WILDCARD = "*"


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """An element or attribute of the type ``{namespace}name``; what a wildcard takes is called ``*``."""

    type: str
    name: str
    many: bool
    optional: bool


def members(contract: Contract) -> frozenset[Member]:
    """Return the members of all types that the bodies and faults of a contract's messages consist of."""
    roots: set[str] = set()
    for operation in contract.operations:
        roots |= {operation.input, *([operation.output] if operation.output else []), *operation.faults.values()}
    found: set[Member] = set()
    seen: set[str] = set()
    for root in roots:
        found |= set(_of(global_element(contract, root).type, seen))
    return frozenset(found)


def _of(kind: XsdType, seen: set[str]) -> Iterator[Member]:
    if not isinstance(kind, XsdComplexType) or not kind.name or kind.name in seen:
        return
    seen.add(kind.name)
    for name, attribute in kind.attributes.items():
        if name and isinstance(attribute, XsdAttribute):
            yield Member(kind.name, name, many=False, optional=attribute.use == "optional")
    if isinstance(kind.content, XsdGroup):
        yield from _content(kind.name, kind.content, seen, optional=False)


def _content(owner: str, group: XsdGroup, seen: set[str], *, optional: bool) -> Iterator[Member]:
    for particle in group:
        left_out = optional or particle.min_occurs == 0 or group.model == "choice"
        if isinstance(particle, XsdGroup):
            yield from _content(owner, particle, seen, optional=left_out)
        elif isinstance(particle, XsdAnyElement):
            yield Member(owner, WILDCARD, many=particle.max_occurs != 1, optional=left_out)
        elif isinstance(particle, XsdElement):
            name = etree.QName(particle.name).localname
            yield Member(owner, name, many=particle.max_occurs != 1, optional=left_out)
            yield from _of(particle.type, seen)
