"""Runs a WSGI application: waitress for one embedded process, granian for several workers or TLS.

Both stop gracefully on SIGTERM and SIGINT: nobody is accepted any more, answers under way are finished, bounded, and
the process ends. With either, a caller that is slow holds no thread that a handler needs, and is sent away in the end.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from wsgiref.types import WSGIApplication

from soapkit.serving import workers as granian
from soapkit.serving.one_process import WebServer
from soapkit.serving.place import (
    DRAIN_SECONDS,
    MOST_BYTES,
    MOST_SECONDS,
    ClientCertificates,
    Place,
    Tls,
    TlsVersion,
)

__all__ = ["ClientCertificates", "Place", "Tls", "TlsVersion", "running", "serve", "serve_workers"]

_WAKE_SECONDS = 1.0


def serve(
    app: WSGIApplication,
    *,
    host: str,
    port: int,
    threads: int = 8,
    max_bytes: int = MOST_BYTES,
    max_seconds: float = MOST_SECONDS,
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Serve ``app`` with waitress until SIGTERM or SIGINT (main thread), then finish what is in flight.

    The limits are those of ``Place``. Raises OSError when the port cannot be had.
    """
    place = Place(host, port, threads, max_bytes, max_seconds, drain_seconds)
    with closing(_listening(host, port)) as listening:
        server = WebServer(app, listening, place)
        with _stopped_by_signals(server.stop):
            server.run()


@contextmanager
def running(
    build: Callable[[str], WSGIApplication],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    threads: int = 4,
    max_bytes: int = MOST_BYTES,
    max_seconds: float = MOST_SECONDS,
    drain_seconds: float = DRAIN_SECONDS,
) -> Iterator[str]:
    """Serve from a thread for the length of a ``with`` block, which gets the URL (``http://127.0.0.1:40123``).

    ``build`` makes the application once the URL is known; port 0 takes a free one.
    """
    place = Place(host, port, threads, max_bytes, max_seconds, drain_seconds)
    with closing(_listening(host, port)) as listening:
        url = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        server = WebServer(build(url), listening, place)
        thread = threading.Thread(target=server.run, name=f"soapkit {url}", daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.stop()
            with suppress(OSError):  # it may be waiting for a request: here is one, and it ends at once
                socket.create_connection(listening.getsockname()[:2], timeout=_WAKE_SECONDS).close()
            thread.join(drain_seconds + _WAKE_SECONDS)


def serve_workers(
    target: str,
    *,
    host: str,
    port: int,
    workers: int = 2,
    threads: int = 4,
    tls: Tls | None = None,
    max_bytes: int = MOST_BYTES,
    max_seconds: float = MOST_SECONDS,
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Serve the application that ``target`` (``module:factory``) makes in each of ``workers`` processes, with granian.

    ``threads`` run handlers in each worker: few when work is CPU-bound, more when handlers wait for a slow backend.
    The limits are those of ``Place``. Raises OSError when the port cannot be had, or a certificate not be read.
    """
    place = Place(host, port, threads, max_bytes, max_seconds, drain_seconds)
    granian.serve(target, place, workers=workers, tls=tls)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


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
