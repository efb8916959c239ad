"""What a WSDL says about itself in words: ``wsdl:documentation`` of the service, its operations and faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml.etree import _Element as Element

from soapkit.catalog import Contract
from soapkit.documents import WSDL
from soapkit.publish.flat import documents_of


@dataclass(frozen=True, slots=True)
class Description:
    """Texts, each a tuple of paragraphs: of the service, of operations by name, of faults by (operation, fault)."""

    service: tuple[str, ...]
    operations: Mapping[str, tuple[str, ...]]
    faults: Mapping[tuple[str, str], tuple[str, ...]]


def describe(contract: Contract) -> Description:
    """Read the texts of ``contract``."""
    documents = documents_of(contract)
    operations: dict[str, tuple[str, ...]] = {}
    faults: dict[tuple[str, str], tuple[str, ...]] = {}
    for node in (
        found for root in documents.roots for found in root.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation")
    ):
        name = node.get("name", "")
        operations[name] = _paragraphs(node)
        for fault in node.iterfind(f"{{{WSDL}}}fault"):
            faults[name, fault.get("name", "")] = _paragraphs(fault)
    about = _paragraphs(documents.service()) or _paragraphs(documents.definitions)
    return Description(about, operations, faults)


def _paragraphs(node: Element) -> tuple[str, ...]:
    found = node.find(f"{{{WSDL}}}documentation")
    lines = [] if found is None else "".join(map(str, found.itertext())).strip().splitlines()
    return tuple(filter(None, ("\n".join(line.strip() for line in lines)).split("\n\n")))
