"""Serves contracts over HTTP: one WSGI application for any number of services, and the two servers that run it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from soapkit.addressing import Addressing
from soapkit.catalog import Contract
from soapkit.envelope import wrap_fault
from soapkit.exchange import EXCHANGE, Exchange
from soapkit.http import Response
from soapkit.limits import Limits
from soapkit.module import Module
from soapkit.protocol import CORRELATION, wsgi_application
from soapkit.publish import Publisher, listing_html, listing_json
from soapkit.run import running, serve, serve_workers
from soapkit.service import Handler, Request, Service
from soapkit.versions import Version

__all__ = ["Handler", "Request", "Service", "application", "running", "serve", "serve_workers"]

_log = structlog.get_logger(__name__)
_LIST = "/services"
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_XML = "text/xml; charset=utf-8"


# waitress ends the connection one byte short; granian sends what is here: either way nobody takes it for an answer.
# Saying "Connection: close" is not an application's right (PEP 3333): waitress would answer a page of its own.
_HUNG_UP = Response("504 Gateway Timeout", b"", (("Content-Length", "1"),))


class _Endpoint:
    """One service: POST is a call, GET shows its documents."""

    def __init__(self, service: Service, address: str, limits: Limits, modules: Sequence[Module]) -> None:
        self.contract: Contract = service.contract
        self.address = address
        self._service = service
        self._spyne = wsgi_application(service, address, limits, modules)
        self._documents = Publisher(service.contract, address)

    def answer(self, environ: WSGIEnvironment) -> Response:
        method = environ["REQUEST_METHOD"]
        if method == "POST":
            return self._called(environ)
        if method in ("GET", "HEAD"):
            return self._shown(environ)
        refusal = b"A service is called with POST and shown with GET\n"
        return Response.of(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", refusal, ("Allow", "GET, HEAD, POST"))

    def _called(self, environ: WSGIEnvironment) -> Response:
        correlation_id = environ[CORRELATION] = _correlation_id(environ)
        bound = structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        try:
            response = self._through_spyne(environ)
        except Exception as error:  # noqa: BLE001 - nothing may leave as a plain 500; told() logs it
            response = self._broken(error, environ)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            _let_go(environ)
        headers = (*response.headers, ("X-Correlation-Id", correlation_id))
        return Response(response.status, response.body, headers)

    def _broken(self, error: Exception, environ: WSGIEnvironment) -> Response:
        exchange: Exchange | None = environ.get(EXCHANGE)
        version = exchange.version if exchange else Version.SOAP_11
        told = wrap_fault(self._service.told(error, None, environ[CORRELATION]), version=version, node=self.address)
        return Response.of(HTTPStatus.INTERNAL_SERVER_ERROR, version.content_type, told)

    def _through_spyne(self, environ: WSGIEnvironment) -> Response:
        head: list[Any] = []
        chunks = self._spyne.handle_rpc(environ, lambda status, headers, *_: head.extend((status, headers)))
        body = b"".join(chunks)
        if environ.get("soapkit.hangup"):
            return _HUNG_UP
        return Response(head[0], body, tuple(head[1]))

    def _shown(self, environ: WSGIEnvironment) -> Response:
        asked = {k.lower(): v[0] for k, v in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).items()}
        if "xsd" in asked:
            return _document(self._documents.xsd(asked["xsd"]))
        if "wsdl" in asked:
            return _document(self._documents.wsdl(asked["wsdl"]))
        page = listing_html([(self.contract, self.address)])
        return Response.of(HTTPStatus.OK, "text/html; charset=utf-8", page)


class _Site:
    """Routes a path to an endpoint, to the list, or to a mounted application."""

    def __init__(self, endpoints: Mapping[str, _Endpoint], mounts: Mapping[str, WSGIApplication]) -> None:
        self._endpoints = endpoints
        self._mounts = {prefix.rstrip("/"): app for prefix, app in mounts.items()}
        self._listed = [(end.contract, end.address) for path, end in endpoints.items() if path.startswith(f"{_LIST}/")]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        path = environ.get("PATH_INFO", "").rstrip("/")
        endpoint = self._endpoints.get(path)
        if endpoint is None and (mounted := self._mounted(path)):
            return self._mounts[mounted](_below(environ, mounted), start_response)
        response = self._list(environ, path) if endpoint is None else endpoint.answer(environ)
        start_response(response.status, list(response.headers))
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _mounted(self, path: str) -> str | None:
        prefixes = [prefix for prefix in self._mounts if path == prefix or path.startswith(f"{prefix}/")]
        return max(prefixes, key=len, default=None)

    def _list(self, environ: WSGIEnvironment, path: str) -> Response:
        if path != _LIST or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Response.of(HTTPStatus.NOT_FOUND, "text/plain", b"Nothing is here. /services/ lists what is.\n")
        if "json" in parse_qs(environ.get("QUERY_STRING", "")).get("format", []):
            return Response.of(HTTPStatus.OK, "application/json", listing_json(self._listed))
        return Response.of(HTTPStatus.OK, "text/html; charset=utf-8", listing_html(self._listed))


def application(
    services: Sequence[Service],
    *,
    public_url: str,
    limits: Limits | None = None,
    modules: Sequence[Module] = (),
    mounts: Mapping[str, WSGIApplication] | None = None,
) -> WSGIApplication:
    """Build the WSGI application that serves ``services`` at ``<public_url>/services/<Name>`` and at their own paths.

    ``public_url`` is what published documents say, whatever Host a request names. ``modules`` act on
    every service, in this order; WS-Addressing comes first unless it is among them. ``mounts`` maps a path prefix to
    another WSGI application (a control API). Raises ValueError when two services claim one path.
    """
    if not any(isinstance(module, Addressing) for module in modules):
        modules = (Addressing(), *modules)
    endpoints: dict[str, _Endpoint] = {}
    for service in services:
        own = f"{_LIST}/{service.contract.name}"
        endpoint = _Endpoint(service, public_url.rstrip("/") + own, limits or Limits(), modules)
        for path in (own, *service.paths):
            if endpoints.setdefault(path.rstrip("/"), endpoint) is not endpoint:
                raise ValueError(f"Two services claim the path {path}")
    return _Site(endpoints, mounts or {})


def _document(found: bytes | None) -> Response:
    if found is None:
        return Response.of(HTTPStatus.NOT_FOUND, "text/plain", b"The contract has no such document\n")
    return Response.of(HTTPStatus.OK, _XML, found)


def _let_go(environ: WSGIEnvironment) -> None:
    """Undo the circle of environment and exchange, which would keep the message for the garbage collector."""
    if exchange := environ.get(EXCHANGE):
        exchange.environ = {}


def _below(environ: WSGIEnvironment, prefix: str) -> WSGIEnvironment:
    inner = dict(environ)
    inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
    inner["PATH_INFO"] = environ.get("PATH_INFO", "")[len(prefix) :]
    return inner


def _correlation_id(environ: WSGIEnvironment) -> str:
    given = environ.get("HTTP_X_CORRELATION_ID", "")
    return given if _SANE_ID.fullmatch(given) else str(uuid.uuid4())
