"""What is larger than a server takes is refused as a SOAP fault, before it was all received."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress

import pytest

from tests.serving.conftest import Start
from tests.serving.servers import running_server
from tests.serving.slow import head, message, until_its_end

SITE = "tests.serving.sites:small"
CHUNKED = b"POST /services/Orders HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"3e8\r\n" + b" " * 1000 + b"\r\n"


def answer_to(port: int, first: bytes, then: bytes, times: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        caller.sendall(first)
        with suppress(OSError):  # the connection may end while this is being sent
            for _ in range(times):
                caller.sendall(then)
        return until_its_end(caller)


@pytest.mark.parametrize("media_type", ["text/xml", "application/soap+xml"])
def test_a_body_that_is_declared_too_large_is_refused_as_a_fault(server: Start, media_type: str) -> None:
    served = server(SITE, max_bytes=10_000)

    answer = answer_to(served.port, head(10_001, media_type=media_type), b"", 0)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert media_type.encode() in answer
    assert b"[max-bytes]" in answer


def test_a_chunked_body_that_grows_too_large_is_refused_as_a_fault(server: Start) -> None:
    served = server(SITE, max_bytes=10_000)

    answer = answer_to(served.port, CHUNKED, CHUNK, 11)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"[max-bytes]" in answer


def test_a_good_message_is_taken_whatever_was_refused_before(server: Start) -> None:
    served = server(SITE, max_bytes=10_000)
    answer_to(served.port, head(10_001), b"", 0)
    answer_to(served.port, CHUNKED, CHUNK, 11)

    assert answer_to(served.port, message(), b"", 0).startswith(b"HTTP/1.1 200 ")


def test_a_caller_that_sends_all_of_it_first_is_told_why_by_the_embedded_server() -> None:
    with running_server("waitress", SITE, max_bytes=10_000) as served:
        caller = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        caller.request("POST", "/services/Orders", b" " * 12_000_000, {"Content-Type": "text/xml"})
        answer = caller.getresponse()
        told = answer.read()

    assert (answer.status, b"[max-bytes]" in told) == (413, True)
