"""The peer's message classes: what a Spyne user would write for the same contract, one ComplexModel a complex type.

They are derived from the schema files instead of typed out: so they are the whole contract, and stay the same contract.
Left out: documentation, and the header's one wildcard, which no order uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

import soapkit.spyne_compat  # noqa: F401 - must come before Spyne

# isort: split
from spyne import Boolean, ComplexModel, DateTime, Decimal, Integer32, Unicode, XmlAttribute, XmlData

_XS = "{http://www.w3.org/2001/XMLSchema}"
_BUILT_IN: dict[str, Any] = {
    f"{_XS}string": Unicode,
    f"{_XS}token": Unicode,
    f"{_XS}decimal": Decimal,
    f"{_XS}dateTime": DateTime,
    f"{_XS}boolean": Boolean,
    f"{_XS}int": Integer32,
}


class Models:
    """The classes of all types that the schema documents at ``entry`` declare, made when asked for, by Clark name."""

    def __init__(self, entry: Path) -> None:
        self._types: dict[str, etree._Element] = {}
        self._elements: dict[str, etree._Element] = {}
        self._made = dict(_BUILT_IN)
        self._read(entry.resolve(), set())

    def element(self, name: str) -> Any:
        """Return the class of the global element ``name``. Raises KeyError when the schemas do not declare it."""
        return self._of(_clark(self._elements[name], "type"))

    def _read(self, path: Path, seen: set[Path]) -> None:
        if path in seen:
            return
        seen.add(path)
        schema = etree.parse(path).getroot()
        for node in schema.iterchildren(f"{_XS}include", f"{_XS}import"):
            self._read((path.parent / node.get("schemaLocation", "")).resolve(), seen)
        for node in schema.iterchildren(f"{_XS}simpleType", f"{_XS}complexType"):
            self._types[f"{{{_namespace(node)}}}{node.get('name')}"] = node
        for node in schema.iterchildren(f"{_XS}element"):
            self._elements[f"{{{_namespace(node)}}}{node.get('name')}"] = node

    def _of(self, name: str) -> Any:
        if name not in self._made:
            node = self._types[name]
            self._made[name] = self._simple(node) if node.tag == f"{_XS}simpleType" else self._complex(node)
        return self._made[name]

    def _simple(self, node: etree._Element) -> Any:
        return self._of(
            _clark(node[-1], "base")
        )  # without its facets: Spyne cannot declare them for text and attributes

    def _complex(self, node: etree._Element) -> Any:
        members = [*self._content(node), *self._attributes(node)]
        about = {"__namespace__": _namespace(node), "_type_info": members}
        return type(ComplexModel)(node.get("name"), (ComplexModel,), about)

    def _content(self, node: etree._Element) -> Iterator[tuple[str, Any]]:
        for extension in node.iter(f"{_XS}extension"):
            yield "value", XmlData(self._of(_clark(extension, "base")))
        for member in node.iterfind(f"{_XS}sequence/{_XS}element"):
            yield self._member(member)

    def _attributes(self, node: etree._Element) -> Iterator[tuple[str, Any]]:
        for attribute in node.iter(f"{_XS}attribute"):
            yield attribute.get("name", ""), XmlAttribute(self._of(_clark(attribute, "type")))

    def _member(self, node: etree._Element) -> tuple[str, Any]:
        most = node.get("maxOccurs", "1")
        occurs = {
            "min_occurs": int(node.get("minOccurs", "1")),
            "max_occurs": most if most == "unbounded" else int(most),
        }
        if node.get("ref") is None:
            return node.get("name", ""), self._of(_clark(node, "type")).customize(**occurs)
        name = etree.QName(_clark(node, "ref"))
        return name.localname, self.element(name.text).customize(sub_ns=name.namespace, **occurs)


def _namespace(node: etree._Element) -> str:
    return node.getroottree().getroot().get("targetNamespace", "")


def _clark(node: etree._Element, attribute: str) -> str:
    prefix, _, name = node.get(attribute, "").rpartition(":")
    return f"{{{node.nsmap[prefix or None]}}}{name}"
