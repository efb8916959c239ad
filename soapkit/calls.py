"""What is posted to one path: a call for the service whose body element it carries, and always an answer in SOAP."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIEnvironment

import structlog

from soapkit import correlation
from soapkit.envelope import wrap_fault
from soapkit.exchange import EXCHANGE, Exchange
from soapkit.faults import FaultCode, Refused
from soapkit.http import Response, media_of
from soapkit.limits import Limits
from soapkit.module import Module
from soapkit.protocol import HANGUP, wsgi_application
from soapkit.service import Service
from soapkit.versions import Version

_RETRY = (("Retry-After", "1"),)

# waitress ends the connection one byte short; granian sends what is here: either way nobody takes it for an answer.
# Saying "Connection: close" is not an application's right (PEP 3333): waitress would answer a page of its own.
_HUNG_UP = Response("504 Gateway Timeout", b"", (("Content-Length", "1"),))


class Gate:
    """Lets at most so many calls be worked on at the same time in this process.

    Entering it raises Refused, ``max-concurrent`` (503), at once when it is full.
    """

    def __init__(self, most: int) -> None:
        self._places = threading.Semaphore(most)

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            text = "Too many calls are being worked on; nothing was done"
            raise Refused("max-concurrent", text, code=FaultCode.SERVER, status=503, http_headers=_RETRY)

    def __exit__(self, *_: object) -> None:
        self._places.release()


def gate(most: int) -> AbstractContextManager[None]:
    """Return a gate for ``most`` calls, to be passed by each; 0 lets all in."""
    return Gate(most) if most else nullcontext()


class Calls:
    """Answers what is posted to one path; ``services`` share it, ``address`` is what they are called at."""

    def __init__(
        self,
        services: Sequence[Service],
        address: str,
        limits: Limits,
        modules: Sequence[Module],
        gate: AbstractContextManager[None],
    ) -> None:
        self._first = services[0]
        self._address = address
        self._gate = gate
        self._spyne = wsgi_application(services, address, limits, modules)

    def answer(self, environ: WSGIEnvironment) -> Response:
        """Answer a call; whatever goes wrong, with a fault."""
        return self._correlated(environ, None)

    def refuse(self, environ: WSGIEnvironment, refused: Refused) -> Response:
        """Answer a request that never becomes a call."""
        return self._correlated(environ, refused)

    def _correlated(self, environ: WSGIEnvironment, refused: Refused | None) -> Response:
        said = correlation.of_request(environ)
        version = media_of(environ).version or Version.SOAP_11
        exchange = environ[EXCHANGE] = Exchange(self._first, environ, said, version)
        bound = structlog.contextvars.bind_contextvars(correlation_id=said)
        try:
            response = self._through_spyne(environ) if refused is None else self._fault(refused, exchange)
        except Exception as error:  # noqa: BLE001 - nothing may leave as a plain 500; told() logs it
            response = self._fault(error, exchange)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            exchange.environ = {}  # the two would hold each other, and the message, for the garbage collector
        headers = (*response.headers, ("X-Correlation-Id", exchange.correlation_id))
        return Response(response.status, response.body, headers)

    def _through_spyne(self, environ: WSGIEnvironment) -> Response:
        head: list[Any] = []
        with self._gate:
            chunks = self._spyne.handle_rpc(environ, lambda status, headers, *_: head.extend((status, headers)))
            body = b"".join(chunks)
        return _HUNG_UP if environ.get(HANGUP) else Response(head[0], body, tuple(head[1]))

    def _fault(self, error: Exception, exchange: Exchange) -> Response:
        """Tell of an error that Spyne never saw, or could not carry."""
        fault = exchange.fault = exchange.service.told(error, exchange.request, exchange.correlation_id)
        refused = error if isinstance(error, Refused) else None
        exchange.rule = refused.rule if refused else None
        status = (refused and refused.status) or exchange.version.statuses[fault.code]
        written = wrap_fault(fault, version=exchange.version, node=self._address)
        more = refused.http_headers if refused else ()
        return Response.of(HTTPStatus(status), exchange.version.content_type, written, *more)
