"""waitress on one listening socket: a request is received whole before a thread is used for it.

Here it must also arrive in time, and what waitress itself refuses is answered as a SOAP fault.
"""

from __future__ import annotations

import logging
import resource
import socket
import threading
import time
from typing import Any
from wsgiref.types import WSGIApplication

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask
from waitress.utilities import Error

from soapkit.serving.place import Place
from soapkit.serving.refusal import refusal

_POLL_SECONDS = 1.0
_MOST_CONNECTIONS = 1000
_FILES_A_CONNECTION = 3


class _TooSlow(Error):  # type: ignore[misc] # waitress is untyped
    code = 408


class _Refusal(ErrorTask):  # type: ignore[misc] # waitress is untyped
    """What waitress says by itself, said in SOAP."""

    def execute(self) -> None:
        """Answer, and have the connection closed: where the next request would begin is not known."""
        answer = refusal(self.request.error.code, self.request.headers.get("CONTENT_TYPE", ""))
        self.status = answer.status
        self.response_headers.extend(header for header in answer.headers if header[0] != "Content-Length")
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


class _Channel(HTTPChannel):  # type: ignore[misc] # waitress is untyped
    """A connection that knows since when its request has been arriving."""

    error_task_class = _Refusal
    request: Any
    _arriving: object = None
    _since = 0.0

    def received(self, data: bytes) -> bool:
        """Take data; a request that it begins is timed from now."""
        taken: bool = super().received(data)
        if self.request is not self._arriving:
            self._arriving, self._since = self.request, time.monotonic()
        return taken

    def expire(self, began_before: float) -> None:
        """Refuse a request that began too long ago and is still not complete."""
        with self.requests_lock:
            request = self.request
            if request is None or self.requests or self._since > began_before:
                return
            request.error, request.completed = _TooSlow(""), True
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)


class WebServer:
    """One server on one listening socket. ``run`` blocks until ``stop``, then finishes what is in flight."""

    def __init__(self, app: WSGIApplication, listening: socket.socket, place: Place) -> None:
        self._map: dict[int, Any] = {}
        self._place = place
        self._stopping = threading.Event()
        self._next_look = 0.0
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for every request that waits is no news
        self._server = waitress.create_server(
            app,
            map=self._map,
            sockets=[listening],
            threads=place.threads,
            ident=None,
            clear_untrusted_proxy_headers=False,  # who believes a header of a proxy checks whose it is
            max_request_body_size=place.max_bytes,
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
                channel.expire(now - self._place.max_seconds)

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._server.active_channels.values())


def _connections() -> int:
    """Give how many connections may be open at once: as many as this process may have files for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        _MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(_MOST_CONNECTIONS, files // _FILES_A_CONNECTION)
    )
