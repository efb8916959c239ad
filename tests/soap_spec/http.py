"""HTTP as bytes: what a test sends is what it wrote, and what came back is read whole."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from typing import TypeAlias
from urllib.parse import urlsplit

Fields: TypeAlias = tuple[tuple[str, str], ...]
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP request. ``fields`` are its header fields, in order; the body's length or chunks are added.

    ``expects`` waits for ``100 Continue`` before it sends the body.
    """

    body: bytes
    fields: Fields = ()
    method: str = "POST"
    path: str = "/services/Orders"
    version: str = "HTTP/1.1"
    chunked: bool = False
    expects: bool = False

    def head(self) -> bytes:
        """Write the request line and all header fields."""
        length = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(len(self.body)))
        more: Fields = (("Expect", "100-continue"),) if self.expects else ()
        fields = (("Host", "orders.example"), ("Connection", "close"), *self.fields, length, *more)
        lines = [f"{self.method} {self.path} {self.version}", *(f"{name}: {value}" for name, value in fields)]
        return "\r\n".join([*lines, "", ""]).encode()

    def content(self) -> bytes:
        """Write the body, in chunks of uneven size if so asked."""
        if not self.chunked:
            return self.body
        pieces = [self.body[:7], self.body[7:200], self.body[200:]]
        return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"

    def with_fields(self, *fields: tuple[str, str]) -> Sent:
        """Return the same with header fields after those there are."""
        return replace(self, fields=(*self.fields, *fields))


@dataclass(frozen=True, slots=True)
class Got:
    """One HTTP answer; ``continued`` says that 100 Continue came before it."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    continued: bool = False


def exchange(url: str, sent: Sent) -> Got:
    """Send one request over a connection of its own and read the answer."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=_SECONDS) as connection:
        connection.sendall(sent.head())
        continued = sent.expects and _interim(connection)
        connection.sendall(sent.content())
        return replace(_answer(connection, sent.method), continued=continued)


def exchange_twice(url: str, sent: Sent) -> tuple[Got, Got]:
    """Send one request two times over one connection."""
    address = urlsplit(url)
    request = sent.head().replace(b"Connection: close\r\n", b"") + sent.content()
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=_SECONDS) as connection:
        connection.sendall(request)
        first = _answer(connection, sent.method)
        connection.sendall(request)
        return first, _answer(connection, sent.method)


def _interim(connection: socket.socket) -> bool:
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = connection.recv(1)
        assert piece, f"the connection ended after {seen!r}"
        seen += piece
    return seen.split(b" ")[1] == b"100"


def _answer(connection: socket.socket, method: str) -> Got:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    headers: Message = response.msg
    fields = {name.lower(): value for name, value in headers.items()}
    return Got(response.status, fields, response.read())
