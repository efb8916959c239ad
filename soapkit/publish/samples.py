"""Example messages, made from the schema: always valid, always the same, readable.

Minimal ones hold what is required, full ones every optional element and attribute as well, and lists twice. What may
hold itself does so once and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from threading import Lock

from lxml import etree
from xmlschema import XMLSchema10
from xmlschema.validators import (
    XsdAnyAttribute,
    XsdAnyElement,
    XsdAttribute,
    XsdComplexType,
    XsdElement,
    XsdGroup,
    XsdType,
)

from soapkit.catalog import Contract
from soapkit.documents import ContractError
from soapkit.publish.values import value
from soapkit.schema_model import global_element, schema_model, text_type

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"
_PLACE_HOLDERS = {"tns", "this", "target", "xs", "xsd"}
_LISTED = 2
_SAME_TYPE_INSIDE_ITSELF = 1

_ONE_AT_A_TIME = Lock()
"""The model keeps errors of its last check in itself."""

Particle = XsdElement | XsdAnyElement | XsdGroup


class _Endless(Exception):
    """What is required here holds itself again."""


def sample(contract: Contract, element: str, *, full: bool) -> etree._Element:
    """Return an example of the global element ``element`` (Clark notation), valid by ``contract.check``.

    Raises ContractError when there is no such element, or a type of it has no value that can be found.
    """
    with _ONE_AT_A_TIME:
        return _sample(contract, element, full=full)


def _sample(contract: Contract, element: str, *, full: bool) -> etree._Element:
    maker = _Maker(contract, full=full)
    try:
        made = maker.element(global_element(contract, element), None, (), 1)
    except _Endless as error:
        raise ContractError(f"{element} can only be endless") from error
    etree.cleanup_namespaces(made, keep_ns_prefixes=sorted(maker.mentioned))
    wrong = contract.check(made)
    if wrong:
        raise ContractError(f"No valid example of {element} can be made: {wrong[0].text} at {wrong[0].path}")
    return made


@dataclass(frozen=True, slots=True)
class _Names:
    """What a contract calls things: a prefix for each namespace, and fields that may stand for a wildcard."""

    prefixes: Mapping[str, str]
    fields: Mapping[str, tuple[XsdElement, ...]]


@lru_cache(64)
def _names(contract: Contract) -> _Names:
    model = schema_model(contract)
    fields: dict[str, dict[str, XsdElement]] = {}
    for kind in model.maps.types.values():
        for each in _elements_of(kind):
            if text_type(each.type) is not None:
                fields.setdefault(each.target_namespace, {}).setdefault(each.name, each)
    return _Names(_prefixes(model), {namespace: tuple(found.values()) for namespace, found in fields.items()})


def _elements_of(kind: object) -> Iterator[XsdElement]:
    if isinstance(kind, XsdComplexType) and isinstance(kind.content, XsdGroup):
        yield from (each for each in kind.content.iter_elements() if isinstance(each, XsdElement))


def _prefixes(model: XMLSchema10) -> dict[str, str]:
    """Return prefixes by namespace, as the schemas write them where that is possible."""
    found: dict[str, str] = {_XSI: "xsi"}
    written = [pair for schema in model.maps.iter_schemas() for pair in schema.namespaces.items()]
    for prefix, namespace in written:
        if prefix and prefix not in _PLACE_HOLDERS and prefix not in found.values():
            found.setdefault(namespace, prefix)
    numbers = count(1)
    for namespace in dict.fromkeys(schema.target_namespace for schema in model.maps.iter_schemas()):
        found.setdefault(namespace, f"ns{next(numbers)}")
    return found


def _counts(attribute: XsdAttribute) -> bool:
    """Whether an attribute numbers its elements, as far as its type tells."""
    return attribute.type.root_type.local_name == "decimal"


class _Maker:
    """Makes one example. ``inside`` are the types around an element, outermost first."""

    def __init__(self, contract: Contract, *, full: bool) -> None:
        self._model = schema_model(contract)
        self._names = _names(contract)
        self._full = full
        self._nsmap = {prefix: namespace for namespace, prefix in self._names.prefixes.items() if namespace}
        self.mentioned: set[str] = set()

    def element(
        self, declared: XsdElement, parent: etree._Element | None, inside: tuple[XsdType, ...], number: int
    ) -> etree._Element:
        """Make ``declared`` below ``parent``; raises _Endless when it cannot be without an end."""
        actual = self._concrete(declared)
        kind = self._concrete_type(actual.type)
        if inside.count(kind) > _SAME_TYPE_INSIDE_ITSELF:
            raise _Endless
        name = actual.name
        made = etree.Element(name, nsmap=self._nsmap) if parent is None else etree.SubElement(parent, name)
        if kind is not actual.type:
            self._say_type(made, kind)
        try:
            self._fill(made, actual, kind, (*inside, kind), number)
        except _Endless:
            if parent is not None:
                parent.remove(made)
            raise
        return made

    def _fill(
        self, made: etree._Element, declared: XsdElement, kind: XsdType, inside: tuple[XsdType, ...], number: int
    ) -> None:
        text = text_type(kind)
        if isinstance(kind, XsdComplexType):
            self._attributes(made, kind, number)
        if text is not None:
            made.text = value(text, declared, number)
        elif isinstance(kind, XsdComplexType) and isinstance(kind.content, XsdGroup):
            self._repeated(kind.content, made, inside)

    def _attributes(self, made: etree._Element, kind: XsdComplexType, number: int) -> None:
        for name, attribute in kind.attributes.items():
            wanted = attribute.use == "required" or (self._full and attribute.use == "optional")
            if wanted and isinstance(attribute, XsdAttribute) and not isinstance(attribute, XsdAnyAttribute) and name:
                made.set(name, value(attribute.type, attribute, number if _counts(attribute) else 1))

    def _group(self, group: XsdGroup, parent: etree._Element, inside: tuple[XsdType, ...]) -> None:
        if group.model == "choice":
            self._choice(group, parent, inside)
            return
        for particle in group:
            self._repeated(particle, parent, inside)

    def _repeated(self, particle: Particle, parent: etree._Element, inside: tuple[XsdType, ...]) -> None:
        least = particle.min_occurs
        most = _LISTED if particle.max_occurs is None else min(_LISTED, particle.max_occurs)
        for number in range(1, max(least, most if self._full else 0) + 1):
            before = len(parent)
            try:
                self._particle(particle, parent, inside, number)
            except _Endless:
                del parent[before:]
                if number <= least:
                    raise
                return

    def _particle(self, particle: Particle, parent: etree._Element, inside: tuple[XsdType, ...], number: int) -> None:
        if isinstance(particle, XsdElement):
            self.element(particle, parent, inside, number)
        elif isinstance(particle, XsdGroup):
            self._group(particle, parent, inside)
        else:
            self._wildcard(particle, parent, inside, number)

    def _choice(self, group: XsdGroup, parent: etree._Element, inside: tuple[XsdType, ...]) -> None:
        """Take the first branch that comes to an end; a full example prefers one that holds something."""
        before = len(parent)
        for particle in sorted(group, key=lambda each: self._full and each.max_occurs == 0):
            try:
                self._repeated(particle, parent, inside)
            except _Endless:
                del parent[before:]
            else:
                return
        if len(group):
            raise _Endless

    def _wildcard(
        self, particle: XsdAnyElement, parent: etree._Element, inside: tuple[XsdType, ...], number: int
    ) -> None:
        found = self._standing_in(particle)
        if found is not None:
            self.element(found, parent, inside, number)
        elif number <= particle.min_occurs:
            if particle.process_contents == "strict":
                raise ContractError(f"No element is known for the wildcard in {parent.tag}")
            etree.SubElement(parent, self._stranger(particle))

    def _standing_in(self, particle: XsdAnyElement) -> XsdElement | None:
        """Find an element that the wildcard takes; where nothing is checked, a field of any type will do."""
        known = [each for each in self._model.maps.elements.values() if isinstance(each, XsdElement)]
        if particle.process_contents != "strict":
            known = [*(each for found in self._names.fields.values() for each in found), *known]
        plain = (each for each in known if not each.abstract and text_type(each.type) is not None)
        return next((each for each in plain if particle.is_matching(each.name)), None)

    def _stranger(self, particle: XsdAnyElement) -> str:
        for namespace in ("urn:example", *particle.namespace):
            if particle.is_namespace_allowed(namespace):
                return f"{{{namespace}}}Extension"
        return "Extension"

    def _concrete(self, declared: XsdElement) -> XsdElement:
        """Return ``declared``, or for an abstract element the first that may take its place."""
        if not declared.abstract:
            return declared
        for each in declared.iter_substitutes():
            if not each.abstract:
                return each
        raise ContractError(f"Nothing can take the place of the abstract element {declared.name}")

    def _concrete_type(self, kind: XsdType) -> XsdType:
        """Return ``kind``, or for an abstract type the first one derived from it that is not."""
        if not (isinstance(kind, XsdComplexType) and kind.abstract):
            return kind
        for each in self._model.maps.types.values():
            if isinstance(each, XsdComplexType) and not each.abstract and each.is_derived(kind):
                return each
        raise ContractError(f"Every type derived from {kind.name} is abstract")

    def _say_type(self, made: etree._Element, kind: XsdType) -> None:
        name = etree.QName(kind.name or "")
        prefix = self._names.prefixes.get(name.namespace or "")
        self.mentioned |= {prefix} if prefix else set()
        made.set(f"{{{_XSI}}}type", f"{prefix}:{name.localname}" if prefix else name.localname)
