"""Whether two messages say the same: names, namespaces, order, attributes, and values as their types mean them.

``2026-11-20T10:00:00Z`` and ``2026-11-20T10:00:00.000Z`` are one moment, ``30.00`` and ``30.0`` one decimal; a text is
only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from lxml import etree
from xmlschema.validators import XsdAtomic, XsdComplexType, XsdElement, XsdGroup, XsdSimpleType, XsdType

from soapkit.catalog import Contract
from soapkit.schema_model import schema_model, text_type

Element: TypeAlias = etree._Element

_MEANT: Mapping[str, Callable[[str], object]] = {
    "dateTime": datetime.fromisoformat,
    "decimal": Decimal,
    "boolean": {"true": True, "1": True, "false": False, "0": False}.__getitem__,
    "base64Binary": lambda text: "".join(text.split()),
    "hexBinary": str.lower,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares by the types of ``contract``.

    Without ``namespaces`` local names will do: JavaScript has no others. Without ``empty``, elements that hold nothing
    may be missing: some toolkits read them as none at all.
    """

    contract: Contract
    namespaces: bool = True
    empty: bool = True

    def differences(self, expected: Element, actual: Element) -> list[str]:
        """Return what differs, each with its path; empty when the two say the same."""
        declared = schema_model(self.contract).maps.elements.get(expected.tag)
        return list(self._compare(expected, actual, declared if isinstance(declared, XsdElement) else None, ""))

    def _compare(self, expected: Element, actual: Element, declared: XsdElement | None, above: str) -> Iterator[str]:
        path = f"{above}/{etree.QName(expected).localname}"
        if self._name(expected) != self._name(actual):
            yield f"{path}: is called {actual.tag}"
            return
        kind = None if declared is None else declared.type
        yield from _attributes(expected, actual, kind, path)
        theirs, ours = self._children(actual), self._children(expected)
        if [*map(self._name, ours)] != [*map(self._name, theirs)]:
            yield f"{path}: holds {[*map(self._name, theirs)]}, not {[*map(self._name, ours)]}"
            return
        members = _members(kind)
        for one, other in zip(ours, theirs, strict=True):
            yield from self._compare(one, other, members.get(one.tag), path)
        if not ours and not _same(None if kind is None else text_type(kind), expected.text or "", actual.text or ""):
            yield f"{path}: says {actual.text!r}, not {expected.text!r}"

    def _children(self, element: Element) -> list[Element]:
        return [child for child in element.iterchildren("{*}*") if self.empty or _holds(child)]

    def _name(self, element: Element) -> str:
        return element.tag if self.namespaces else etree.QName(element).localname


def _holds(element: Element) -> bool:
    return bool(len(element) or element.attrib or (element.text or "").strip())


def _attributes(expected: Element, actual: Element, kind: XsdType | None, path: str) -> Iterator[str]:
    declared = kind.attributes if isinstance(kind, XsdComplexType) else {}
    for name in sorted({*expected.attrib, *actual.attrib}):
        ours, theirs = expected.get(name), actual.get(name)
        known = declared.get(name)
        if ours is None or theirs is None or not _same(None if known is None else known.type, ours, theirs):
            yield f"{path}: attribute {name} is {theirs!r}, not {ours!r}"


def _members(kind: XsdType | None) -> Mapping[str, XsdElement]:
    if not (isinstance(kind, XsdComplexType) and isinstance(kind.content, XsdGroup)):
        return {}
    return {each.name: each for each in kind.content.iter_elements() if isinstance(each, XsdElement)}


def _same(kind: XsdSimpleType | None, expected: str, actual: str) -> bool:
    if expected == actual or kind is None:
        return expected == actual
    if kind.white_space == "collapse":
        expected, actual = " ".join(expected.split()), " ".join(actual.split())
    meant = _MEANT.get(kind.primitive_type.local_name or "", str) if isinstance(kind, XsdAtomic) else str
    try:
        return meant(expected) == meant(actual)
    except (ValueError, ArithmeticError, KeyError):
        return False
