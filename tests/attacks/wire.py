"""Bytes to a server and bytes back: attacks are no proper HTTP, so that a proper client cannot send them."""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

_PATIENCE = 30
"""Seconds without a byte before a server is said to hang."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def __str__(self) -> str:
        """Show the beginning, for a failed test."""
        return f"{self.status} {dict(self.headers)} {self.content[:2000].decode(errors='replace')}"


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Write a POST, SOAP 1.1 unless told otherwise; ``Content_Type`` becomes Content-Type."""
    known = {"Host": "edge.example", "Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    known |= {"Content-Length": str(len(body)), "Connection": "close"}
    known |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = (f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in known.items()))
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def connect(url: str) -> socket.socket:
    """Open a connection to a server."""
    at = urlsplit(url)
    return socket.create_connection((at.hostname or "", at.port or 80), timeout=_PATIENCE)


def send(url: str, raw: bytes) -> Reply:
    """Send bytes over a connection of their own; the first answer. TimeoutError when the server hangs."""
    with closing(connect(url)) as caller:
        with suppress(ConnectionError):  # refused before it was all sent: the answer says why
            caller.sendall(raw)
        return read(caller, raw.partition(b" ")[0].decode(errors="replace"))


def read(caller: socket.socket | _Recorded, method: str = "POST") -> Reply:
    """Read one answer."""
    answer = http.client.HTTPResponse(cast("socket.socket", caller), method=method)
    answer.begin()
    content = answer.read()
    return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)


def send_all(url: str, raw: bytes) -> list[Reply]:
    """Send bytes, then no more; all answers that come until the server ends the connection."""
    with closing(connect(url)) as caller:
        with suppress(OSError):  # it may be refused, and the connection gone, before it was all sent
            caller.sendall(raw)
            caller.shutdown(socket.SHUT_WR)
        received = _rest(caller)
    return list(_answers(received))


def _rest(caller: socket.socket) -> bytes:
    received = io.BytesIO()
    with suppress(ConnectionError):
        while chunk := caller.recv(65536):
            received.write(chunk)
    return received.getvalue()


def _answers(received: bytes) -> Iterator[Reply]:
    stream = _Recorded(received)
    while stream.tell() < len(received):
        yield read(stream)


class _Recorded(io.BytesIO):
    """What was received, read like a socket: one answer after the other from the same stream."""

    def makefile(self, _mode: str) -> io.BytesIO:
        return self

    def close(self) -> None:
        """Leave the rest for the next answer."""
