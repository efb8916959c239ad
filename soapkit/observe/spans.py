"""Spans by OpenTelemetry. Imported by ``tracing`` when traces are wanted, and by nobody else.

Names and codes only: what messages and errors say stays out of traces.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from soapkit.exchange import EXCHANGE, Exchange
from soapkit.faults import FaultCode
from soapkit.observe.observed import NO_OPERATION

_PROPAGATOR = TraceContextTextMapPropagator()


def exported(name: str, endpoint: str | None) -> Spans:
    """Make spans that are sent to a collector in the background."""
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: name}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return Spans(provider)


class Spans:
    """Makes spans with ``provider``, whose owner it is."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("soapkit")

    def close(self) -> None:
        """Send what is waiting, and end."""
        self._provider.shutdown()

    def serving(self, app: WSGIApplication) -> WSGIApplication:
        """Wrap an application: each POST is a span of kind server."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            if environ["REQUEST_METHOD"] != "POST":
                return app(environ, start_response)
            asked = _PROPAGATOR.extract(_carrier(environ))
            with self._span("SOAP", SpanKind.SERVER, {}, asked) as span:
                chunks = app(environ, start_response)
                exchange = environ.get(EXCHANGE)
                if exchange is not None:
                    _describe(span, exchange)
                return chunks

        return answer

    @contextmanager
    def calling(self, service: str, operation: str) -> Iterator[Mapping[str, str]]:
        """Span a call; yields the headers to send with it."""
        with self._span(f"{service}/{operation}", SpanKind.CLIENT, _rpc(service, operation)) as span, _failing(span):
            headers: dict[str, str] = {}
            _PROPAGATOR.inject(headers)
            yield headers

    @contextmanager
    def consuming(self, queue: str, message: int, put_in: str | None) -> Iterator[None]:
        """Span the work on a message."""
        put = get_current_span(_PROPAGATOR.extract({"traceparent": put_in or ""})).get_span_context()
        about = {"messaging.system": "o2c", "messaging.operation.type": "process"}
        about |= {"messaging.destination.name": queue, "messaging.message.id": str(message)}
        links = [Link(put)] if put.is_valid else []
        with self._span(f"process {queue}", SpanKind.CONSUMER, about, links=links) as span, _failing(span):
            yield

    def _span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, str],
        parent: Context | None = None,
        links: Sequence[Link] = (),
    ) -> AbstractContextManager[Span]:
        """Start a span; without what is raised in it, whose text may quote a message."""
        return self._tracer.start_as_current_span(
            name,
            parent,
            kind,
            attributes,
            links,
            record_exception=False,
            set_status_on_exception=False,
        )

    def position(self) -> str | None:
        """Return the current span as a ``traceparent``."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")


def _carrier(environ: WSGIEnvironment) -> dict[str, str]:
    names = (("traceparent", "HTTP_TRACEPARENT"), ("tracestate", "HTTP_TRACESTATE"))
    return {name: environ[variable] for name, variable in names if environ.get(variable)}


def _rpc(service: str, operation: str) -> dict[str, str]:
    return {"rpc.system": "soap", "rpc.service": service, "rpc.method": operation}


def _describe(span: Span, exchange: Exchange) -> None:
    service = exchange.service.contract.name
    operation = exchange.operation.name if exchange.operation else NO_OPERATION
    span.update_name(f"{service}/{operation}")
    span.set_attributes(_rpc(service, operation) | {"soap.correlation_id": exchange.correlation_id})
    if exchange.fault is not None:
        span.set_attribute("soap.fault.code", str(exchange.fault.code))
        if exchange.rule:
            span.set_attribute("soap.rule", exchange.rule)
        if exchange.fault.code is FaultCode.SERVER:  # a caller's mistake is no error of the server
            span.set_status(Status(StatusCode.ERROR))


@contextmanager
def _failing(span: Span) -> Iterator[None]:
    """Mark the span of what raises; by the error's type, never its text."""
    try:
        yield
    except Exception as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))
        raise
