"""Where a request ends is said in one way only: two ways are two requests to somebody in front (RFC 9112)."""

from __future__ import annotations

import socket

import pytest

from tests.contract.soapkit.orders import envelope, order
from tests.serving.conftest import Start
from tests.serving.servers import running_server
from tests.serving.slow import everything, head

SITE = "tests.contract.soapkit.orders:plain_site"
BODY = envelope(order())
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
HEAD = b"POST /services/Orders HTTP/1.1\r\nHost: orders\r\nContent-Type: text/xml\r\n"
AMBIGUOUS = {
    "length and chunks": head(len(BODY), "Transfer-Encoding: chunked") + CHUNKED,
    "folded": HEAD + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKED,
    "endless chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + BODY,
    "two lengths": head(len(BODY), f"Content-Length: {len(BODY) + 1}") + BODY,
    "chunks in HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
}


def answers(port: int, sent: bytes) -> list[bytes]:
    """Send, and then a second request that must not be seen; the status lines of all answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as caller:
        caller.sendall(sent + b"GET /services/ HTTP/1.1\r\nHost: smuggled\r\n\r\n")
        try:
            told = everything(caller)
        except ConnectionError:
            told = b""
    return [line for line in told.split(b"\r\n") if line.startswith(b"HTTP/1.")]


@pytest.mark.parametrize("ambiguity", AMBIGUOUS)
def test_the_embedded_server_refuses_a_request_whose_end_is_ambiguous(ambiguity: str) -> None:
    with running_server("waitress", SITE) as served:
        (status,) = answers(served.port, AMBIGUOUS[ambiguity])

    assert status.split()[1] in (b"400", b"413")


@pytest.mark.parametrize("ambiguity", AMBIGUOUS)
def test_nothing_smuggled_behind_it_is_answered(server: Start, ambiguity: str) -> None:
    served = server(SITE, max_seconds=2)

    assert len(answers(served.port, AMBIGUOUS[ambiguity])) <= 1
