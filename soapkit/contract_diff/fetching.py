"""Takes a contract from where it is published: its WSDL by address, and all that it imports from there."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import urllib3

from soapkit.documents import ContractError
from soapkit.faults import Refused
from soapkit.limits import Limits, parse
from soapkit.publish.locations import linked
from soapkit.schemas import XSD

_LIMITS = Limits()
_MOST_DOCUMENTS = 500
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_address(text: str) -> bool:
    """Tell an address from the name of a file."""
    return urlsplit(text).scheme in _DEFAULT_PORTS


def fetch(url: str, directory: Path) -> Path:
    """Write the WSDL at ``url`` and what it imports below ``directory``; return the path of the WSDL.

    Only the host of ``url`` is asked (with the name and password in it, if there are any). Raises ContractError.
    """
    first, auth = _bare(url), urllib3.util.parse_url(url).auth
    headers = urllib3.make_headers(basic_auth=unquote(auth)) if auth else {}
    names: dict[str, str] = {}
    ahead = [first]
    with urllib3.PoolManager(retries=False, timeout=_TIMEOUT, headers=headers) as pool:
        while ahead:
            address = ahead.pop()
            if address in names:
                continue
            _check_place(address, first, len(names))
            content = _got(pool, address)
            names[address] = f"{len(names)}.{'xsd' if _is_schema(content, address) else 'wsdl'}"
            (directory / names[address]).write_bytes(content)
            ahead += _imported(content, address)
    for address, name in names.items():
        _lead(directory / name, address, names)
    return directory / names[first]


def _check_place(address: str, first: str, count: int) -> None:
    if _place(address) != _place(first):
        raise ContractError(f"{first}: it imports {address}, which is another place")
    if count >= _MOST_DOCUMENTS:
        raise ContractError(f"{first}: more than {_MOST_DOCUMENTS} documents")


def _lead(path: Path, address: str, names: Mapping[str, str]) -> None:
    """Lead the imports of a fetched document to the files that they were written to."""

    def target(location: str) -> str | None:
        return names.get(urljoin(address, unescape(location)))

    path.write_bytes(linked(path.read_bytes(), target))


def _got(pool: urllib3.PoolManager, address: str) -> bytes:
    try:
        answer = pool.request("GET", address, redirect=False, preload_content=False)
        with answer:
            content = answer.read(_LIMITS.max_bytes + 1)
    except urllib3.exceptions.HTTPError as error:
        raise ContractError(f"{address}: cannot be fetched: {type(error).__name__}") from error
    if answer.status != HTTPStatus.OK or len(content) > _LIMITS.max_bytes:
        raise ContractError(f"{address}: answered {answer.status} and {len(content)} bytes")
    return bytes(content)


def _is_schema(content: bytes, address: str) -> bool:
    try:
        return parse(content).tag == f"{{{XSD}}}schema"
    except Refused as error:
        raise ContractError(f"{address}: {error}") from error


def _imported(content: bytes, address: str) -> list[str]:
    found: list[str] = []

    def seen(location: str) -> None:
        found.append(urljoin(address, unescape(location)))

    linked(content, seen)
    return found


def _place(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _bare(address: str) -> str:
    """Return an address without name and password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
