"""Traces, when they are wanted: who is not asked for them imports nothing of OpenTelemetry and pays next to nothing.

``configure`` turns them on for this process; the others then make spans, and without it do nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

if TYPE_CHECKING:
    from soapkit.observe.spans import Spans

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NONE: AbstractContextManager[Mapping[str, str]] = nullcontext({})
_active: Spans | None = None


def configure(name: str, endpoint: str | None = None) -> Callable[[], None]:
    """Send traces of the service called ``name`` to an OTLP/HTTP address, if there is one; returns what ends that.

    ``endpoint`` is a whole URL (``http://collector:4318/v1/traces``); without it OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
    OTEL_EXPORTER_OTLP_ENDPOINT says. OTEL_SDK_DISABLED and the other variables of OpenTelemetry hold as well.
    """
    if not (endpoint or any(os.environ.get(variable) for variable in _ENDPOINTS)):
        return _nothing
    from soapkit.observe import spans  # noqa: PLC0415 - OpenTelemetry is imported by those who use it

    made = spans.exported(name, endpoint)
    activate(made)

    def end() -> None:
        activate(None)
        made.close()

    return end


def activate(spans: Spans | None) -> None:
    """Make spans with ``spans`` from now on; None makes none."""
    global _active  # noqa: PLW0603 - one for a process, as its log is
    _active = spans


def traced(app: WSGIApplication) -> WSGIApplication:
    """Give every SOAP call a span, a child of its caller's if ``traceparent`` says so."""
    return app if _active is None else _active.serving(app)


def calling(service: str, operation: str) -> AbstractContextManager[Mapping[str, str]]:
    """Span a call of another service; yields the HTTP headers that carry the trace there."""
    return _NONE if _active is None else _active.calling(service, operation)


def consuming(queue: str, message: int, put_in: str | None) -> AbstractContextManager[object]:
    """Span the work on a message, linked to the span it was put in (``position`` of then)."""
    return _NONE if _active is None else _active.consuming(queue, message, put_in)


def position() -> str | None:
    """Return the current span as a ``traceparent``, to be kept with what it puts somewhere."""
    return None if _active is None else _active.position()


def _nothing() -> None:
    pass
