"""Integration objects as a contract's schemas have them: components, their fields, what they contain, recursion.

    <ListOfCutSampleAccountIo>            the integration object's element, in http://www.siebel.com/xml/<its name>
      <Account>                           the root component, repeated
        <Name>…</Name>                    fields: elements with text
        <ListOfCutAddress>                a container: an element that only holds a repeated component
          <CutAddress>…

What a schema does not say (user keys, pick lists …) is in ``repository``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from lxml import etree
from xmlschema.validators import XsdComplexType, XsdElement, XsdGroup, XsdSimpleType

from siebel_sim.values import Kind
from soapkit.catalog import Contract
from soapkit.schema_model import global_element, text_type

_NAMESPACE = "http://www.siebel.com/xml/"
_LIST = "ListOf"
_INTEGER = "{http://www.w3.org/2001/XMLSchema}integer"
_KINDS = {
    "decimal": Kind.NUMBER,
    "double": Kind.NUMBER,
    "float": Kind.NUMBER,
    "date": Kind.DATE,
    "dateTime": Kind.DATETIME,
    "boolean": Kind.BOOLEAN,
}
"""Primitive types of XML Schema → kinds of values; every other is text."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """A field: its tag, its element (Clark), the kind of its text, and whether the schema wants it on every write."""

    tag: str
    element: str
    kind: Kind
    required: bool


@dataclass(frozen=True, slots=True)
class Child:
    """A container of child components: its element (Clark), and the key of the component it holds."""

    container: str
    component: str


@dataclass(frozen=True, slots=True)
class SchemaComponent:
    """An integration component; ``key`` names it within its integration object, ``element`` is in Clark notation.

    ``order`` is the order of fields and containers (Clark) on the wire, ``types`` are the schema's names of its type
    and of those of what it is in.
    """

    key: str
    tag: str
    element: str
    fields: tuple[SchemaField, ...]
    children: tuple[Child, ...]
    order: tuple[str, ...]
    attributes: frozenset[str]
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class IntegrationObject:
    """An integration object: ``element`` is its list (Clark), ``root`` the key of its root component.

    ``attributes`` are those of the list: a UI data adapter's says how to page there.
    """

    name: str
    element: str
    root: str
    components: Mapping[str, SchemaComponent]
    attributes: frozenset[str]


def integration_objects(contract: Contract) -> Mapping[str, IntegrationObject]:
    """Read every integration object that the messages of ``contract`` hold, by ``key_of`` its element."""
    found = {}
    for message in messages(contract):
        for argument in content(global_element(contract, message)):
            if (element := list_in(argument)) is not None:
                found[key_of(element)] = _read(element)
    return found


def messages(contract: Contract) -> Iterator[str]:
    """Name the elements (Clark) of all messages."""
    for operation in contract.operations:
        yield operation.input
        if operation.output is not None:
            yield operation.output


def list_in(argument: XsdElement) -> XsdElement | None:
    """Give the integration object's element in an argument: itself, or the one inside a SiebelMessage; else None."""
    if _is_list(argument):
        return argument
    return next((inside for inside in content(argument) if _is_list(inside)), None)


def key_of(element: XsdElement) -> str:
    """Tell integration objects apart: two may have one element name, in different messages."""
    return f"{element.name} {element.type.name}"


def content(element: XsdElement) -> list[XsdElement]:
    """Give the elements that may be inside ``element``, in order."""
    group = element.type.content if isinstance(element.type, XsdComplexType) else None
    if not isinstance(group, XsdGroup):
        return []
    return [each for each in group.iter_elements() if isinstance(each, XsdElement)]


def occurs(element: XsdElement) -> int:
    """Say how often ``element`` has to be there: never when a group around it is optional."""
    return 0 if element.min_occurs == 0 or (element.parent is not None and element.parent.min_occurs == 0) else 1


def _is_list(element: XsdElement) -> bool:
    kind = etree.QName(element.type.name).localname if element.type.name else ""
    named = element.local_name.startswith(_LIST) or kind.startswith(_LIST)
    return named and _held(element) is not None


def _held(element: XsdElement) -> XsdElement | None:
    """Give the one component that a container holds; None for what is no container."""
    inside = content(element)
    if len(inside) != 1 or inside[0].max_occurs == 1 or not content(inside[0]):
        return None
    return inside[0]


def _read(element: XsdElement) -> IntegrationObject:
    components: dict[str, SchemaComponent] = {}
    root = _held(element)
    assert root is not None  # noqa: S101 - _is_list has seen it
    return IntegrationObject(
        name=_name(element),
        element=element.name,
        root=_add(root, components, element),
        components=components,
        attributes=attributes_of(element),
    )


def _name(element: XsdElement) -> str:
    """Read ``http://www.siebel.com/xml/CUT%20Sample%20Account%20IO``; the tag's own words in any other namespace."""
    for name in (element.type.name, element.name):
        namespace = etree.QName(name).namespace or "" if name else ""
        if namespace.startswith(_NAMESPACE):
            return unquote(namespace.removeprefix(_NAMESPACE).partition("/")[0])
    return element.local_name.removeprefix(_LIST)


def _add(element: XsdElement, components: dict[str, SchemaComponent], *above: XsdElement) -> str:
    """Add the component of ``element`` and those inside it; a type met again is the same component: recursion."""
    key = f"{element.local_name}:{element.type.name}" if element.type.name else element.local_name
    if key in components:
        return key
    attributes, order = attributes_of(element), tuple(each.name for each in content(element))
    types = frozenset(each.type.name for each in (element, *above) if each.type.name)
    components[key] = SchemaComponent(key, element.local_name, element.name, (), (), order, attributes, types)
    children = tuple(
        Child(container.name, _add(held, components, container))
        for container in content(element)
        if (held := _held(container)) is not None
    )
    components[key] = replace(components[key], fields=tuple(_fields(element)), children=children)
    return key


def _fields(element: XsdElement) -> Iterator[SchemaField]:
    for each in content(element):
        kind = text_type(each.type)
        if kind is not None:
            yield SchemaField(each.local_name, each.name, _kind(kind), occurs(each) > 0)


def _kind(of: XsdSimpleType) -> Kind:
    primitive = getattr(of, "primitive_type", None)  # a union or a list has none
    if primitive is None:
        return Kind.TEXT
    return Kind.INTEGER if of.is_derived(of.maps.types[_INTEGER]) else _KINDS.get(primitive.local_name, Kind.TEXT)


def attributes_of(element: XsdElement) -> frozenset[str]:
    """Name the attributes that ``element`` may have."""
    kind = element.type
    return frozenset(str(name) for name in kind.attributes if name) if isinstance(kind, XsdComplexType) else frozenset()
