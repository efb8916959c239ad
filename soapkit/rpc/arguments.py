"""The arguments of a document/literal message: what becomes of its children as parts of an rpc/literal one.

    <xsd:element name="Object_spcId" type="xsd:string"/>        a part of that name and type
    <xsd:element ref="io:ListOfAccount"/>                       a part that holds the element, called SiebelMessage

A part is always there and never nil (WS-I BP 1.1, R2211). So an optional text is an empty accessor, an optional
element an accessor that holds none, and anything else that is optional, repeats or is a choice cannot be a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from lxml import etree

from soapkit.documents import ContractError, Documents
from soapkit.schemas import XSD

MESSAGE = "SiebelMessage"
"""What Siebel calls the part that holds an integration object, when there is only one."""

_STRING = f"{{{XSD}}}string"
_ANNOTATION = f"{{{XSD}}}annotation"


@dataclass(frozen=True, slots=True)
class Argument:
    """One child of a message. ``name`` is its part's, ``element`` its own name in style document (Clark).

    ``type`` is the part's. A ``nested`` one is held by its accessor; where no schema has a type for that, ``type`` is
    None.
    """

    name: str
    element: str
    type: str | None
    optional: bool
    nested: bool


class Schemas:
    """The global components of a contract's schemas, found by name."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._components: dict[tuple[str, str], etree._Element] = {}
        for file in documents.schemas():
            for node in file.root.iterchildren(f"{{{XSD}}}element", f"{{{XSD}}}complexType"):
                name = f"{{{file.namespace}}}{node.get('name')}" if file.namespace else node.get("name", "")
                self._components.setdefault((etree.QName(node).localname, name), node)

    def arguments(self, element: str) -> tuple[Argument, ...]:
        """Return the children that the global ``element`` declares; ContractError where they cannot be parts."""
        particles = self._sequence(element, self._type_of(element))
        references = sum(particle.get("ref") is not None for particle in particles)
        found = tuple(self._argument(element, particle, alone=references == 1) for particle in particles)
        names = [argument.name for argument in found]
        if len(set(names)) != len(names):
            _refuse(element, "two children would be parts of one name")
        return found

    def _type_of(self, element: str) -> etree._Element:
        declared = self._components.get(("element", element))
        if declared is None:
            _refuse(element, "no schema file declares it")
        inline = declared.find(f"{{{XSD}}}complexType")
        if inline is not None:
            return inline
        named = self._components.get(("complexType", self._documents.qname(declared, declared.get("type"))))
        if named is None:
            _refuse(element, "it is not of a complex type")
        return named

    def _sequence(self, element: str, kind: etree._Element) -> list[etree._Element]:
        content = [node for node in kind if node.tag != _ANNOTATION]
        if not content:
            return []
        if [node.tag for node in content] != [f"{{{XSD}}}sequence"] or _occurs(content[0]) != (1, 1):
            _refuse(element, "it is not a plain sequence of elements")
        return [node for node in content[0] if node.tag != _ANNOTATION]

    def _argument(self, element: str, particle: etree._Element, *, alone: bool) -> Argument:
        if particle.tag != f"{{{XSD}}}element" or _occurs(particle) not in ((0, 1), (1, 1)):
            _refuse(element, "a child repeats or is not an element")
        optional = _occurs(particle) == (0, 1)
        if particle.get("ref"):
            held = self._documents.qname(particle, particle.get("ref"))
            local = etree.QName(held).localname
            name = MESSAGE if alone and local.startswith("ListOf") else local
            return Argument(name, held, self._holder(held, optional=optional), optional, nested=True)
        if not particle.get("type"):
            _refuse(element, f"{particle.get('name')} is of a type without a name")
        kind = self._documents.qname(particle, particle.get("type"))
        if optional and kind != _STRING:
            _refuse(element, f"{particle.get('name')} is optional and not a string: it has no empty value")
        return Argument(particle.get("name", ""), _local_name(particle), kind, optional, nested=False)

    def _holder(self, held: str, *, optional: bool) -> str | None:
        """Find Siebel's type for it, ``ListOfXTopElmt``, which holds one ``ListOfX``."""
        name = f"{held}TopElmt"
        found = self._components.get(("complexType", name))
        if found is None or [_held(self._documents, node) for node in self._sequence(name, found)] != [held]:
            return None
        inner = next(found.iter(f"{{{XSD}}}element"))
        return name if _occurs(inner) == (0 if optional else 1, 1) else None


def _held(documents: Documents, node: etree._Element) -> str:
    return documents.qname(node, node.get("ref")) if node.get("ref") else _local_name(node)


def _local_name(node: etree._Element) -> str:
    """Return the name of messages' elements that a local declaration means: qualified or not."""
    schema: Mapping[str, str] = next(node.iterancestors(f"{{{XSD}}}schema")).attrib  # type: ignore[assignment] # stubs
    qualified = node.get("form", schema.get("elementFormDefault")) == "qualified"
    return f"{{{schema.get('targetNamespace')}}}{node.get('name')}" if qualified else node.get("name", "")


def _occurs(node: etree._Element) -> tuple[int, int | None]:
    most = node.get("maxOccurs", "1")
    return int(node.get("minOccurs", "1")), None if most == "unbounded" else int(most)


def _refuse(element: str, why: str) -> NoReturn:
    raise ContractError(f"{etree.QName(element).localname} cannot be an rpc/literal message: {why}")
