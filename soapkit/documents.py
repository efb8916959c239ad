"""The files a contract consists of: the WSDL, and what it imports, followed by relative location on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from soapkit.faults import Refused
from soapkit.limits import parse
from soapkit.schemas import XSD, SchemaFile

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_DEFINED = ("message", "portType", "binding")


class ContractError(Exception):
    """A contract on disk cannot be used; the text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class _Link:
    """An import or include, as written at ``location``, leading to the file ``target``."""

    node: etree._Element
    location: str
    target: Path

    @property
    def is_include(self) -> bool:
        return etree.QName(self.node).localname in {"include", "redefine"}


class Documents:
    """Everything one WSDL reaches, read once. Documents are named by their path below ``root`` (``xsd/ebo/X.xsd``)."""

    def __init__(self, wsdl: Path, root: Path) -> None:
        self._roots: dict[Path, etree._Element] = {}
        self._links: dict[Path, tuple[_Link, ...]] = {}
        self._follow(wsdl)
        self._root = root if all(_is_below(root, path) for path in self._roots) else _common(self._roots)
        self.main = self._key(wsdl)
        self.definitions = self._roots[wsdl]
        self.paths = {self._key(path): path for path in self._roots}
        self._index = dict(self._defined())

    @property
    def namespace(self) -> str:
        """The target namespace of the WSDL."""
        return self.definitions.get("targetNamespace", "")

    @property
    def roots(self) -> tuple[etree._Element, ...]:
        """The root elements of all documents, the WSDL's first."""
        return tuple(self._roots.values())

    def service(self) -> etree._Element:
        """Return the one ``<wsdl:service>`` of the WSDL."""
        services = self.definitions.findall(f"{{{WSDL}}}service")
        if len(services) != 1:
            raise ContractError(f"{self.main}: holds {len(services)} services, not one")
        return services[0]

    def definition(self, kind: str, node: etree._Element, name: str | None) -> etree._Element:
        """Return the message, port type or binding that ``name``, a QName written on ``node``, stands for."""
        found = self._index.get((kind, self.qname(node, name)))
        if found is None:
            raise ContractError(f"{self.main}: no {kind} {name}")
        return found

    def qname(self, node: etree._Element, name: str | None) -> str:
        """Resolve a prefixed name written on ``node`` to Clark notation."""
        prefix, _, local = (name or "").rpartition(":")
        namespace = node.nsmap.get(prefix or None)
        if not local or (prefix and namespace is None):
            raise ContractError(f"{self.main}: {name} cannot be resolved")
        return f"{{{namespace}}}{local}" if namespace else local

    def schemas(self) -> Iterator[SchemaFile]:
        """All schema documents: the files, and the schemas written inside ``<wsdl:types>``."""
        imported = {link.target for links in self._links.values() for link in links if not link.is_include}
        for path, root in self._roots.items():
            if root.tag == f"{{{XSD}}}schema":
                yield self._schema(self._key(path), path, root, entry=path in imported)
            for number, inline in enumerate(root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema")):
                yield self._schema(f"{self._key(path)}.types{number}", path, inline, entry=True)

    def _schema(self, key: str, path: Path, root: etree._Element, *, entry: bool) -> SchemaFile:
        locations = {link.location: self._key(link.target) for link in self._links[path]}
        return SchemaFile(key, root.get("targetNamespace", ""), root, locations, entry)

    def _follow(self, path: Path) -> None:
        if path in self._roots:
            return
        self._roots[path] = root = _read(path)
        self._links[path] = links = tuple(_links(path, root))
        for link in links:
            self._follow(link.target)

    def _defined(self) -> Iterator[tuple[tuple[str, str], etree._Element]]:
        for root in self._roots.values():
            for kind in _DEFINED:
                for node in root.iterfind(f"{{{WSDL}}}{kind}"):
                    yield (kind, f"{{{root.get('targetNamespace')}}}{node.get('name')}"), node

    def _key(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def _read(path: Path) -> etree._Element:
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise ContractError(f"{path}: {error.strerror}") from error
    except Refused as error:
        raise ContractError(f"{path}: {error}") from error


def _links(path: Path, root: etree._Element) -> Iterator[_Link]:
    for node in root.iter(f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{XSD}}}redefine"):
        location = node.get("schemaLocation") or node.get("location")
        if location:
            yield _Link(node, location, target(path, location))


def target(path: Path, location: str) -> Path:
    """Return the file that ``location``, written in ``path``, leads to; ContractError unless it is a relative path."""
    if urlsplit(location).scheme or location.startswith("/"):
        raise ContractError(f"{path}: {location} is not a relative location")
    return (path.parent / unquote(location)).resolve()


def _is_below(root: Path, path: Path) -> bool:
    return path.is_relative_to(root / "wsdl") or path.is_relative_to(root / "xsd")


def _common(paths: dict[Path, etree._Element]) -> Path:
    return Path(os.path.commonpath([path.parent for path in paths]))
