"""One self-contained WSDL out of many files: everything it imports is written into it, and nothing is left to fetch.

One WSDL has one namespace and, in it, one schema for each namespace of XML Schema. So definitions of imported WSDLs are
taken over under the namespace of the importing one (their names are never on the wire), and all documents of one schema
namespace become one schema, includes without a namespace of their own being taken into that of the includer. Imports
between the schemas stay, without a location.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain, count
from typing import cast

from lxml import etree
from lxml.etree import _Element as Element

from soapkit.catalog import Contract
from soapkit.documents import WSDL, ContractError, Documents
from soapkit.publish.locations import at
from soapkit.schemas import XSD, SchemaFile

_LINKS = (f"{{{XSD}}}import", f"{{{XSD}}}include", f"{{{XSD}}}redefine")
_NO_COMPONENTS = (*_LINKS, f"{{{XSD}}}annotation")
_QNAMES = ("type", "base", "ref", "itemType", "memberTypes", "substitutionGroup", "refer")
_OTHER_NAMES = (f"{{{XSD}}}selector", f"{{{XSD}}}appinfo")
"""Where prefixes stand in other places than the attributes above."""
_TAG = re.compile(rb"<[^\s/>]+")
_LOCAL = (f"{{{XSD}}}element", f"{{{XSD}}}attribute")
_FORMS = {f"{{{XSD}}}element": "elementFormDefault", f"{{{XSD}}}attribute": "attributeFormDefault"}
_DERIVATION = {"extension", "restriction"}
_DEFAULTS = {
    "blockDefault": {
        f"{{{XSD}}}element": {*_DERIVATION, "substitution"},
        f"{{{XSD}}}complexType": _DERIVATION,
    },
    "finalDefault": {
        f"{{{XSD}}}complexType": _DERIVATION,
        f"{{{XSD}}}simpleType": {"restriction", "list", "union"},
    },
}
_KINDS = ("message", "portType", "binding")
_REFERENCES = {"message": "message", "type": "portType", "binding": "binding"}
"""Attributes of WSDL that name definitions, by the kind of what they name."""


def flat(contract: Contract, address: str | None = None) -> bytes:
    """Return the contract as one WSDL, its ``soap:address`` set to ``address`` where that is given.

    Raises ContractError for a schema that uses ``xs:redefine``, which cannot be written without a second document.
    """
    documents = documents_of(contract)
    written = _definitions(documents, _types(tuple(documents.schemas())))
    root = etree.fromstring(written, etree.XMLParser(ns_clean=True, resolve_entities=False, no_network=True))
    etree.indent(root, space="  ")
    document = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document if address is None else at(document, address)


def documents_of(contract: Contract) -> Documents:
    """Return the contract's documents, read again."""
    path = contract.documents[contract.wsdl]
    return Documents(path, path.parents[contract.wsdl.count("/")])


def _definitions(documents: Documents, types: bytes) -> bytes:
    """Write ``<wsdl:definitions>`` with all definitions, in the order that WSDL wants them."""
    main = documents.definitions
    sources = [main, *(each for each in documents.roots if each is not main and each.tag == f"{{{WSDL}}}definitions")]
    names = _new_names(sources, documents.namespace)
    prefix = _prefix(sources, documents.namespace)
    before, behind = _by_kind(sources)
    start = etree.Element(
        main.tag,
        {str(name): str(value) for name, value in main.attrib.items()},
        nsmap=_said({**main.nsmap, prefix: documents.namespace}),
    )
    taken = [[_taken_over(node, names, prefix) for node in nodes] for nodes in (before, behind)]
    return _around(start, *taken[0], types, *taken[1])


def _by_kind(sources: Sequence[Element]) -> tuple[list[Element], list[Element]]:
    """Return what stands before ``<wsdl:types>`` (documentation, policies), and what stands behind it, in its order."""
    left_out = {f"{{{WSDL}}}types", f"{{{WSDL}}}import"}
    nodes = [node for source in sources for node in source if isinstance(node.tag, str) and node.tag not in left_out]
    order = [f"{{{WSDL}}}{kind}" for kind in ("message", "portType", "binding", "service")]
    before = [node for node in sources[0] if node in nodes and node.tag not in order]
    return before, sorted((node for node in nodes if node.tag in order), key=lambda node: order.index(node.tag))


def _new_names(sources: Sequence[Element], namespace: str) -> dict[tuple[str, str], str]:
    """Return the new name of each definition by kind and Clark name; two that would share one are told apart."""
    names: dict[tuple[str, str], str] = {}
    for kind in _KINDS:
        taken: set[str] = set()
        for source in sorted(sources, key=lambda each: each.get("targetNamespace") != namespace):
            for node in source.iterfind(f"{{{WSDL}}}{kind}"):
                old = new = node.get("name", "")
                while new in taken:
                    new += "_"
                taken.add(new)
                names[kind, f"{{{source.get('targetNamespace', '')}}}{old}"] = new
    return names


def _prefix(sources: Sequence[Element], namespace: str) -> str:
    """Return a prefix that means ``namespace``, or nothing, wherever it could be used."""
    meanings = {(prefix, used) for source in sources for node in source.iter() for prefix, used in node.nsmap.items()}
    candidates = chain(sources[0].nsmap, ("tns", "this"), (f"tns{number}" for number in range(len(meanings))))
    return next(
        each for each in candidates if each and {used for prefix, used in meanings if prefix == each} <= {namespace}
    )


def _taken_over(node: Element, names: Mapping[tuple[str, str], str], prefix: str) -> bytes:
    source = node.getparent()
    namespace = "" if source is None else source.get("targetNamespace", "")
    copy = _apart(node)
    if (key := (etree.QName(node).localname, f"{{{namespace}}}{node.get('name')}")) in names:
        copy.set("name", names[key])
    for each in copy.iter(etree.Element):
        for attribute, kind in _REFERENCES.items():
            written = each.get(attribute)
            if written and (new := names.get((kind, _clark(each, written)))):
                each.set(attribute, f"{prefix}:{new}")
    return etree.tostring(copy)


def _clark(node: Element, written: str) -> str:
    prefix, _, local = written.rpartition(":")
    return f"{{{node.nsmap.get(prefix or None, '')}}}{local}"


def _apart(node: Element, namespace: str = "") -> Element:
    """Return a copy with all prefixes around ``node``, which attribute values may use; they are lost in lxml's own.

    ``namespace`` becomes that of names without a prefix, where nothing else is.
    """
    written = etree.tostring(node, with_tail=False)
    if namespace and None not in node.nsmap:
        written = _TAG.sub(lambda tag: tag[0] + f' xmlns="{escape(namespace)}"'.encode(), written, count=1)
    return etree.fromstring(written)


def _around(start: Element, *inside: bytes) -> bytes:
    """Write ``inside`` between the tags of ``start``. In a tree, lxml would drop prefixes that it finds redundant."""
    start.text = ""
    empty = etree.tostring(start)
    end = empty.rindex(b"</")
    return b"".join((empty[:end], *inside, empty[end:]))


def _types(files: Sequence[SchemaFile]) -> bytes:
    by_key = {file.key: file for file in files}
    gathered: dict[str, dict[str, SchemaFile]] = {}
    for file in files:
        if file.entry:
            for each in _with_included(file, by_key):
                gathered.setdefault(file.namespace, {}).setdefault(each.key, each)
    holding = {space: tuple(found.values()) for space, found in gathered.items() if any(map(_holds, found.values()))}
    schemas = [_schema(namespace, members, set(holding)) for namespace, members in holding.items()]
    return _around(etree.Element(f"{{{WSDL}}}types", nsmap={"wsdl": WSDL}), *schemas)


def _holds(file: SchemaFile) -> bool:
    return any(isinstance(node.tag, str) and node.tag not in _NO_COMPONENTS for node in file.root)


def _with_included(file: SchemaFile, by_key: Mapping[str, SchemaFile]) -> Iterator[SchemaFile]:
    seen, ahead = {file.key}, [file]
    while ahead:
        each = ahead.pop(0)
        yield each
        for node in each.root.iterfind(f"{{{XSD}}}include"):
            key = each.locations[node.get("schemaLocation", "")]
            if key not in seen:
                seen.add(key)
                ahead.append(by_key[key])
        if each.root.find(f"{{{XSD}}}redefine") is not None:
            raise ContractError(f"{each.key}: what redefines another document cannot be written into one")


def _schema(namespace: str, files: Sequence[SchemaFile], known: set[str]) -> bytes:
    holding = [file.root for file in files if _holds(file)]
    forms = {name: _most(root.get(name, "unqualified") for root in holding) for name in _FORMS.values()}
    prefixes = _prefixes(files, namespace)
    attributes = {"targetNamespace": namespace} if namespace else {}
    nsmap = {prefix: used for used, prefix in prefixes.items()}
    schema = etree.Element(f"{{{XSD}}}schema", {**attributes, **forms}, nsmap=nsmap)
    imported = {node.get("namespace", "") for file in files for node in file.root.iterfind(f"{{{XSD}}}import")}
    imports = [_import(each) for each in sorted(imported & known - {namespace})]
    components = [
        _component(node, file.root, namespace, forms, prefixes)
        for file in files
        for node in file.root
        if isinstance(node.tag, str) and node.tag not in _LINKS
    ]
    return _around(schema, *imports, *components)


def _prefixes(files: Sequence[SchemaFile], namespace: str) -> dict[str, str]:
    """Return one prefix for each namespace, the documents' own where they agree; there is no default namespace."""
    found: dict[str, str] = {}
    written = [pair for file in files for pair in file.root.nsmap.items()]
    for prefix, used in written:
        if prefix and prefix not in found.values():
            found.setdefault(used, prefix)
    spare = (each for each in chain(("tns",), map("ns{}".format, count(1))) if each not in found.values())
    for used in dict.fromkeys((namespace, *(used for _, used in written))):
        if used and used not in found:
            found[used] = next(spare)
    return found


def _said(nsmap: dict[str | None, str]) -> dict[str, str]:
    """Return what lxml takes; its stubs do not know that a default namespace is called None."""
    return cast("dict[str, str]", nsmap)


def _import(namespace: str) -> bytes:
    return etree.tostring(
        etree.Element(f"{{{XSD}}}import", {"namespace": namespace} if namespace else {}, nsmap={"xs": XSD})
    )


def _shared(files: Sequence[SchemaFile]) -> dict[str | None, str]:
    """Return the prefixes that mean the same in all documents, so that components need not repeat them."""
    meanings: dict[str | None, set[str]] = {}
    for file in files:
        for prefix, used in file.root.nsmap.items():
            meanings.setdefault(prefix, set()).add(used)
    return {prefix: next(iter(used)) for prefix, used in meanings.items() if prefix and len(used) == 1}


def _component(
    node: Element, schema: Element, namespace: str, forms: Mapping[str, str], prefixes: Mapping[str, str]
) -> bytes:
    """Write a global component: what its document says for all of it is said on it, where it differs from ``forms``."""
    chameleon = not schema.get("targetNamespace")  # included without a namespace, it takes that of who includes it
    copy = _apart(node, namespace if chameleon else "")
    for default, tags in _DEFAULTS.items():
        for each in copy.iter(*tags) if schema.get(default) else ():
            _say_default(each, default, schema.get(default, ""))
    for each in copy.iter(*_LOCAL):
        form = schema.get(_FORMS[each.tag], "unqualified")
        local = each is not copy and each.get("name") and each.get("form") is None
        if local and form != forms[_FORMS[each.tag]]:
            each.set("form", form)
    if next(copy.iter(*_OTHER_NAMES), None) is None:
        _rename(copy, prefixes)
    return etree.tostring(copy)


def _rename(component: Element, prefixes: Mapping[str, str]) -> None:
    """Write all QNames with the prefixes of the whole schema: some toolkits look nowhere else."""
    for each in component.iter(etree.Element):
        for attribute in _QNAMES:
            if names := each.get(attribute):
                each.set(attribute, " ".join(_prefixed(each, name, prefixes) for name in names.split()))
    etree.cleanup_namespaces(component)


def _prefixed(node: Element, written: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = written.rpartition(":")
    namespace = node.nsmap.get(prefix or None, "")
    return f"{prefixes[namespace]}:{local}" if namespace in prefixes else written


def _say_default(node: Element, default: str, said: str) -> None:
    """Write ``blockDefault`` or ``finalDefault`` on one component, as far as it concerns it (XSD Part 1, 3.15.2)."""
    attribute, allowed = default.removesuffix("Default"), _DEFAULTS[default][node.tag]
    concerns = " ".join(each for each in said.split() if each in allowed or each == "#all")
    if node.get(attribute) is None and concerns and not node.get("ref"):
        node.set(attribute, concerns)


def _most(values: Iterator[str]) -> str:
    found = Counter(values).most_common(1)
    return found[0][0] if found else "unqualified"
