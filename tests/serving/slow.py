"""Sockets that send as slowly as a test wants."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.contract.soapkit.orders import envelope, order

PATH = "/services/Orders"


def head(length: int, *more: str, media_type: str = "text/xml; charset=utf-8") -> bytes:
    """Write the head of a call."""
    lines = (f"POST {PATH} HTTP/1.1", "Host: orders", f"Content-Type: {media_type}", f"Content-Length: {length}", *more)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def message() -> bytes:
    """Write a good call, head and body."""
    body = envelope(order())
    return head(len(body)) + body


@contextmanager
def callers(port: int, count: int, first: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that each begin a request and then say nothing."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(count):
            caller = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            caller.sendall(first)
            sockets.append(caller)
        yield sockets


def until_its_end(caller: socket.socket) -> bytes:
    """Read one answer in SOAP, or what there is of it."""
    answer = b""
    while not answer.rstrip().endswith(b"Envelope>") and (more := caller.recv(65536)):
        answer += more
    return answer


def everything(caller: socket.socket) -> bytes:
    """Read until the server ends the connection, which it must within the socket's time-out."""
    return b"".join(iter(lambda: caller.recv(65536), b""))
