"""Runs a WSGI application: waitress for one embedded process, granian for several workers. Both stop gracefully."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from wsgiref.types import WSGIApplication

import waitress
from waitress import wasyncore

_DRAIN_SECONDS = 10
_POLL_SECONDS = 1.0
_MOST_BODY = 64 * 1024 * 1024
"""Bytes of a body that waitress keeps (on disk) before the application may refuse it; more, and it refuses itself."""


class _WebServer:
    """One waitress server on one listening socket. ``run`` blocks until ``stop``, then finishes what is in flight."""

    def __init__(self, app: WSGIApplication, listening: socket.socket, threads: int) -> None:
        self._map: dict[int, Any] = {}
        self._stopping = threading.Event()
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for every request that waits is no news
        self._server = waitress.create_server(
            app,
            map=self._map,
            sockets=[listening],
            threads=threads,
            ident=None,
            clear_untrusted_proxy_headers=True,
            max_request_body_size=_MOST_BODY,
        )

    def run(self) -> None:
        """Serve until stopped; then accept nobody, wait for answers under way (bounded), and close."""
        while not self._stopping.is_set():
            self._turn(_POLL_SECONDS)
        wasyncore.dispatcher.close(self._server)  # the listening socket only: channels and their trigger live on
        deadline = time.monotonic() + _DRAIN_SECONDS
        while self._busy() and time.monotonic() < deadline:
            self._turn(0.1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """Ask ``run`` to end. Safe from any thread and from a signal handler."""
        self._stopping.set()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self._server.active_channels.values())


def serve(app: WSGIApplication, *, host: str, port: int, threads: int = 8) -> None:
    """Serve ``app`` with waitress until SIGTERM or SIGINT (main thread), then finish what is in flight.

    Raises OSError when the port cannot be had.
    """
    with closing(socket.create_server((host, port), backlog=1024)) as listening:
        server = _WebServer(app, listening, threads)
        with _stopped_by_signals(server.stop):
            server.run()


@contextmanager
def running(
    build: Callable[[str], WSGIApplication], *, host: str = "127.0.0.1", port: int = 0, threads: int = 4
) -> Iterator[str]:
    """Serve from a thread for the length of a ``with`` block, which gets the URL (``http://127.0.0.1:40123``).

    ``build`` makes the application once the URL is known; port 0 takes a free one.
    """
    with closing(socket.create_server((host, port), backlog=1024)) as listening:
        url = f"http://{host}:{listening.getsockname()[1]}"
        server = _WebServer(build(url), listening, threads)
        thread = threading.Thread(target=server.run, name=f"soapkit {url}", daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.stop()
            with suppress(OSError):  # it may be waiting for a request: here is one, and it ends at once
                socket.create_connection(listening.getsockname()[:2], timeout=_POLL_SECONDS).close()
            thread.join(_DRAIN_SECONDS + _POLL_SECONDS)


def serve_workers(target: str, *, host: str, port: int, workers: int = 2, threads: int = 4) -> None:
    """Serve the application that ``target`` (``module:factory``) makes in each of ``workers`` processes, with granian.

    ``threads`` run handlers in each worker: few when work is CPU-bound, more when handlers wait for a slow backend.
    """
    from granian.constants import Interfaces  # noqa: PLC0415 - native and only needed here
    from granian.server import Server  # noqa: PLC0415 - same

    Server(
        target,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        factory=True,
        log_access=False,
        workers_kill_timeout=_DRAIN_SECONDS,  # one told to stop while it starts would never notice
    ).serve()


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
