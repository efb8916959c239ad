"""Publishes contracts: the files as written, only addresses and import locations led to where they can be had.

A document is found by its name in the contract's own table, never on the file system, so no path can lead outside it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from soapkit.catalog import Contract
from soapkit.documents import ContractError, target
from soapkit.publish.flat import flat
from soapkit.publish.locations import at, linked

_TIMELESS = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip file knows: equal contents make equal archives."""


class Publisher:
    """The documents of one contract, as they are to be seen at an ``address``."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._names = {path: name for name, path in contract.documents.items()}

    def wsdl(self, address: str, name: str = "") -> bytes | None:
        """Return the contract's WSDL, or the imported WSDL ``name``; None when the contract has no such document."""
        return self._document(name or self._contract.wsdl, address)

    def xsd(self, address: str, name: str) -> bytes | None:
        """Return the schema ``name`` (``xsd/ebo/X.xsd``); None when the contract has no such document."""
        return self._document(name, address)

    def single(self, address: str) -> bytes:
        """Return the contract as one self-contained WSDL; raises ContractError where that cannot be."""
        return at(self._flat, address)

    def archive(self, address: str) -> bytes:
        """Return a zip of all documents, with relative imports that work once it is unpacked."""
        written = BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files(self._contract, address).items()):
                archive.writestr(zipfile.ZipInfo(name, _TIMELESS), content, zipfile.ZIP_DEFLATED)
        return written.getvalue()

    @property
    def schema_names(self) -> tuple[str, ...]:
        """The names of all documents but the WSDL."""
        return tuple(sorted(name for name in self._contract.documents if name != self._contract.wsdl))

    @cached_property
    def modified(self) -> datetime:
        """When a file of the contract last changed, as far as this process knows: it reads them once."""
        newest = max(path.stat().st_mtime for path in self._contract.documents.values())
        return datetime.fromtimestamp(int(newest), UTC)

    @cached_property
    def can_be_single(self) -> bool:
        """Whether ``single`` will do."""
        try:
            return bool(self._flat)
        except ContractError:
            return False

    @cached_property
    def _flat(self) -> bytes:
        return flat(self._contract)

    def _document(self, name: str, address: str) -> bytes | None:
        path = self._contract.documents.get(name)
        if path is None:
            return None
        return at(linked(path.read_bytes(), lambda location: self._published(path, location, address)), address)

    def _published(self, path: Path, location: str, address: str) -> str | None:
        try:
            name = self._names.get(target(path, location))
        except ContractError:
            return None  # a location inside a comment: left as written
        return None if name is None else location_of(name, address)


def location_of(name: str, address: str) -> str:
    """Return where the document ``name`` of the service at ``address`` is shown."""
    kind = "wsdl" if name.endswith(".wsdl") else "xsd"
    return f"{address}?{kind}={quote(name)}"


def files(contract: Contract, address: str | None = None) -> Mapping[str, bytes]:
    """Return the documents by relative path, with their relative imports; ``address`` replaces ``soap:address``."""
    written = {name: path.read_bytes() for name, path in contract.documents.items()}
    return written if address is None else {name: at(content, address) for name, content in written.items()}
