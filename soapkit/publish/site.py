"""What GET shows: of one service its documents, examples and page; of the site the list of its services.

Pages and examples need libraries that take long to import, and most processes never show one: they are imported when
they are asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

import structlog

from soapkit.catalog import Contract, ContractError
from soapkit.faults import Refused
from soapkit.http import Response
from soapkit.publish.addresses import Addresses, Network
from soapkit.publish.conditional import answer
from soapkit.publish.documents import Publisher

Guard: TypeAlias = Callable[[WSGIEnvironment], None]
"""Lets a request see what is published, or raises Refused with status 401 and WWW-Authenticate."""

_log = structlog.get_logger(__name__)
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_XML = "text/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Publishing:
    """How contracts are shown.

    ``trusted_proxies`` may say what the site is called; everybody else is told ``public_url``. ``guard`` decides who
    sees anything at all. ``try_it`` puts a form on each page that calls the service. ``credentials`` names the services
    that are called with a user name and a password.
    """

    trusted_proxies: tuple[Network, ...] = ()
    guard: Guard | None = None
    try_it: bool = True
    credentials: frozenset[str] = frozenset()


class _Guarded:
    """Shows nothing to whom the guard refuses."""

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing

    def answer(self, environ: WSGIEnvironment) -> Response:
        """Answer GET or HEAD."""
        try:
            if self._publishing.guard is not None:
                self._publishing.guard(environ)
            return self._shown(environ, _asked(environ))
        except Refused as refused:
            told = f"{refused}\n".encode()
            status = HTTPStatus(refused.status or HTTPStatus.FORBIDDEN)
            return Response.of(status, _TEXT, told, *refused.http_headers)
        except Exception:  # noqa: BLE001 - logged; a page that fails tells the outside nothing
            _log.exception("a page cannot be shown", path=environ.get("PATH_INFO", ""))
            return Response.of(HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT, b"This cannot be shown\n")

    def _shown(self, environ: WSGIEnvironment, asked: Mapping[str, str]) -> Response:
        raise NotImplementedError

    @property
    def _private(self) -> bool:
        return self._publishing.guard is not None


class ServicePages(_Guarded):
    """What is shown of the service at ``path``."""

    def __init__(self, contract: Contract, path: str, addresses: Addresses, publishing: Publishing) -> None:
        super().__init__(publishing)
        self.contract = contract
        self._path = path
        self._addresses = addresses
        self._publisher = Publisher(contract)
        self._shows: Mapping[str, Callable[[str, Mapping[str, str]], tuple[str, bytes | None]]] = {
            "singlewsdl": lambda address, _: (_XML, self._publisher.single(address)),
            "wsdl": lambda address, asked: (_XML, self._publisher.wsdl(address, asked["wsdl"])),
            "xsd": lambda address, asked: (_XML, self._publisher.xsd(address, asked["xsd"])),
            "zip": lambda address, _: ("application/zip", self._publisher.archive(address)),
            "example": lambda _, asked: self._example(asked),
        }

    def address(self, environ: WSGIEnvironment) -> str:
        """Return what the caller of this request calls the service."""
        return self._addresses.of(environ) + self._path

    @property
    def vary(self) -> tuple[tuple[str, str], ...]:
        """What is told to caches about the address."""
        return self._addresses.vary

    @property
    def modified(self) -> datetime:
        """When the contract last changed."""
        return self._publisher.modified

    def _shown(self, environ: WSGIEnvironment, asked: Mapping[str, str]) -> Response:
        address = self.address(environ)
        show = next((show for key, show in self._shows.items() if key in asked), None)
        if show is None:
            return self._page(environ, address)
        try:
            kind, body = show(address, asked)
        except ContractError as error:
            return _missing(str(error))
        if body is None:
            return _missing("The contract has no such document")
        kind = _written_in(body) if kind == _XML else kind
        return self._answer(environ, kind, body, *_file_name(self.contract.name, asked))

    def _answer(self, environ: WSGIEnvironment, kind: str, body: bytes, *headers: tuple[str, str]) -> Response:
        told = (*headers, *self.vary)
        return answer(environ, kind, body, self._publisher.modified, *told, private=self._private)

    def _page(self, environ: WSGIEnvironment, address: str) -> Response:
        from soapkit.publish import pages  # noqa: PLC0415 - as above

        page = pages.service_page(
            self.contract,
            self._publisher,
            address,
            up=_to_the_list(environ),
            try_it=self._publishing.try_it,
            credentials=self.contract.name in self._publishing.credentials,
        )
        return self._answer(environ, _HTML, page, *pages.HEADERS)

    def _example(self, asked: Mapping[str, str]) -> tuple[str, bytes | None]:
        from soapkit.publish.examples import REQUEST, VERSIONS, example  # noqa: PLC0415 - as above

        version = VERSIONS.get(asked.get("soap", "1.1"))
        if version is None:
            return _XML, None
        full = asked.get("full", "0") not in ("0", "false")
        found = example(self.contract, asked["example"], asked.get("part", REQUEST), version, full=full)
        return version.content_type, found


class IndexPages(_Guarded):
    """The list of services, for people and, with ``?format=json``, for programs."""

    def __init__(self, services: Sequence[ServicePages], publishing: Publishing) -> None:
        super().__init__(publishing)
        self._services = services

    def _shown(self, environ: WSGIEnvironment, asked: Mapping[str, str]) -> Response:
        from soapkit.publish import pages  # noqa: PLC0415 - as above

        services = [pages.Listed(each.contract, each.address(environ)) for each in self._services]
        if asked.get("format") == "json":
            listed = json.dumps({"services": [_entry(each.contract, each.address) for each in services]}, indent=2)
            return self._answer(environ, "application/json", listed.encode())
        return self._answer(environ, _HTML, pages.index_page(services, _to_the_list(environ)), *pages.HEADERS)

    def _answer(self, environ: WSGIEnvironment, kind: str, body: bytes, *headers: tuple[str, str]) -> Response:
        modified = max((each.modified for each in self._services), default=_NEVER)
        told = (*headers, *next((each.vary for each in self._services), ()))
        return answer(environ, kind, body, modified, *told, private=self._private)


def _to_the_list(environ: WSGIEnvironment) -> str:
    """Return the relative way from the page asked for to ``/services/``: whatever stands before it is not known."""
    depth: int = environ.get("PATH_INFO", "").count("/") - 1
    return "../" * depth + "services/"


def _entry(contract: Contract, address: str) -> Mapping[str, object]:
    return {
        "name": contract.name,
        "namespace": contract.namespace,
        "address": address,
        "wsdl": f"{address}?wsdl",
        "singleWsdl": f"{address}?singleWsdl",
        "operations": [operation.name for operation in contract.operations],
    }


def _asked(environ: WSGIEnvironment) -> dict[str, str]:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    return {key.lower(): values[0] for key, values in query.items()}


def _file_name(service: str, asked: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    names = {"zip": f"{service}.zip", "singlewsdl": f"{service}.wsdl"}
    name = next((name for key, name in names.items() if key in asked), None)
    kind = "attachment" if "zip" in asked else "inline"
    return () if name is None else (("Content-Disposition", f'{kind}; filename="{name}"'),)


def _written_in(document: bytes) -> str:
    """Return the media type with the charset that a document declares: a customer's may be older than UTF-8."""
    declared = _ENCODING.match(document)
    return f"text/xml; charset={declared[1].decode().lower()}" if declared else _XML


def _missing(text: str) -> Response:
    return Response.of(HTTPStatus.NOT_FOUND, _TEXT, f"{text}\n".encode())
