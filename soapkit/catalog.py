"""A contract: one WSDL 1.1 file, document/literal or rpc/literal, with everything it imports, relative to it on disk.

Only the SOAP 1.1 binding is read. Nothing is ever fetched: a location that is not a relative path to an existing file
is an error.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from soapkit import wrappers
from soapkit.documents import ContractError, Documents
from soapkit.operation import Operation, Part, Style
from soapkit.reader import Reader
from soapkit.schemas import SchemaSet, Violation

__all__ = [
    "Contract",
    "ContractError",
    "Operation",
    "Part",
    "Style",
    "Violation",
    "contracts_root",
    "load",
    "load_again",
]


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

    Raises ContractError for anything missing, remote, not literal, or not compilable.
    """
    return _load((contracts_root() / wsdl).resolve(), contracts_root())


def load_again(wsdl: Path) -> Contract:
    """Read the contract in ``wsdl`` as it is now, whatever ``load`` read before. Raises as ``load`` does."""
    return _read(wsdl.resolve(), contracts_root())


@lru_cache
def _load(wsdl: Path, root: Path) -> Contract:
    return _read(wsdl, root)


def _read(wsdl: Path, root: Path) -> Contract:
    documents = Documents(wsdl, root)
    service = documents.service()
    port_type, operations = Reader(documents).port(service)
    rpc = [operation for operation in operations if operation.style is Style.RPC]
    contract = Contract(
        name=service.get("name", ""),
        namespace=documents.namespace,
        port_type=port_type,
        wsdl=documents.main,
        documents=MappingProxyType(documents.paths),
        operations=operations,
        schemas=SchemaSet((*documents.schemas(), *wrappers.schemas(rpc, documents.main))),
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
