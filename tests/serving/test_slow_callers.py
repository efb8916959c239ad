"""Callers that send slowly, or not at all, hold up nobody else, and are sent away in the end."""

from __future__ import annotations

import socket

import pytest

from soapkit.client import Client, Timeout
from tests.contract.soapkit.orders import element, envelope, order, orders
from tests.serving.conftest import Start
from tests.serving.slow import callers, everything, head, message

SITE = "tests.contract.soapkit.orders:plain_site"
MANY = 40
BODY = envelope(order())
BEGINNINGS = {
    "nothing": b"",
    "half a head": b"POST /services/Orders HTTP/1.1\r\nHost: orders\r\nX-Slow: ",
    "half a body": head(len(BODY)) + BODY[:100],
    "half a chunk": b"POST /services/Orders HTTP/1.1\r\nHost: orders\r\nContent-Type: text/xml\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n64\r\n<soap",
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_more_slow_callers_than_threads_hold_up_nobody(server: Start, beginning: str) -> None:
    served = server(SITE, threads=2, max_seconds=60)
    with callers(served.port, MANY, BEGINNINGS[beginning]):
        client = Client(orders(), f"{served.url}/services/Orders", timeout=Timeout(5, 20))

        answers = [client.call("PlaceOrder", element(order())) for _ in range(5)]

    assert all(answer is not None for answer in answers)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_caller_that_stops_in_the_middle_is_sent_away(server: Start, beginning: str) -> None:
    served = server(SITE, threads=2, max_seconds=1)
    with callers(served.port, 5, BEGINNINGS[beginning]) as slow:
        endings = [everything(caller) for caller in slow]

    body_begun = "body" in beginning or "chunk" in beginning
    assert all(ending.startswith(b"HTTP/1.1 408 ") or not body_begun for ending in endings)


def test_a_body_that_comes_too_slowly_is_refused_as_a_soap_fault(server: Start) -> None:
    served = server(SITE, threads=2, max_seconds=1)
    with callers(served.port, 1, head(len(BODY), media_type="application/soap+xml") + BODY[:100]) as (slow,):
        answer = everything(slow)

    status, _, rest = answer.partition(b"\r\n")
    assert b" 408 " in status
    assert b"application/soap+xml" in rest
    assert b"http://www.w3.org/2003/05/soap-envelope" in rest
    assert b"[max-seconds]" in rest
    assert rest.endswith(b"Envelope>")


def test_a_body_that_drips_is_refused_all_the_same(server: Start) -> None:
    served = server(SITE, threads=2, max_seconds=1)
    with callers(served.port, 1, head(10_000)) as (slow,):
        slow.settimeout(0.05)
        answer = b""
        for _ in range(400):
            slow.sendall(b" ")
            try:
                answer = slow.recv(65536)
            except TimeoutError:
                continue
            break

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_in_pieces_is_taken(server: Start) -> None:
    served = server(SITE, threads=2, max_seconds=20)
    sent = message()
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(sent), 50):
            caller.sendall(sent[start : start + 50])
        answer = caller.recv(65536)

    assert answer.startswith(b"HTTP/1.1 200 ")
