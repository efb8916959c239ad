"""Publishes contracts: the files as written, only addresses and import locations led to the configured address.

A document is found by its name in the contract's own table, never on the file system, so no path can lead outside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import quote

from soapkit.catalog import Contract
from soapkit.documents import ContractError, target

_LOCATION = re.compile(
    rb"""(<(?:[\w.-]+:)?(?:import|include|redefine)\b[^<>]*?\s(?:schemaLocation|location)\s*=\s*)(["'])(.*?)\2"""
)
_ADDRESS = re.compile(rb"""(<(?:[\w.-]+:)?address\b[^<>]*?\slocation\s*=\s*)(["'])(.*?)\2""")


class Publisher:
    """The documents of one contract, as they are to be seen at ``address``."""

    def __init__(self, contract: Contract, address: str) -> None:
        self._contract = contract
        self._address = address
        self._names = {path: name for name, path in contract.documents.items()}

    def wsdl(self, name: str = "") -> bytes | None:
        """Return the contract's WSDL, or the imported WSDL ``name``; None when the contract has no such document."""
        return self._document(name or self._contract.wsdl)

    def xsd(self, name: str) -> bytes | None:
        """Return the schema ``name`` (``xsd/ebo/X.xsd``); None when the contract has no such document."""
        return self._document(name)

    def _document(self, name: str) -> bytes | None:
        path = self._contract.documents.get(name)
        if path is None:
            return None
        linked = _LOCATION.sub(lambda found: self._linked(path, found), path.read_bytes())
        return _ADDRESS.sub(lambda found: found[1] + _quoted(self._address), linked)

    def _linked(self, path: Path, found: re.Match[bytes]) -> bytes:
        try:
            name = self._names.get(target(path, found[3].decode()))
        except ContractError:
            name = None  # a location inside a comment: left as written
        if name is None:
            return found[0]
        kind = "wsdl" if name.endswith(".wsdl") else "xsd"
        return found[1] + _quoted(f"{self._address}?{kind}={quote(name)}")


def _quoted(value: str) -> bytes:
    return f'"{escape(value)}"'.encode()


def listing_json(services: Iterable[tuple[Contract, str]]) -> bytes:
    """Return the services as JSON: name, namespace, address, WSDL address, operations."""
    return json.dumps({"services": [_entry(contract, address) for contract, address in services]}, indent=2).encode()


def listing_html(services: Iterable[tuple[Contract, str]]) -> bytes:
    """Return the services as a page for people."""
    rows = "".join(_row(contract, address) for contract, address in services)
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Services</title></head>'
        "<body><h1>Services</h1>"
        f"<table><tr><th>Service</th><th>Operations</th><th>Address</th></tr>{rows}</table>"
        '<p><a href="?format=json">The same as JSON</a></p></body></html>'
    )
    return page.encode()


def _entry(contract: Contract, address: str) -> dict[str, object]:
    return {
        "name": contract.name,
        "namespace": contract.namespace,
        "address": address,
        "wsdl": f"{address}?wsdl",
        "operations": [operation.name for operation in contract.operations],
    }


def _row(contract: Contract, address: str) -> str:
    operations = ", ".join(escape(operation.name) for operation in contract.operations)
    name, link = escape(contract.name), escape(address)
    return f'<tr><td><a href="{link}?wsdl">{name}</a></td><td>{operations}</td><td>{link}</td></tr>'
