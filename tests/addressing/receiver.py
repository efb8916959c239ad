"""A partner that is answered at an address of its own, and a socket that nobody should connect to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from lxml import etree

from soapkit.server import running


@dataclass(frozen=True)
class Received:
    """One message as it was posted."""

    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.content)

    def text(self, local: str) -> str | None:
        return self.root.findtext(f"{{*}}Header/{{*}}{local}")

    @property
    def body(self) -> etree._Element:
        found = self.root.find("{*}Body/*")
        assert found is not None
        return found


@dataclass
class Receiver:
    """Takes what is posted; answers ``statuses`` in turn, then 202."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {name.removeprefix("HTTP_"): str(value) for name, value in environ.items() if name.isupper()}
        self.received.append(Received(environ["PATH_INFO"], headers, content))
        status = self.statuses.pop(0) if self.statuses else 202
        start_response(f"{status} Told", [("Content-Length", "0")])
        return [b""]

    @property
    def one(self) -> Received:
        [only] = self.received
        return only


@contextmanager
def receiver(port: int = 0, *statuses: int) -> Iterator[Receiver]:
    """Serve a receiver over HTTP."""
    made: list[Receiver] = []

    def build(url: str) -> Any:
        made.append(Receiver(url, list(statuses)))
        return made[0]

    with running(build, port=port):
        yield made[0]


@dataclass
class Trap:
    """A listening socket, and how often it was connected to."""

    port: int
    connections: int = 0


@contextmanager
def trap() -> Iterator[Trap]:
    """Listen; every connection is counted before the block ends."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port: int = listening.getsockname()[1]
        caught = Trap(port)

        def count() -> None:
            while True:
                connection, _ = listening.accept()
                with closing(connection):
                    if connection.recv(4) == b"done":
                        return
                    caught.connections += 1

        counting = threading.Thread(target=count, daemon=True)
        counting.start()
        yield caught
        with socket.create_connection(("127.0.0.1", port)) as last:  # those before it are in the queue before it
            last.sendall(b"done")
        counting.join(10)
        assert not counting.is_alive()
