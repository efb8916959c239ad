"""``/metrics``: the page that Prometheus reads, for those who may."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from ipaddress import ip_address
from wsgiref.types import StartResponse, WSGIEnvironment

from soapkit.http import Response
from soapkit.observe.metrics import Metrics

_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


class MetricsPage:
    """A WSGI application: with a ``token`` for who shows it as bearer, without one for this machine only.

    What a proxy passes on is not from this machine, wherever the proxy runs.
    """

    def __init__(self, metrics: Metrics, token: str | None = None) -> None:
        self._metrics = metrics
        self._expected = None if token is None else f"Bearer {token}".encode()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer."""
        response = self._refusal(environ) or self._page()
        start_response(response.status, list(response.headers))
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _refusal(self, environ: WSGIEnvironment) -> Response | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            refusal = b"Metrics are read with GET\n"
            return Response.of(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", refusal, ("Allow", "GET, HEAD"))
        if self._expected is None:
            near = _is_loopback(environ.get("REMOTE_ADDR", "")) and not any(name in environ for name in _FORWARDED)
            refusal = b"Metrics are for this machine only, unless a token is set\n"
            return None if near else Response.of(HTTPStatus.FORBIDDEN, "text/plain", refusal)
        given = str(environ.get("HTTP_AUTHORIZATION") or "").encode("utf-8", "replace")
        if hmac.compare_digest(given, self._expected):
            return None
        wanted = ("WWW-Authenticate", 'Bearer realm="metrics"')
        return Response.of(HTTPStatus.UNAUTHORIZED, "text/plain", b"Metrics need their token\n", wanted)

    def _page(self) -> Response:
        content_type, text = self._metrics.text()
        return Response.of(HTTPStatus.OK, content_type, text)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
