"""XSD validation of an element against all schemas of a contract, with errors that name element path and rule.

libxml2 imports each namespace once and ignores a second document for it, whoever asks. So every namespace is offered as
one virtual document that includes all files of that namespace, and every import is redirected to it. They are compiled
from a directory that exists for that moment: what loads documents from memory is one hook for the whole process, which
any parse in another thread takes away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from lxml import etree
from lxml.etree import _Element as Element

from soapkit.limits import elements_in

XSD = "http://www.w3.org/2001/XMLSchema"
_INCLUDES = (f"{{{XSD}}}include", f"{{{XSD}}}redefine")
_MOST_VIOLATIONS = 20
_LONGEST_TEXT = 400
_LARGE = 10_000
_CHUNK = 16 * 1024

_FACET = re.compile(r"\[facet '(\w+)'\] ")
_NAMESPACE = re.compile(r"\{[^{}'\s]+\}(?=[\w*])")
_SUBJECT = re.compile(r"^Element '[^']*': ")
_UNSAFE = re.compile(r"[^\w.-]")
_STEP = re.compile(r"(?:([\w.\-]+):)?([\w.\-]+|\*)(?:\[(\d+)\])?$")
_RULES = {
    "SCHEMAV_ELEMENT_CONTENT": "cvc-complex-type.2.4",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "cvc-datatype-valid.1.2.1",
    "SCHEMAV_CVC_ELT_1": "cvc-elt.1",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "cvc-complex-type.3.2.1",
    "SCHEMAV_CVC_COMPLEX_TYPE_4": "cvc-complex-type.4",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken XSD ``rule``; ``path`` has local names and positions (``/Order/Line[2]/Qty``).

    ``line`` is that of the source, 0 where it is not known.
    """

    path: str
    line: int
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One schema document, ``key`` unique in its contract; ``locations`` maps written schemaLocations to keys.

    ``entry`` is False for one that is only ever included: it belongs to whoever includes it.
    """

    key: str
    namespace: str
    root: etree._Element
    locations: Mapping[str, str]
    entry: bool


class SchemaSet:
    """All schemas of one contract, compiled once per thread: a compiled schema holds the log of its last run."""

    def __init__(self, files: tuple[SchemaFile, ...]) -> None:
        self._documents = dict(_virtual_documents(files))
        self._local = threading.local()

    @property
    def documents(self) -> Mapping[str, bytes]:
        """All schemas as files of one directory, to be read from ``start``: each leads to the next by relative name."""
        return self._documents

    @property
    def start(self) -> str:
        """The name of the document that leads to all others."""
        return _ALL

    def check(self, element: etree._Element) -> tuple[Violation, ...]:
        """Validate ``element`` as a global element; empty = valid. Verdict and log are read together, in one thread."""
        schema = self._schema()
        if elements_in(element) > _LARGE and (beginning := _until_swamped(element, schema)) is not None:
            schema.validate(beginning)
            return tuple(replace(each, line=0) for each in _violations(beginning, list(cast("Any", schema.error_log))))
        if schema.validate(element):
            return ()
        return tuple(_violations(element, list(cast("Any", schema.error_log))))

    def _schema(self) -> etree.XMLSchema:
        schema: etree.XMLSchema | None = getattr(self._local, "schema", None)
        if schema is None:
            schema = self._local.schema = self._compile()
        return schema

    def _compile(self) -> etree.XMLSchema:
        with TemporaryDirectory(prefix="soapkit-") as directory:
            for name, content in self._documents.items():
                Path(directory, name).write_bytes(content)
            return etree.XMLSchema(file=str(Path(directory, _ALL)))


_ALL = "all.xsd"


def _virtual_documents(files: tuple[SchemaFile, ...]) -> Iterator[tuple[str, bytes]]:
    names = {file.key: f"{number}-{_UNSAFE.sub('_', file.key)}" for number, file in enumerate(files)}
    spread = {
        namespace: f"namespace{n}.xsd" for n, namespace in enumerate(sorted({f.namespace for f in files if f.entry}))
    }
    for file in files:
        yield names[file.key], _redirected(file, names, spread)
    for namespace, name in spread.items():
        yield (
            name,
            _gathering(namespace, [names[file.key] for file in files if file.entry and file.namespace == namespace]),
        )
    yield _ALL, _importing(spread)


def _redirected(file: SchemaFile, names: Mapping[str, str], spread: Mapping[str, str]) -> bytes:
    """Return the document with each import led to its namespace's virtual document, each include to its file."""
    copy = etree.fromstring(etree.tostring(file.root))
    for node in copy.iter(f"{{{XSD}}}import"):
        if name := spread.get(node.get("namespace", "")):
            node.set("schemaLocation", name)
    for node in copy.iter(*_INCLUDES):
        node.set("schemaLocation", names[file.locations[node.get("schemaLocation", "")]])
    return etree.tostring(copy)


def _gathering(namespace: str, names: list[str]) -> bytes:
    attributes = {"targetNamespace": namespace} if namespace else {}
    schema = etree.Element(f"{{{XSD}}}schema", attributes, nsmap={"xs": XSD})
    for name in names:
        etree.SubElement(schema, f"{{{XSD}}}include", schemaLocation=name)
    return etree.tostring(schema)


def _importing(spread: Mapping[str, str]) -> bytes:
    schema = etree.Element(f"{{{XSD}}}schema", {"targetNamespace": "soapkit:all"}, nsmap={"xs": XSD})
    for namespace, name in spread.items():
        attributes = {"namespace": namespace} if namespace else {}
        etree.SubElement(schema, f"{{{XSD}}}import", attributes, schemaLocation=name)
    return etree.tostring(schema)


def _until_swamped(element: Element, schema: etree.XMLSchema) -> Element | None:
    """Give a copy of ``element`` up to where it has shown more violations than are told; None when it never does.

    lxml counts siblings for each violation it logs: a large message that is wrong throughout would keep a processor
    busy for minutes. So a large one is checked as a stream first, which logs no paths, and given up early.
    """
    parser: Any = etree.XMLPullParser(("start",), tag=element.tag, schema=schema, huge_tree=True)
    written = etree.tostring(element, encoding="UTF-8", with_tail=False)
    for start in range(0, len(written), _CHUNK):
        parser.feed(written[start : start + _CHUNK])
        if len(parser.feed_error_log) > _MOST_VIOLATIONS:
            _, beginning = next(parser.read_events())
            return cast("Element", beginning)
    return None


def _violations(element: etree._Element, log: list[Any]) -> Iterator[Violation]:
    facets_at: set[str] = set()
    for entry in log[:_MOST_VIOLATIONS]:
        facet = _FACET.search(entry.message)
        rule = facet[1] if facet else _RULES.get(entry.type_name) or entry.type_name[8:].lower().replace("_", "-")
        if facet:
            facets_at.add(entry.path)
        elif entry.path in facets_at and "datatype-valid" in rule:
            continue  # libxml2 says the same again: not a valid value of the type
        yield Violation(element_path(element, entry.path), entry.line, rule, _readable(entry.message))


def _readable(message: str) -> str:
    full = _FACET.sub("", message).strip().rstrip(".")
    text = _NAMESPACE.sub("", full)
    if (subject := _SUBJECT.match(text)) and re.search(rf"[( ]{re.escape(text[9 : subject.end() - 3])}[ ,]", text):
        text = full  # only the namespace is wrong: without it, what is there would be what is expected
        subject = _SUBJECT.match(text)
    name = text[9 : subject.end() - 3] if subject else ""
    text = f"{name}: {text[subject.end() :]}" if subject else text
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def element_path(element: etree._Element, found: str) -> str:
    """Turn libxml2's path (``/*/*[3]/p:Qty``) below ``element`` into names with positions (``/Order/Line[2]/Qty``)."""
    node, names = element, [etree.QName(element).localname]
    for step in found.split("/")[2:]:
        matched = _STEP.match(step)
        child = None if matched is None else _child(node, *matched.groups())
        if child is None:  # libxml2 cuts names after 99 bytes: as far as it is known, the path is right
            break
        node = child
        names.append(_name(node))
    return "/" + "/".join(names)


def _child(node: etree._Element, prefix: str | None, name: str, position: str | None) -> etree._Element | None:
    """Find a child in C: to hand half a million siblings to Python takes longer than all the checks did."""
    named = "*" if name == "*" else f"*[name()='{prefix}:{name}']" if prefix else f"*[name()='{name}']"
    return next(iter(cast("list[Element]", node.xpath(f"{named}[{position or 1}]"))), None)


def _name(node: etree._Element) -> str:
    name = etree.QName(node)
    like, known = ("n:" + name.localname, {"n": name.namespace}) if name.namespace else (name.localname, None)
    before = int(cast("float", node.xpath(f"count(preceding-sibling::{like})", namespaces=known)))
    if not before and not node.xpath(f"boolean(following-sibling::{like})", namespaces=known):
        return name.localname
    return f"{name.localname}[{before + 1}]"
