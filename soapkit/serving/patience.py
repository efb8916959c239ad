"""Slow callers over granian: a body is waited for by a thread that no handler needs, and not for ever.

granian gives a request to a thread when its head is there; reading the body then blocks. So there are many more threads
than handlers: each reads its body first, and takes a handler's turn once it is complete. A body that is not complete in
time is answered 408 and its connection ended. A thread that reads cannot be woken, and a hand-over to one that can
would cost every request a quarter of a millisecond: the answer is given behind its back, through granian's own request.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import IO, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from soapkit.serving.place import Place
from soapkit.serving.refusal import refusal

_log = structlog.get_logger(__name__)
_CHUNK = 256 * 1024
_IN_MEMORY = 1024 * 1024
_FLUSHED_SECONDS = 0.2
_SERVER = ("Server", "soapkit")
"""Said in place of granian's name: what is behind it is nobody's business."""


class Patient:
    """Wraps an application for granian; one in each worker."""

    def __init__(self, app: WSGIApplication, place: Place) -> None:
        self._app = app
        self._most_bytes = place.max_bytes
        self._turn = threading.BoundedSemaphore(place.threads)
        self._readers = _Readers(place.max_seconds)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer; what has no body (a probe, a document) waits for no turn."""

        def started(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [*headers, _SERVER], *error)

        return self._answer(environ, started)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        declared = environ.get("CONTENT_LENGTH") or ""
        if declared in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._app(environ, start_response)
        if declared.isdecimal() and int(declared) > self._most_bytes:
            environ["wsgi.input"] = io.BytesIO()  # the application refuses it by its length
        else:
            body = self._readers.read(environ, int(declared) if declared.isdecimal() else self._most_bytes + 1)
            if body is None:
                start_response("408 Request Timeout", [])
                return []
            environ["wsgi.input"] = body
        with self._turn:
            return self._app(environ, start_response)


@dataclass(frozen=True, slots=True)
class _Reading:
    until: float
    content_type: str


class _Readers:
    """The threads that read now, and a watch that ends what takes too long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._reading: dict[int, _Reading] = {}
        self._watch = threading.Thread(target=self._run, name="slow bodies", daemon=True)
        self._watch.start()

    def read(self, environ: WSGIEnvironment, most: int) -> IO[bytes] | None:
        """Read a body of at most ``most`` bytes; None when that took too long and was answered already."""
        me = threading.get_ident()
        self._reading[me] = _Reading(time.monotonic() + self._seconds, environ.get("CONTENT_TYPE") or "")
        try:
            body = _read(environ["wsgi.input"], most)
        finally:
            mine = self._reading.pop(me, None)  # whoever takes it out, this thread or the watch, answers
        return None if mine is None else body

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(min(1.0, self._seconds / 4)):
            now = time.monotonic()
            for thread in [thread for thread, reading in list(self._reading.items()) if reading.until < now]:
                late = self._reading.pop(thread, None)
                if late is not None:
                    _beside(thread, late)


def _read(source: Any, most: int) -> IO[bytes]:
    """Read in chunks; granian's ``read`` returns less than it was asked for at the end only."""
    chunk: bytes = source.read(min(_CHUNK, most))
    if len(chunk) < _CHUNK:
        return io.BytesIO(chunk)
    body = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as the request
    while chunk:
        body.write(chunk)
        most -= len(chunk)
        chunk = source.read(min(_CHUNK, most)) if most and len(chunk) == _CHUNK else b""
    body.seek(0)
    return body


def _beside(thread: int, late: _Reading) -> None:
    """End a reading in a thread of its own, as that takes a while; where there is none to be had, here."""
    try:
        threading.Thread(target=_end, args=(thread, late), daemon=True).start()
    except RuntimeError:
        _end(thread, late)


def _end(thread: int, late: _Reading) -> None:
    """Answer 408 for a thread that still reads.

    One byte of the declared length is held back: that ends the connection, and with it the reading.
    """
    try:
        _answer_for(thread, late)
    except Exception:  # noqa: BLE001 - the watch must outlive whatever goes wrong with one connection
        _log.exception("a body that takes too long could not be ended")


def _answer_for(thread: int, late: _Reading) -> None:
    protocol = _protocol(sys._current_frames().get(thread))  # noqa: SLF001 - documented; there is no other way in
    if protocol is None:
        _log.error("a body that takes too long cannot be ended: this granian holds its requests elsewhere")
        return
    answer = refusal(408, late.content_type)
    headers = [(name, value) for name, value in answer.headers if name != "Content-Length"]
    headers += [_SERVER, ("Content-Length", str(len(answer.body) + 1))]
    protocol.response_iter(408, headers, _Once(answer.body))


def _protocol(frame: FrameType | None) -> Any:
    while frame is not None:
        if "proto" in frame.f_locals:  # granian/wsgi.py, the caller of every application
            return frame.f_locals["proto"]
        frame = frame.f_back
    return None


class _Once:
    """An answer's body as granian iterates it."""

    def __init__(self, body: bytes) -> None:
        self._left = [body]

    def __next__(self) -> bytes:
        if not self._left:
            time.sleep(_FLUSHED_SECONDS)  # the connection ends with this: what was said must have left before
            raise StopIteration
        return self._left.pop()

    def close(self) -> None:
        """Nothing is held."""
