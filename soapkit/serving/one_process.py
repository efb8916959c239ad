"""waitress on one listening socket: a request is received whole before a thread is used for it.

Here it must also arrive in time, and what waitress itself refuses is answered as a SOAP fault.
"""

from __future__ import annotations

import logging
import re
import resource
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from wsgiref.types import WSGIApplication

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from soapkit.serving.place import Place
from soapkit.serving.refusal import refusal

_POLL_SECONDS = 1.0
_MOST_CONNECTIONS = 1000
_FILES_A_CONNECTION = 3
_QUICK_THREADS = 2
_LINGER_SECONDS = 2.0
_TOO_LARGE = 413
_FOLDED = re.compile(rb"\n[ \t]")
_FRAMING = 256 * 1024
"""waitress counts the sizes of chunks as bytes of the body; a declared length is checked to the byte."""


class _TooSlow(Error):  # type: ignore[misc] # waitress is untyped
    code = 408


class _Arriving(HTTPRequestParser):  # type: ignore[misc] # waitress is untyped
    """A request as it arrives, held to RFC 9112 where waitress is lenient.

    Whoever stands in front must see the same end of it: a length beside chunks (6.3), chunks in HTTP/1.0 (6.1) and
    folded headers (5.2) are refused.
    """

    def received(self, data: bytes) -> int:
        """Take bytes, and tell how many were of this request."""
        try:
            taken = int(super().received(data))
        except (ArithmeticError, ValueError):  # the size of a chunk
            self.error, self.completed = BadRequest(""), True
            return len(data)
        if self._bytes() > self.adj.max_request_body_size - _FRAMING:
            self.error, self.completed = self.error or RequestEntityTooLarge(""), True
        return taken

    def _bytes(self) -> int:
        """Count what has been declared, or has come in chunks and is announced by the last of them."""
        if not self.chunked or self.body_rcv is None:
            return int(self.content_length)
        return int(self.body_rcv.__len__() + max(0, self.body_rcv.chunk_remainder))

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises ParsingError."""
        if _FOLDED.search(header_plus):
            raise ParsingError("folded")
        super().parse_header(header_plus)
        lengths = "CONTENT_LENGTH" in self.headers
        if (self.chunked and lengths) or "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("two lengths")


class _Refusal(ErrorTask):  # type: ignore[misc] # waitress is untyped
    """What waitress says by itself, said in SOAP."""

    def execute(self) -> None:
        """Answer, and have the connection closed: where the next request would begin is not known."""
        answer = refusal(self.request.error.code, self.request.headers.get("CONTENT_TYPE", ""))
        self.channel.lingers = self.request.error.code == _TOO_LARGE
        self.status = answer.status
        self.response_headers.extend(header for header in answer.headers if header[0] != "Content-Length")
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress is untyped
    """A connection that knows since when its request has been arriving.

    One whose request was too large is still read for a moment once it is answered: closed with bytes unread, the caller
    would be told of a reset connection and never see why.
    """

    error_task_class = _Refusal
    parser_class = _Arriving
    request: Any
    lingers = False
    _arriving: object = None
    _since = 0.0
    _until: float | None = None

    def received(self, data: bytes) -> bool:
        """Take data; a request that it begins is timed from now."""
        if self._until is not None:
            return False
        taken: bool = super().received(data)
        if self.request is not self._arriving:
            self._arriving, self._since = self.request, time.monotonic()
        return taken

    def readable(self) -> bool:
        """Whether to look for data."""
        return self._until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Whether there is something to write, or to close."""
        return self._until is None and bool(super().writable())

    def handle_close(self) -> None:
        """Close; of one that lingers, first the half that is written to."""
        if self.lingers and self._until is None:
            with suppress(OSError):  # the caller was faster
                self.socket.shutdown(socket.SHUT_WR)
                self._until, self.will_close = time.monotonic() + _LINGER_SECONDS, False
                return
        super().handle_close()

    def expire(self, now: float, began_before: float) -> None:
        """Refuse a request that began too long ago and is still not complete; end what has lingered."""
        if self._until is not None and self._until < now:
            super().handle_close()
            return
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or self._since > began_before:
                return
            request.error, request.completed = _TooSlow(""), True
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)


class _Lanes(ThreadedTaskDispatcher):  # type: ignore[misc] # waitress is untyped
    """Threads for calls, and two for what is quick: probes and pages do not wait while all calls wait for a backend."""

    def __init__(self) -> None:
        super().__init__()
        self._quick = ThreadedTaskDispatcher()

    def set_thread_count(self, count: int) -> None:
        """Start or stop threads."""
        super().set_thread_count(count)
        self._quick.set_thread_count(min(count, _QUICK_THREADS))

    def add_task(self, task: Any) -> None:
        """Have a connection's next request answered."""
        request = task.requests[0]
        if request.error or request.command in ("GET", "HEAD"):
            self._quick.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Stop all threads."""
        self._quick.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))


class WebServer:
    """One server on one listening socket. ``run`` blocks until ``stop``, then finishes what is in flight."""

    def __init__(self, app: WSGIApplication, listening: socket.socket, place: Place) -> None:
        self._map: dict[int, Any] = {}
        self._place = place
        self._stopping = threading.Event()
        self._next_look = 0.0
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for every request that waits is no news
        lanes = _Lanes()
        lanes.set_thread_count(place.threads)
        self._server = waitress.create_server(
            app,
            _dispatcher=lanes,
            map=self._map,
            sockets=[listening],
            threads=place.threads,
            ident=None,
            clear_untrusted_proxy_headers=False,  # who believes a header of a proxy checks whose it is
            max_request_body_size=place.max_bytes + _FRAMING,
            channel_timeout=max(1, round(place.max_seconds)),
            cleanup_interval=1,
            connection_limit=_connections(),
        )
        self._server.channel_class = _Channel

    def run(self) -> None:
        """Serve until stopped; then accept nobody, wait for answers under way (bounded), and close."""
        while not self._stopping.is_set():
            self._turn(_POLL_SECONDS)
        wasyncore.dispatcher.close(self._server)  # the listening socket only: channels and their trigger live on
        deadline = time.monotonic() + self._place.drain_seconds
        while self._busy() and time.monotonic() < deadline:
            self._turn(0.1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Ask ``run`` to end. Safe from any thread and from a signal handler."""
        self._stopping.set()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + min(_POLL_SECONDS, self._place.max_seconds / 4)
            for channel in list(self._server.active_channels.values()):
                channel.expire(now, now - self._place.max_seconds)

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._server.active_channels.values())


def _connections() -> int:
    """Give how many connections may be open at once: as many as this process may have files for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        _MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(_MOST_CONNECTIONS, files // _FILES_A_CONNECTION)
    )
