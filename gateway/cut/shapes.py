"""In which order an integration object's components have their fields and containers: what is written must keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from lxml import etree

from gateway.cut.objects import CutObject
from gateway.transforms.reading import Element
from soapkit.limits import parse

Shape = Mapping[str, tuple[str, ...]]
"""By a component's tag, the tags in it, in their order."""

_XS = "{http://www.w3.org/2001/XMLSchema}"


@lru_cache
def shape(about: CutObject) -> Shape:
    """Read an object's shape from its schemas, once."""
    schemas = [parse(path.read_bytes()) for name, path in about.contract.documents.items() if name.endswith(".xsd")]
    own = [schema for schema in schemas if schema.get("targetNamespace") == about.namespace]
    kinds = {kind.get("name", ""): _elements(kind) for schema in own for kind in schema.findall(f"{_XS}complexType")}
    found: dict[str, tuple[str, ...]] = {}
    for elements in kinds.values():
        for each in elements:
            if inside := kinds.get(each.get("type", "").rpartition(":")[2]):
                found[each.get("name", "")] = tuple(one.get("name", "") for one in inside)
    return found


def element(tag: str, shape: Shape, inside: Iterable[Element]) -> Element:
    """Put elements into an instance in the order of its schema; ``tag`` is its Clark name."""
    order = {name: place for place, name in enumerate(shape.get(etree.QName(tag).localname, ()))}
    made = etree.Element(tag)
    made.extend(sorted(inside, key=lambda each: order.get(etree.QName(each).localname, len(order))))
    return made


def _elements(kind: Element) -> list[Element]:
    return kind.findall(f"{_XS}sequence/{_XS}element")
