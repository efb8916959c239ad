"""What a caller learns from the client: the answer, or exactly what kind of failure it was."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import structlog
from lxml import etree

from soapkit.client import Client, InvalidAnswer, NoAnswer, RemoteFault, Timeout, Unreachable
from soapkit.envelope import wrap_fault
from soapkit.faults import Fault, Hangup
from soapkit.limits import Limits
from soapkit.server import Request, application, running
from soapkit.versions import Version
from tests.contract.soapkit.orders import (
    ADDRESS,
    SESSION,
    O,
    element,
    envelope,
    forget,
    order,
    order_fault,
    orders,
    placed,
    service,
    site,
)

QUICK = Timeout(connect=2, read=0.3)


def local(app: WSGIApplication, *, validate: bool = True) -> Client:
    return Client(orders(), ADDRESS, wsgi=app, validate=validate)


def answering(status: str, content: bytes, content_type: str = "text/xml") -> WSGIApplication:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(content)))])
        return [content]

    return app


def test_a_call_sends_an_element_and_returns_one() -> None:
    answer = local(site()).call("PlaceOrder", element(order()))

    assert answer is not None
    assert (answer.tag, answer.findtext(f"{O}Id")) == (f"{O}PlaceOrderResponse", "order-1")


def test_a_one_way_call_returns_nothing() -> None:
    assert local(site()).call("Notify", element(order("Notify"))) is None


def test_header_blocks_and_the_soap_action_travel_with_the_body() -> None:
    seen: list[Request] = []

    def keep(request: Request) -> etree._Element:
        seen.append(request)
        return placed()

    must = ' xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="1"'
    session = element(SESSION.format(attributes=must))
    local(site(PlaceOrder=keep)).call("PlaceOrder", element(order()), headers=[session])

    assert list(seen[0].headers) == ["{urn:example:common}Session"]


def test_a_fault_is_raised_with_code_text_and_detail() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "no such account", order_fault("E-1", "account"))

    with pytest.raises(RemoteFault, match="no such account") as caught:
        local(site(PlaceOrder=refuse)).call("PlaceOrder", element(order()))

    assert caught.value.code == "Client"
    assert caught.value.detail is not None
    assert caught.value.detail.findtext(f"{O}Code") == "E-1"


def test_an_invalid_message_is_not_sent() -> None:
    client = local(answering("200 OK", b""))

    with pytest.raises(ValueError, match="enumeration"):
        client.call("PlaceOrder", element(order(action="?")))
    with pytest.raises(ValueError, match="Order"):
        client.call("PlaceOrder", element(order("Order")))


@pytest.mark.parametrize(
    "content",
    [b"<", b"<x/>", envelope(order()), envelope('<PlaceOrderResponse xmlns="urn:example:orders"/>')],
    ids=["not XML", "not SOAP", "another element", "an invalid element"],
)
def test_an_answer_against_the_contract_is_an_invalid_answer(content: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        local(answering("200 OK", content)).call("PlaceOrder", element(order()))


def test_a_page_of_a_broken_proxy_leaves_the_outcome_open() -> None:
    with pytest.raises(NoAnswer, match="502"):
        local(answering("502 Bad Gateway", b"<html/>", "text/html")).call("PlaceOrder", element(order()))


def test_a_missing_page_means_that_no_service_was_reached() -> None:
    with pytest.raises(Unreachable, match="404"):
        local(answering("404 Not Found", b"", "text/html")).call("PlaceOrder", element(order()))


def test_a_connection_that_ends_without_an_answer_leaves_the_outcome_open() -> None:
    def hang_up(_: Request) -> etree._Element:
        raise Hangup

    with pytest.raises(NoAnswer):
        local(site(PlaceOrder=hang_up)).call("PlaceOrder", element(order()))
    with served(service_with=hang_up) as client, pytest.raises(NoAnswer):
        client.call("PlaceOrder", element(order()))


@contextmanager
def served(*, service_with: object = None, timeout: Timeout = QUICK) -> Iterator[Client]:
    handlers = {"PlaceOrder": service_with} if callable(service_with) else {}
    with running(lambda url: application([service(**handlers)], public_url=url)) as url:
        yield Client(orders(), f"{url}/services/Orders", timeout=timeout)


def test_calls_over_http_share_one_client_among_threads() -> None:
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def call(client: Client, number: int) -> None:
        start.wait(10)
        try:
            for _ in range(10):
                answer = client.call("PlaceOrder", element(order().replace("order-1", f"order-{number}")))
                assert answer is not None
                assert answer.findtext(f"{O}Id") == f"order-{number}"
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    with served(timeout=Timeout(connect=5, read=20)) as client:
        threads = [threading.Thread(target=call, args=(client, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    assert failures == []


def test_a_time_out_leaves_the_outcome_open() -> None:
    release = threading.Event()

    def slow(_: Request) -> etree._Element:
        release.wait(20)
        return placed()

    with served(service_with=slow) as client:
        with pytest.raises(NoAnswer):
            client.call("PlaceOrder", element(order()))
        release.set()
        patient = Timeout(connect=5, read=20)
        assert client.call("PlaceOrder", element(order()), timeout=patient) is not None


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    client = Client(orders(), f"http://127.0.0.1:{port}/services/Orders", timeout=QUICK)

    with pytest.raises(Unreachable):
        client.call("PlaceOrder", element(order()))


def test_a_connection_cut_while_the_answer_is_awaited_leaves_the_outcome_open() -> None:
    def cut(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.recv(65536)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=cut, args=(listening,))
        thread.start()
        client = Client(orders(), f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=Timeout(2, 10))
        with pytest.raises(NoAnswer):
            client.call("PlaceOrder", element(order()))
        thread.join(10)


def test_a_correlation_id_is_passed_on_downstream() -> None:
    seen: list[str] = []

    def back(request: Request) -> etree._Element:
        seen.append(request.correlation_id)
        return placed()

    downstream = local(site(PlaceOrder=back))

    def front(request: Request) -> etree._Element | None:
        seen.append(request.correlation_id)
        return downstream.call("PlaceOrder", request.body)

    local(site(PlaceOrder=front)).call("PlaceOrder", element(order()))

    assert len(set(seen)) == 1
    assert len(seen) == 2
    assert "correlation_id" not in structlog.contextvars.get_contextvars()


def test_the_zeep_client_of_the_same_files_calls_with_typed_objects() -> None:
    client = local(site(Notify=forget))
    line = {
        "Id": "1",
        "Action": "ADD",
        "Product": "Mobile",
        "Quantity": 1,
        "Price": {"_value_1": "9.50", "currency": "GBP"},
        "Start": "2026-11-20T10:00:00Z",
    }

    answer = client.typed.PlaceOrder(Id="o-1", Customer={"Account": "a", "Name": "Ada"}, Line=[line])

    assert (answer.Id, answer.Accepted) == ("o-1", True)


def test_a_fault_in_soap_12_is_understood() -> None:
    told = Fault("Server", "no", order_fault("E-1", "gone"), subcode="{urn:x}Wide", subsubcode="{urn:x}Narrow")
    written = wrap_fault(told, version=Version.SOAP_12)
    app = answering("500 Internal Server Error", written, Version.SOAP_12.content_type)

    with pytest.raises(RemoteFault) as caught:
        local(app).call("PlaceOrder", element(order()))

    assert (caught.value.code, caught.value.text, caught.value.subcode) == ("Server", "no", "{urn:x}Wide")
    assert caught.value.detail is not None
    assert caught.value.detail.findtext(f"{O}Code") == "E-1"


def test_an_answer_without_end_is_given_up_at_the_limit() -> None:
    def answer_for_ever(listening: socket.socket) -> None:
        connected, _ = listening.accept()
        with connected, suppress(OSError):  # the other side closes
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                connected.sendall(b"1000\r\n%s\r\n" % (b"<" * 0x1000))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering_thread = threading.Thread(target=answer_for_ever, args=(listening,), daemon=True)
        answering_thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        client = Client(orders(), address, timeout=Timeout(5, 20), limits=Limits(max_bytes=10_000))
        with pytest.raises(InvalidAnswer, match="max-bytes"):
            client.call("PlaceOrder", element(order()))
        answering_thread.join(20)

    assert not answering_thread.is_alive()
