"""HTTP as old and careless clients speak it, over both servers: what arrives whole is answered, always in SOAP."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest
from lxml import etree

from soapkit.versions import Version
from tests.contract.soapkit.orders import Answer, envelope, order
from tests.serving.servers import KINDS, Served, running_server

LARGE = 11_000_000
BOTH = pytest.mark.parametrize("version", Version)
MESSAGES = {version: envelope(order(), version=version) for version in Version}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    with running_server(request.param, "tests.contract.soapkit.orders:plain_site") as served:
        yield served


@pytest.fixture
def caller(server: Served) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connected:
        yield connected


def head(version: Version, *more: str, method: str = "POST", http: str = "1.1") -> bytes:
    lines = [f"{method} /services/Orders HTTP/{http}", "Host: x", f"Content-Type: {version.content_type}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def in_pieces(message: bytes, size: int = 100) -> bytes:
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def answered(caller: socket.socket) -> Answer:
    """Read one answer; what follows on the connection stays unread."""
    response = HTTPResponse(caller)
    response.begin()
    return Answer(response.status, dict(response.headers.items()), response.read())


def length(message: bytes) -> str:
    return f"Content-Length: {len(message)}"


@BOTH
def test_a_message_in_pieces_is_answered(caller: socket.socket, version: Version) -> None:
    caller.sendall(head(version, "Transfer-Encoding: chunked"))
    for byte in re.findall(rb"(?s).{1,200}", in_pieces(MESSAGES[version])):
        caller.sendall(byte)

    answer = answered(caller)

    assert (answer.status, etree.QName(answer.body).localname) == (200, "PlaceOrderResponse")


@BOTH
def test_a_message_in_too_many_pieces_is_refused_in_soap(caller: socket.socket, version: Version) -> None:
    caller.sendall(head(version, "Transfer-Encoding: chunked"))
    caller.sendall(in_pieces(MESSAGES[version].replace(b"Ada", b"A" * LARGE), 100_000))

    answer = answered(caller)

    assert (answer.status, answer.body.tag, "[max-bytes]" in answer.fault.text) == (413, version.fault, True)


@BOTH
def test_a_message_that_is_too_large_is_refused_in_soap(caller: socket.socket, version: Version) -> None:
    message = MESSAGES[version].replace(b"Ada", b"A" * LARGE)
    caller.sendall(head(version, length(message)) + message)

    answer = answered(caller)

    assert (answer.status, answer.body.tag, "[max-bytes]" in answer.fault.text) == (413, version.fault, True)


@BOTH
def test_http_10_is_answered_and_the_connection_closed(caller: socket.socket, version: Version) -> None:
    message = MESSAGES[version]
    caller.sendall(head(version, length(message), http="1.0") + message)

    assert answered(caller).status == 200
    assert caller.recv(1) == b""


@BOTH
def test_a_caller_that_waits_for_permission_gets_it(caller: socket.socket, version: Version) -> None:
    message = MESSAGES[version]
    caller.sendall(head(version, length(message), "Expect: 100-continue"))

    assert caller.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    caller.sendall(message)
    assert answered(caller).status == 200


@pytest.mark.parametrize(
    ("method", "media_type", "status"),
    [("PUT", "text/xml", 405), ("POST", "text/plain", 415), ("POST", "application/soap+xml", 415)],
)
def test_a_connection_serves_on_after_a_refusal(
    caller: socket.socket, method: str, media_type: str, status: int
) -> None:
    version, message = Version.SOAP_11, MESSAGES[Version.SOAP_11]
    refused = head(version, length(message), method=method).replace(version.content_type.encode(), media_type.encode())
    caller.sendall(refused + message)

    answer = answered(caller)

    assert (answer.status, answer.fault.code) == (status, "Client")
    caller.sendall(head(version, length(message)) + message)
    assert answered(caller).status == 200


@BOTH
def test_a_length_shorter_than_the_message_cuts_it_off(caller: socket.socket, version: Version) -> None:
    message = MESSAGES[version]
    caller.sendall(head(version, f"Content-Length: {len(message) - 20}") + message)

    answer = answered(caller)

    assert (answer.body.tag, "[well-formed" in answer.fault.text) == (version.fault, True)


@BOTH
def test_a_caller_that_leaves_in_the_middle_costs_nobody_else(server: Served, version: Version) -> None:
    message = MESSAGES[version]
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as leaving:
            leaving.sendall(head(version, f"Content-Length: {len(message) + 100}") + message)

    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as staying:
        staying.sendall(head(version, length(message)) + message)
        assert answered(staying).status == 200


@BOTH
def test_no_message_at_all_is_refused_in_soap(caller: socket.socket, version: Version) -> None:
    caller.sendall(head(version))

    answer = answered(caller)

    assert (answer.body.tag, "[well-formed" in answer.fault.text) == (version.fault, True)


def test_head_says_what_get_would(caller: socket.socket) -> None:
    caller.sendall(b"HEAD /services/Orders?wsdl HTTP/1.1\r\nHost: x\r\n\r\n")
    response = HTTPResponse(caller, method="HEAD")
    response.begin()

    assert (response.status, response.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    caller.sendall(b"GET /services/Orders?wsdl HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(answered(caller).content) == int(response.headers["Content-Length"])
