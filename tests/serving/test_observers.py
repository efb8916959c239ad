"""What operators see of calls: the log, the metrics, and nothing that a caller could fill with words of its own."""

from __future__ import annotations

from collections.abc import Callable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from soapkit.observe.access_log import log_call
from soapkit.observe.metrics import Metrics, Reading
from soapkit.observe.metrics_page import MetricsPage
from soapkit.observe.observed import Observed
from soapkit.server import Request, application
from soapkit.transport import call_wsgi
from soapkit.versions import Version
from tests.contract.soapkit.orders import URL, envelope, order, placed, post, post_12, service

ORDERS = {"service": "Orders", "operation": "PlaceOrder"}
PAGE = "http://here/"


def site(metrics: Metrics, **handlers: Callable[[Request], object]) -> WSGIApplication:
    app = application([service(**handlers)], public_url=URL, modules=(metrics,))  # type: ignore[arg-type] # test handlers
    return Observed(app, (metrics.answered, log_call))


def values(metrics: Metrics, name: str) -> dict[frozenset[tuple[str, str]], float]:
    _, text = metrics.text()
    families = text_string_to_metric_families(text.decode())
    return {
        frozenset(sample.labels.items()): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return values(metrics, name)[frozenset(labels.items())]


def test_a_call_is_one_line_that_says_what_became_of_it() -> None:
    app = site(Metrics())
    sent = envelope(order())
    with capture_logs() as lines:
        answer = post(app, sent, X_Correlation_Id="c-1")

    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["log_level"] == "info"
    assert {name: line[name] for name in ("service", "operation", "soap", "status")} == ORDERS | {
        "soap": "1.1",
        "status": 200,
    }
    assert (line["bytes_in"], line["bytes_out"]) == (len(sent), len(answer.content))
    assert line["correlation_id"] == "c-1"
    assert line["ms"] > 0
    assert not {"fault", "rule", "caller"} & line.keys()


def test_the_line_of_a_refused_call_names_fault_and_rule_and_nothing_that_the_message_said() -> None:
    app = site(Metrics())
    with capture_logs() as lines:
        answer = post_12(app, envelope(order(action="Ada Jones"), version=Version.SOAP_12))

    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["soap"], line["status"], line["fault"], line["rule"]) == (
        "1.2",
        answer.status,
        "Client",
        "enumeration",
    )
    assert "Ada" not in str(line)


def test_what_is_no_call_is_no_line() -> None:
    app = site(Metrics())
    with capture_logs() as lines:
        call_wsgi(app, "GET", f"{URL}/services/Orders?wsdl")

    assert [line for line in lines if line["event"] == "request"] == []


def test_calls_are_counted_by_operation_and_outcome() -> None:
    metrics = Metrics()
    app = site(metrics)
    for _ in range(3):
        post(app, envelope(order()))
    post(app, envelope(order("Notify")))
    post(app, envelope(order(action="NONE")))

    assert value(metrics, "soap_requests_total", **ORDERS, outcome="answered") == 3
    assert value(metrics, "soap_requests_total", service="Orders", operation="Notify", outcome="accepted") == 1
    assert value(metrics, "soap_requests_total", **ORDERS, outcome="fault") == 1
    assert value(metrics, "soap_faults_total", **ORDERS, code="Client", rule="enumeration") == 1


def test_times_and_sizes_are_histograms() -> None:
    metrics = Metrics()
    app = site(metrics)
    sent = envelope(order())
    answer = post(app, sent)

    assert value(metrics, "soap_request_seconds_count", **ORDERS) == 1
    assert value(metrics, "soap_request_bytes_sum", **ORDERS) == len(sent)
    assert value(metrics, "soap_response_bytes_sum", **ORDERS) == len(answer.content)


def test_a_call_is_in_flight_while_its_handler_runs_however_it_ends() -> None:
    metrics = Metrics()
    seen: list[float] = []

    def look(_: Request) -> object:
        seen.append(value(metrics, "soap_requests_in_flight", **ORDERS))
        if len(seen) == 2:
            raise ZeroDivisionError
        return placed()

    app = site(metrics, PlaceOrder=look)
    post(app, envelope(order()))
    post(app, envelope(order()))

    assert seen == [1, 1]
    assert value(metrics, "soap_requests_in_flight", **ORDERS) == 0


def test_a_thousand_invented_operations_are_one_row() -> None:
    metrics = Metrics()
    app = site(metrics)
    for number in range(1000):
        post(app, envelope(f'<Invented{number} xmlns="urn:example:orders"/>'))

    found = values(metrics, "soap_requests_total")
    (labels,) = [labels for labels, count in found.items() if count]
    assert dict(labels) == {"service": "Orders", "operation": "unknown", "outcome": "fault"}


def test_a_product_adds_what_it_reads_when_asked() -> None:
    depths: dict[tuple[str, ...], float] = {("orders", "waiting"): 3.0}
    metrics = Metrics(lambda: [Reading("queue_messages", "Messages", ("queue", "state"), depths)])

    depths["orders", "waiting"] = 4.0

    assert value(metrics, "queue_messages", queue="orders", state="waiting") == 4


@pytest.mark.parametrize(
    ("token", "address", "headers", "status"),
    [
        (None, "127.0.0.1", {}, 200),
        (None, "::1", {}, 200),
        (None, "192.0.2.7", {}, 403),
        (None, "", {}, 403),
        (None, "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        (None, "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
        ("s3cret", "192.0.2.7", {"Authorization": "Bearer s3cret"}, 200),
        ("s3cret", "127.0.0.1", {}, 401),
        ("s3cret", "127.0.0.1", {"Authorization": "Bearer s3crét"}, 401),
    ],
)
def test_metrics_are_for_this_machine_or_for_who_has_the_token(
    token: str | None, address: str, headers: dict[str, str], status: int
) -> None:
    page = MetricsPage(Metrics(), token)

    def from_there(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        return page(environ | {"REMOTE_ADDR": address}, start_response)

    found, head, content = call_wsgi(from_there, "GET", PAGE, b"", headers)

    assert found == status
    assert (b"soap_requests" in content) is (status == 200)
    assert ("WWW-Authenticate" in head) is (status == 401)
