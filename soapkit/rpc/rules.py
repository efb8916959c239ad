"""The lint's rules for rpc/literal contracts, after WS-I Basic Profile 1.1; those they share with others stay there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from soapkit.contract_rules import SERVICE, Element, Index, Rule, Spot, name
from soapkit.documents import SOAP, WSDL, ContractError
from soapkit.rpc.contract import SUFFIX, twin_path, twin_wsdl

_STYLED = (f"{{{SOAP}}}binding", f"{{{SOAP}}}operation")
_OTHERS = (f"{{{SOAP}}}header", f"{{{SOAP}}}headerfault", f"{{{SOAP}}}fault")
_DOCUMENT_ONLY = ("document-literal", "one-part")


def is_rpc(definitions: Element) -> bool:
    """Tell whether a WSDL has a binding, or an operation of one, of style rpc."""
    return any(node.get("style") == "rpc" for node in definitions.iter(*_STYLED))


def not_a_twin(file: Path) -> str | None:
    """Say why ``file`` is not the twin of the document/literal contract beside it; None when it is."""
    source = file.with_name(f"{file.stem.removesuffix(SUFFIX)}{file.suffix}")
    if twin_path(source) != file or not source.is_file():
        return f"there is no document/literal contract {source.name} that it is the twin of"
    try:
        same = twin_wsdl(source.resolve(), source.resolve().parent) == file.read_bytes()
    except ContractError as error:
        return str(error)
    return None if same else f"it is not the twin of {source.name}; python -m soapkit.rpc makes it"


def _literal(definitions: Element, _: Index) -> Iterator[Spot]:
    """R2705, R2706: one style in a binding, and no encoding."""
    for binding in definitions.iterfind(f"{{{WSDL}}}binding"):
        whole = {node.get("style", "document") for node in binding.iterfind(f"{{{SOAP}}}binding")}
        styles = whole | {node.get("style") for node in binding.iter(f"{{{SOAP}}}operation") if node.get("style")}
        if styles != {"rpc"}:
            yield binding, f"{name(binding)} mixes styles"
    for node in definitions.iter(f"{{{SOAP}}}body", *_OTHERS):
        if node.get("use") != "literal":
            yield node, f"{name(node)}: {etree.QName(node).localname} has use {node.get('use')}, not literal"


def _no_namespace(definitions: Element, _: Index) -> Iterator[Spot]:
    """R2726: only the body names a namespace, that of the wrapper (R2717)."""
    for node in definitions.iter(*_OTHERS):
        if node.get("namespace") is not None:
            yield node, f"{name(node)}: {etree.QName(node).localname} has a namespace"


def _parts(definitions: Element, _: Index) -> Iterator[Spot]:
    """R2203, R2205: parts of bodies are given by types, those of faults and headers by elements."""
    for operation in definitions.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation"):
        for node in operation.iterchildren(f"{{{WSDL}}}input", f"{{{WSDL}}}output"):
            yield from _given_otherwise(definitions, node, "type")
        for node in operation.iterchildren(f"{{{WSDL}}}fault"):
            yield from _given_otherwise(definitions, node, "element")
    for header in definitions.iter(f"{{{SOAP}}}header"):
        yield from _given_otherwise(definitions, header, "element")


def _given_otherwise(definitions: Element, user: Element, attribute: str) -> Iterator[Spot]:
    wanted = user.get("message", "").rpartition(":")[2]
    for message in definitions.iterfind(f"{{{WSDL}}}message"):
        if message.get("name") != wanted:
            continue
        for part in message.iterfind(f"{{{WSDL}}}part"):
            if not part.get(attribute):
                yield part, f"part {part.get('name')} of message {wanted} is not given by its {attribute}"


RPC: Mapping[str, Rule] = {
    **{rule: check for rule, check in SERVICE.items() if rule not in _DOCUMENT_ONLY},
    "rpc-literal": _literal,
    "rpc-namespace": _no_namespace,
    "rpc-parts": _parts,
}
