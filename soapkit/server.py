"""Serves contracts over HTTP: one WSGI application for any number of services, and the two servers that run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from soapkit.addressing import Addressing
from soapkit.calls import Calls, gate
from soapkit.faults import Refused
from soapkit.http import Response
from soapkit.limits import Limits
from soapkit.module import Module
from soapkit.publish import Addresses, IndexPages, Publishing, ServicePages
from soapkit.run import running, serve, serve_workers
from soapkit.service import Handler, Request, Service

__all__ = ["Handler", "Request", "Service", "application", "running", "serve", "serve_workers"]

_LIST = "/services"
_METHODS = (("Allow", "GET, HEAD, POST"),)


class _Endpoint:
    """What is at one path: POST is a call, GET shows documents."""

    def __init__(self, calls: Calls, pages: ServicePages | IndexPages) -> None:
        self._calls = calls
        self._pages = pages

    def answer(self, environ: WSGIEnvironment) -> Response:
        method = environ["REQUEST_METHOD"]
        if method == "POST":
            return self._calls.answer(environ)
        if method in ("GET", "HEAD"):
            return self._pages.answer(environ)
        text = "A service is called with POST and shown with GET"
        return self._calls.refuse(environ, Refused("method", text, status=405, http_headers=_METHODS))


class _Site:
    """Routes a path to an endpoint, to the list, or to a mounted application."""

    def __init__(
        self, endpoints: Mapping[str, _Endpoint], mounts: Mapping[str, WSGIApplication], index: IndexPages
    ) -> None:
        self._endpoints = endpoints
        self._mounts = {prefix.rstrip("/"): app for prefix, app in mounts.items()}
        self._index = index

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
        return self._index.answer(environ)


def application(
    services: Sequence[Service],
    *,
    public_url: str,
    limits: Limits | None = None,
    modules: Sequence[Module] = (),
    mounts: Mapping[str, WSGIApplication] | None = None,
    publishing: Publishing | None = None,
) -> WSGIApplication:
    """Build the WSGI application that serves ``services`` at ``<public_url>/services/<Name>`` and at their own paths.

    ``public_url`` is what published documents say, whatever Host a request names, unless ``publishing`` trusts the
    proxy that says otherwise. ``modules`` act on every service, in this order; WS-Addressing comes first unless it is
    among them. Services may share a path of their own: the body element says which of them is called. ``mounts`` maps
    a path prefix to another WSGI application (a control API). Raises ValueError when two services have one name, or
    share a path and take the same body element.
    """
    if not any(isinstance(module, Addressing) for module in modules):
        modules = (Addressing(), *modules)
    limits, publishing = limits or Limits(), publishing or Publishing()
    addresses = Addresses(public_url.rstrip("/"), publishing.trusted_proxies)
    places = gate(limits.max_concurrent)
    pages = {
        path: ServicePages(service.contract, path, addresses, publishing) for path, service in _own_paths(services)
    }

    def endpoint(path: str, sharing: Sequence[Service]) -> _Endpoint:
        calls = Calls(sharing, addresses.public_url + path, limits, modules, places)
        shown = [pages[_own_path(service)] for service in sharing]
        return _Endpoint(calls, shown[0] if len(shown) == 1 else IndexPages(shown, publishing))

    own = {path: endpoint(path, [service]) for path, service in _own_paths(services)}
    others = {
        path: own[_own_path(sharing[0])] if len(sharing) == 1 else endpoint(path, sharing)
        for path, sharing in _shared_paths(services).items()
    }
    return _Site(others | own, mounts or {}, IndexPages(list(pages.values()), publishing))


def _own_path(service: Service) -> str:
    return f"{_LIST}/{service.contract.name}"


def _own_paths(services: Sequence[Service]) -> Iterator[tuple[str, Service]]:
    return ((_own_path(service), service) for service in services)


def _shared_paths(services: Sequence[Service]) -> Mapping[str, list[Service]]:
    """Say which services are at each path that is not one service's own; raises ValueError for one that is."""
    own = dict(_own_paths(services))
    found: dict[str, list[Service]] = {}
    for service in services:
        if own[_own_path(service)] is not service:
            raise ValueError(f"Two services are called {service.contract.name}: {_own_path(service)} would be both")
        for path in dict.fromkeys(each.rstrip("/") for each in service.paths):
            if own.get(path, service) is not service:
                raise ValueError(f"Two services claim the path {path}")
            found.setdefault(path, []).append(service)
    return found


def _below(environ: WSGIEnvironment, prefix: str) -> WSGIEnvironment:
    inner = dict(environ)
    inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
    inner["PATH_INFO"] = environ.get("PATH_INFO", "")[len(prefix) :]
    return inner
