"""WS-I Basic Profile 1.1 over contracts: a rule for each requirement that a program can judge, by its R-number.

What ``contract_rules`` judges already is not judged again: R2201, R2204, R2205 and R2210 are ``one-part``; R2401 and
R2702 ``soap-1.1-binding``; R2705 and R2706 ``document-literal``. R2007 is ``import-location``. What an import leads to
(R2001, R2004, R2005) spans files and is the lint's own. R2800 and R2801 are for the compiler of schemas. Rules
about messages on the wire have no place here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from lxml import etree

from soapkit.contract_rules import Element, Index, Rule, Spot, local, name
from soapkit.documents import SOAP, WSDL
from soapkit.schemas import XSD

_ENCODED = "http://schemas.xmlsoap.org/soap/encoding/"
_IMPORT, _TYPES, _DOCUMENTATION = f"{{{WSDL}}}import", f"{{{WSDL}}}types", f"{{{WSDL}}}documentation"
_OPERATION, _FAULT = f"{{{WSDL}}}operation", f"{{{WSDL}}}fault"
_BOUND = tuple(f"{{{SOAP}}}{kind}" for kind in ("body", "header", "headerfault", "fault"))
_STYLED = (f"{{{SOAP}}}operation", f"{{{SOAP}}}binding")
_HEADERS = (f"{{{SOAP}}}header", f"{{{SOAP}}}headerfault")
_SCHEMA_REFERENCES = ("type", "ref", "base", "itemType", "substitutionGroup")
_WSDL_REFERENCES: Mapping[str, tuple[str, ...]] = {
    f"{{{WSDL}}}part": ("element", "type"),
    f"{{{WSDL}}}input": ("message",),
    f"{{{WSDL}}}output": ("message",),
    _FAULT: ("message",),
    f"{{{WSDL}}}binding": ("type",),
    f"{{{WSDL}}}port": ("binding",),
    _HEADERS[0]: ("message",),
    _HEADERS[1]: ("message",),
}


# ---- documents


def _encoding(root: Element, _: Index) -> Iterator[Spot]:
    encoding = (root.getroottree().docinfo.encoding or "UTF-8").upper()
    if not encoding.startswith(("UTF-8", "UTF-16")):
        yield root, f"the document is written in {encoding}, not UTF-8 or UTF-16"


def _xml_version(root: Element, _: Index) -> Iterator[Spot]:
    version = root.getroottree().docinfo.xml_version
    if version != "1.0":
        yield root, f"the document is of XML {version}, not 1.0"


def _imports_first(definitions: Element, _: Index) -> Iterator[Spot]:
    yield from _misplaced(definitions, _IMPORT, {_DOCUMENTATION, _IMPORT})


def _types_early(definitions: Element, _: Index) -> Iterator[Spot]:
    yield from _misplaced(definitions, _TYPES, {_DOCUMENTATION, _IMPORT, _TYPES})


def _misplaced(definitions: Element, kind: str, may_precede: set[str]) -> Iterator[Spot]:
    """Extension elements may stand anywhere."""
    for node in definitions.iterchildren(kind):
        for before in node.itersiblings(f"{{{WSDL}}}*", preceding=True):
            if before.tag not in may_precede:
                yield node, f"{_local(node)} stands behind {_local(before)}"
                break


def _import_namespace(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iterchildren(_IMPORT):
        if not urlsplit(node.get("namespace", "")).scheme:
            yield node, f"the import of {node.get('location')} has no absolute URI for a namespace"


def _no_required_extensions(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter("*"):
        if node.get(f"{{{WSDL}}}required") in {"true", "1"}:
            yield node, f"the extension {_local(node)} of {name(node)} is required"


# ---- schemas


def _schema_imports_in_schemas(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(f"{{{XSD}}}import"):
        parent = node.getparent()
        if parent is None or parent.tag != f"{{{XSD}}}schema":
            yield node, f"the schema import of {node.get('namespace')} stands outside of a schema"


def _target_namespace(definitions: Element, _: Index) -> Iterator[Spot]:
    for schema in definitions.iterfind(f"{_TYPES}/{{{XSD}}}schema"):
        holds = [_local(child) for child in schema.iterchildren("*") if _local(child) not in {"import", "annotation"}]
        if holds and not schema.get("targetNamespace"):
            yield schema, f"a schema without a targetNamespace holds {holds[0]}"


def _references_in_schema(schema: Element, _: Index) -> Iterator[Spot]:
    known = {schema.get("targetNamespace"), XSD, "http://www.w3.org/XML/1998/namespace"}
    known |= {node.get("namespace") for node in schema.iterchildren(f"{{{XSD}}}import")}
    for node in schema.iter(f"{{{XSD}}}*"):
        for attribute in _SCHEMA_REFERENCES:
            if attribute in node.attrib and _namespace(node, attribute) not in known:
                yield node, f"{name(node)}: {attribute} {node.get(attribute)} is of a namespace that is not imported"


def _no_soap_arrays(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(f"{{{XSD}}}extension", f"{{{XSD}}}restriction"):
        if _namespace(node, "base") == _ENCODED:
            yield node, f"{name(node)} is derived from {node.get('base')} of the SOAP encoding"


def _no_array_type(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(f"{{{XSD}}}attribute"):
        if node.get(f"{{{WSDL}}}arrayType") is not None:
            yield node, f"{name(node)} has a wsdl:arrayType"


def _no_array_names(schema: Element, _: Index) -> Iterator[Spot]:
    for node in schema.iter(f"{{{XSD}}}element", f"{{{XSD}}}complexType"):
        if local(node).startswith("ArrayOf"):
            yield node, f"{local(node)} is named as the SOAP encoding names arrays"


# ---- messages and port types


def _references_in_wsdl(definitions: Element, _: Index) -> Iterator[Spot]:
    known = {definitions.get("targetNamespace"), XSD}
    known |= {node.get("namespace") for node in definitions.iterchildren(_IMPORT)}
    for schema in definitions.iterfind(f"{_TYPES}/{{{XSD}}}schema"):
        known |= {schema.get("targetNamespace")}
        known |= {node.get("namespace") for node in schema.iterchildren(f"{{{XSD}}}import")}
    for node in definitions.iter(*_WSDL_REFERENCES):
        for attribute in _WSDL_REFERENCES[str(node.tag)]:
            if attribute in node.attrib and _namespace(node, attribute) not in known:
                yield node, f"{name(node)}: {attribute} {node.get(attribute)} is of a namespace that is not imported"


def _global_elements(definitions: Element, index: Index) -> Iterator[Spot]:
    for part in definitions.iterfind(f"{{{WSDL}}}message/{{{WSDL}}}part[@element]"):
        if index.find("element", part, "element") is None:
            yield part, f"part {part.get('name')}: no schema has the element {part.get('element')}"


def _one_way_to_say_it(definitions: Element, _: Index) -> Iterator[Spot]:
    for part in definitions.iterfind(f"{{{WSDL}}}message/{{{WSDL}}}part[@element][@type]"):
        yield part, f"part {part.get('name')} has both an element and a type"


def _requests_first(definitions: Element, _: Index) -> Iterator[Spot]:
    for operation in _operations(definitions):
        flow = [_local(node) for node in operation.iterchildren(f"{{{WSDL}}}input", f"{{{WSDL}}}output")]
        if flow[:1] != ["input"]:
            yield operation, f"operation {name(operation)} does not begin with an input"


def _unique_operations(definitions: Element, _: Index) -> Iterator[Spot]:
    for port_type in definitions.iterchildren(f"{{{WSDL}}}portType"):
        counted = Counter(node.get("name") for node in port_type.iterchildren(_OPERATION))
        for operation, number in counted.items():
            if number > 1:
                yield port_type, f"{name(port_type)} has {number} operations called {operation}"


def _unique_inputs(definitions: Element, _: Index) -> Iterator[Spot]:
    elements = {
        message.get("name"): (_namespace(part, "element"), _local_of(part.get("element", "")))
        for message in definitions.iterchildren(f"{{{WSDL}}}message")
        for part in message.iterfind(f"{{{WSDL}}}part[@element]")
    }
    for port_type in definitions.iterchildren(f"{{{WSDL}}}portType"):
        inputs = [node.get("message", "") for node in port_type.iterfind(f"{_OPERATION}/{{{WSDL}}}input")]
        counted = Counter(elements.get(_local_of(message)) for message in inputs)
        for element, number in counted.items():
            if element is not None and number > 1:
                yield port_type, f"{number} operations of {name(port_type)} have the input element {element[1]}"


# ---- bindings and ports


def _transport(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(f"{{{SOAP}}}binding"):
        if not node.get("transport"):
            yield node, f"binding {name(node)} names no transport"


def _no_namespace(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(*_BOUND):
        if node.get("namespace") is not None and not _is_rpc(node):
            yield node, f"{name(node)}: {_local(node)} has a namespace, which is for rpc only"


def _rpc_namespace(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(f"{{{SOAP}}}body"):
        if _is_rpc(node) and not urlsplit(node.get("namespace", "")).scheme:
            yield node, f"{name(node)}: body has no absolute URI for a namespace, and is rpc"


def _is_rpc(bound: Element) -> bool:
    """Whether the operation around a soap:body and the like, or else its binding, says so."""
    said = [found.get("style") for around in bound.iterancestors() for found in around.iterchildren(*_STYLED)]
    return next(filter(None, said), "document") == "rpc"


def _same_operations(definitions: Element, _: Index) -> Iterator[Spot]:
    port_types = {node.get("name"): node for node in definitions.iterchildren(f"{{{WSDL}}}portType")}
    for binding in definitions.iterchildren(f"{{{WSDL}}}binding"):
        port_type = port_types.get(_local_of(binding.get("type", "")))
        if port_type is None:
            continue
        unlike = _names(binding) ^ _names(port_type)
        if unlike:
            yield binding, f"binding and port type do not both have {', '.join(sorted(unlike))}"


def _names(node: Element) -> set[str]:
    return {operation.get("name", "") for operation in node.iterchildren(_OPERATION)}


def _header_part(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(*_HEADERS):
        if not node.get("part") or " " in node.get("part", ""):
            yield node, f"{name(node)}: {_local(node)} does not name one part"


def _no_header_parts(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(*_HEADERS):
        if node.get("parts") is not None:
            yield node, f"{name(node)}: {_local(node)} has parts"


def _faults_named(definitions: Element, _: Index) -> Iterator[Spot]:
    for node in definitions.iter(f"{{{SOAP}}}fault"):
        if not node.get("name"):
            yield node, f"{name(node)}: a soap:fault has no name"


def _faults_agree(definitions: Element, _: Index) -> Iterator[Spot]:
    for fault in definitions.iterfind(f"{{{WSDL}}}binding/{_OPERATION}/{_FAULT}"):
        soap = fault.find(f"{{{SOAP}}}fault")
        if soap is not None and soap.get("name") and soap.get("name") != fault.get("name"):
            yield fault, f"soap:fault {soap.get('name')} stands in the fault {fault.get('name')}"


def _faults_bound(definitions: Element, _: Index) -> Iterator[Spot]:
    """Both ways: a fault bound but not declared has no message, one declared but not bound has no form."""
    declared = {node.get("name"): node for node in _operations(definitions)}
    for bound in definitions.iterfind(f"{{{WSDL}}}binding/{_OPERATION}"):
        operation = declared.get(bound.get("name"))
        if operation is not None:
            unlike = _fault_names(operation) ^ _fault_names(bound)
            if unlike:
                yield bound, f"{name(bound)}: not both declared and bound: {', '.join(sorted(unlike))}"


def _fault_names(operation: Element) -> set[str]:
    return {fault.get("name", "") for fault in operation.iterchildren(_FAULT)}


def _unique_addresses(definitions: Element, _: Index) -> Iterator[Spot]:
    addresses = definitions.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port/{{{SOAP}}}address")
    counted = Counter(node.get("location") for node in addresses)
    for address, number in counted.items():
        if number > 1:
            yield definitions, f"{number} ports share the address {address}"


# ---- reading


def _local_of(qname: str) -> str:
    """Return the local part of a QName as written."""
    return qname.rpartition(":")[2]


def _operations(definitions: Element) -> Iterator[Element]:
    yield from definitions.iterfind(f"{{{WSDL}}}portType/{_OPERATION}")


def _namespace(node: Element, attribute: str) -> str | None:
    prefix = node.get(attribute, "").rpartition(":")[0]
    return "http://www.w3.org/XML/1998/namespace" if prefix == "xml" else node.nsmap.get(prefix or None)


def _local(node: Element) -> str:
    return etree.QName(node).localname


DOCUMENT: Mapping[str, Rule] = {"R4003": _encoding, "R4004": _xml_version}
SCHEMA: Mapping[str, Rule] = {
    "R2102": _references_in_schema,
    "R2110": _no_soap_arrays,
    "R2111": _no_array_type,
    "R2112": _no_array_names,
}
DESCRIPTION: Mapping[str, Rule] = {
    "R2003": _schema_imports_in_schemas,
    "R2022": _imports_first,
    "R2023": _types_early,
    "R2026": _no_required_extensions,
    "R2101": _references_in_wsdl,
    "R2105": _target_namespace,
    "R2206": _global_elements,
    "R2303": _requests_first,
    "R2304": _unique_operations,
    "R2306": _one_way_to_say_it,
    "R2701": _transport,
    "R2710": _unique_inputs,
    "R2711": _unique_addresses,
    "R2716": _no_namespace,
    "R2717": _rpc_namespace,
    "R2718": _same_operations,
    "R2720": _header_part,
    "R2721": _faults_named,
    "R2740": _faults_bound,
    "R2749": _no_header_parts,
    "R2754": _faults_agree,
    "R2803": _import_namespace,
}
