"""Traces: a span for each call in and out, under the caller's; nothing of it is loaded unless it is configured."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from soapkit.client import Client, Timeout
from soapkit.observe import tracing
from soapkit.observe.spans import Spans
from soapkit.server import Request
from tests.contract.soapkit.orders import ADDRESS, element, envelope, order, orders, placed, post, site
from tests.serving.servers import ROOT, running_server

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLERS = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Keep every span of this process."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    made = Spans(provider)
    tracing.activate(made)
    yield exporter
    tracing.activate(None)
    made.close()


def only(spans: InMemorySpanExporter, kind: SpanKind) -> ReadableSpan:
    (found,) = [span for span in spans.get_finished_spans() if span.kind is kind]
    return found


def test_a_call_is_a_span_of_the_callers_trace(spans: InMemorySpanExporter) -> None:
    post(tracing.traced(site()), envelope(order()), traceparent=CALLERS)

    span = only(spans, SpanKind.SERVER)
    assert span.name == "Orders/PlaceOrder"
    assert span.attributes is not None
    assert span.context is not None
    assert span.parent is not None
    named = {name: span.attributes[name] for name in ("rpc.system", "rpc.service", "rpc.method")}
    assert named == {"rpc.system": "soap", "rpc.service": "Orders", "rpc.method": "PlaceOrder"}
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [(order(action="NONE"), "Client", StatusCode.UNSET), (order(), "Server", StatusCode.ERROR)],
)
def test_a_fault_is_told_by_code_and_only_the_servers_own_is_an_error(
    spans: InMemorySpanExporter, message: str, code: str, status: StatusCode
) -> None:
    def broken(_: Request) -> None:
        raise ValueError("Ada Jones")

    post(tracing.traced(site(PlaceOrder=broken)), envelope(message))

    span = only(spans, SpanKind.SERVER)
    assert span.attributes is not None
    assert (span.attributes["soap.fault.code"], span.status.status_code) == (code, status)
    assert "Ada" not in span.to_json()


def test_a_call_made_meanwhile_is_a_child_and_carries_the_trace_on(spans: InMemorySpanExporter) -> None:
    carried: list[str] = []

    def remember(environ: dict[str, object], start_response: object) -> object:
        carried.append(str(environ["HTTP_TRACEPARENT"]))
        return site()(environ, start_response)  # type: ignore[arg-type] # WSGI's

    downstream = Client(orders(), ADDRESS, wsgi=remember)  # type: ignore[arg-type] # as above

    def relay(_: Request) -> object:
        downstream.call("PlaceOrder", element(order()))
        return placed()

    post(tracing.traced(site(PlaceOrder=relay)), envelope(order()), traceparent=CALLERS)  # type: ignore[arg-type] # same

    server, client = only(spans, SpanKind.SERVER), only(spans, SpanKind.CLIENT)
    assert server.context is not None
    assert client.context is not None
    assert client.parent is not None
    assert client.parent.span_id == server.context.span_id
    assert carried == [f"00-{TRACE}-{client.context.span_id:016x}-01"]


def test_work_on_a_message_is_linked_to_the_call_that_put_it(spans: InMemorySpanExporter) -> None:
    kept: list[str | None] = []

    def keep(_: Request) -> None:
        kept.append(tracing.position())

    post(tracing.traced(site(Notify=keep)), envelope(order("Notify")), traceparent=CALLERS)
    with pytest.raises(ZeroDivisionError), tracing.consuming("orders", 7, kept[0]):
        raise ZeroDivisionError

    server, consumer = only(spans, SpanKind.SERVER), only(spans, SpanKind.CONSUMER)
    assert server.context is not None
    assert [link.context.span_id for link in consumer.links] == [server.context.span_id]
    assert consumer.parent is None
    assert consumer.status.status_code is StatusCode.ERROR
    assert consumer.events == ()


def test_without_configuration_nothing_of_it_is_imported_and_no_header_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    program = (
        "import sys; from soapkit.observe import tracing; from tests.contract.soapkit.orders import site;"
        "tracing.configure('x'); app = site(); assert tracing.traced(app) is app;"
        "sys.exit('opentelemetry' in sys.modules)"
    )
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)

    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
    with tracing.calling("Orders", "PlaceOrder") as headers:
        assert headers == {}


class Collector(HTTPServer):
    """Takes traces as a collector does, OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.names: list[str] = []
        self.services: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in sent.resource_spans:
            self.server.services |= {
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            }
            self.server.names += [span.name for scope in resource.scope_spans for span in scope.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join(10)


@pytest.mark.parametrize("kind", ["waitress", "granian"])
def test_spans_reach_the_collector_at_the_latest_when_the_server_stops(kind: str) -> None:
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with running_server(kind, "tests.serving.sites:traced", environment=environment) as served:
            client = Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 20))
            for _ in range(3):
                client.call("PlaceOrder", element(order()))
            assert served.stop() == 0

    assert collector.names == ["Orders/PlaceOrder"] * 3
    assert collector.services == {"traced"}
