"""Reads a contract: one WSDL 1.1 document/literal file with everything it imports, relative to it on disk.

Only the SOAP 1.1 binding is read. Nothing is ever fetched: a location that is not a relative path to an existing file
is an error. The fragments read are quoted in the docstrings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from soapkit.documents import SOAP, WSDL, ContractError, Documents
from soapkit.schemas import SchemaSet, Violation

__all__ = ["Contract", "ContractError", "Operation", "Violation", "contracts_root", "load"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; elements are in Clark notation. ``output`` is None for a one-way operation."""

    name: str
    soap_action: str
    input: str
    output: str | None
    headers: tuple[str, ...]
    faults: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Contract:
    """A service, named after its ``wsdl:service``; ``documents`` maps names (``xsd/ebo/X.xsd``) to files."""

    name: str
    namespace: str
    port_type: str
    wsdl: str
    documents: Mapping[str, Path]
    operations: tuple[Operation, ...]
    schemas: SchemaSet
    inputs: Mapping[str, Operation]

    def by_input(self, element: str) -> Operation | None:
        """Return the operation whose input is the body element ``element``, if there is one."""
        return self.inputs.get(element)

    def operation(self, name: str) -> Operation:
        """Return the operation called ``name``; raises ContractError when there is none."""
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise ContractError(f"{self.name} has no operation {name}")

    def check(self, element: etree._Element) -> tuple[Violation, ...]:
        """Validate ``element`` against all schemas of the contract; empty = valid."""
        return self.schemas.check(element)


def contracts_root() -> Path:
    """Return the directory of ``wsdl/`` and ``xsd/``: $O2C_CONTRACTS_DIR, the checkout, or the package's data."""
    if configured := os.environ.get("O2C_CONTRACTS_DIR"):
        return Path(configured).resolve()
    package = Path(__file__).resolve().parent
    checkout = package.parent
    return checkout if (checkout / "wsdl").is_dir() and (checkout / "xsd").is_dir() else package / "contracts"


def load(wsdl: str | Path) -> Contract:
    """Read the contract in ``wsdl``, absolute or relative to ``contracts_root()``. Read once per process.

    Raises ContractError for anything missing, remote, not document/literal, or not compilable.
    """
    return _load((contracts_root() / wsdl).resolve(), contracts_root())


@lru_cache
def _load(wsdl: Path, root: Path) -> Contract:
    documents = Documents(wsdl, root)
    service = documents.service()
    port_type, operations = _Reader(documents).port(service)
    contract = Contract(
        name=service.get("name", ""),
        namespace=documents.namespace,
        port_type=port_type,
        wsdl=documents.main,
        documents=MappingProxyType(documents.paths),
        operations=operations,
        schemas=SchemaSet(tuple(documents.schemas())),
        inputs=_by_input(operations),
    )
    _prove(contract)
    return contract


def _by_input(operations: tuple[Operation, ...]) -> Mapping[str, Operation]:
    inputs = {operation.input: operation for operation in operations}
    if len(inputs) != len(operations):
        raise ContractError("Two operations have the same input element: they cannot be told apart (WS-I R2710)")
    return MappingProxyType(inputs)


def _prove(contract: Contract) -> None:
    """Compile the schemas now, so that a broken contract fails at start and not at its first message."""
    try:
        contract.check(etree.Element("nothing"))
    except etree.XMLSchemaParseError as error:
        found: Any = error.error_log
        where = Path(found.last_error.filename or "").name if len(found) else ""
        raise ContractError(f"{contract.wsdl}: {where}: {error}") from error


class _Reader:
    """Reads definitions out of WSDL documents by their QNames."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def port(self, service: etree._Element) -> tuple[str, tuple[Operation, ...]]:
        """Follow ``<wsdl:port binding="tns:B"><soap:address/></wsdl:port>`` to its binding and port type."""
        for port in service.iterfind(f"{{{WSDL}}}port"):
            if port.find(f"{{{SOAP}}}address") is not None:
                binding = self._documents.definition("binding", port, port.get("binding"))
                port_type = self._documents.definition("portType", binding, binding.get("type"))
                return port_type.get("name", ""), tuple(self._operations(binding, port_type))
        raise ContractError(f"{self._documents.main}: no port with a SOAP 1.1 address")

    def _operations(self, binding: etree._Element, port_type: etree._Element) -> Iterator[Operation]:
        abstract = {node.get("name"): node for node in port_type.iterfind(f"{{{WSDL}}}operation")}
        for node in binding.iterfind(f"{{{WSDL}}}operation"):
            name = node.get("name", "")
            if name not in abstract:
                raise ContractError(f"{self._documents.main}: operation {name} is bound but not in the port type")
            yield self._operation(name, node, abstract[name])

    def _operation(self, name: str, bound: etree._Element, abstract: etree._Element) -> Operation:
        """Read ``<wsdl:operation name="Op"><soap:operation soapAction="…"/><wsdl:input>…``."""
        soap = bound.find(f"{{{SOAP}}}operation")
        output = abstract.find(f"{{{WSDL}}}output")
        return Operation(
            name=name,
            soap_action="" if soap is None else soap.get("soapAction", ""),
            input=self._body(abstract, "input"),
            output=None if output is None else self._body(abstract, "output"),
            headers=tuple(self._headers(bound)),
            faults=MappingProxyType(
                {f.get("name", ""): self._element(f, f.get("message")) for f in abstract.iterfind(f"{{{WSDL}}}fault")}
            ),
        )

    def _body(self, abstract: etree._Element, direction: str) -> str:
        node = abstract.find(f"{{{WSDL}}}{direction}")
        if node is None:
            raise ContractError(f"{self._documents.main}: operation {abstract.get('name')} has no {direction}")
        return self._element(node, node.get("message"))

    def _headers(self, bound: etree._Element) -> Iterator[str]:
        """Read ``<wsdl:input><soap:header message="tns:M" part="p" use="literal"/></wsdl:input>``."""
        for header in bound.iterfind(f"{{{WSDL}}}input/{{{SOAP}}}header"):
            yield self._element(header, header.get("message"), header.get("part"))

    def _element(self, node: etree._Element, message: str | None, part: str | None = None) -> str:
        """Read ``<wsdl:message name="M"><wsdl:part name="body" element="ns:E"/></wsdl:message>``.

        Without a ``part`` name the message's only part, or the one called ``body`` or ``parameters``, is meant.
        """
        parts = self._documents.definition("message", node, message).findall(f"{{{WSDL}}}part")
        wanted = {part} if part else {"body", "parameters"}
        chosen = parts[0] if len(parts) == 1 else next((p for p in parts if p.get("name") in wanted), None)
        if chosen is None or not chosen.get("element"):
            raise ContractError(f"{self._documents.main}: message {message} is not document/literal")
        return self._documents.qname(chosen, chosen.get("element"))
