"""Whether a process lives, and whether it can work: ``/health/live`` and ``/health/ready``, for orchestrators.

Live is whoever answers. Ready is who reaches all that work needs; if not, the answer is 503 and says what is missing.
Checks run beside one another, at most once a second however often they are asked for, and none is waited for long.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog

from soapkit.http import Response

_log = structlog.get_logger(__name__)
_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 3.0

Check: TypeAlias = Callable[[], str | None]
"""Returns what is wrong, in words for anybody, or None. What it raises is logged, and told as "failed"."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    ready: bool
    checks: Mapping[str, Mapping[str, Any]]
    until: float


class Health:
    """A WSGI application for ``/health``; ``checks`` are by the name of what they look at."""

    def __init__(
        self, checks: Mapping[str, Check], *, fresh: float = _FRESH_SECONDS, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._checks = dict(checks)
        self._fresh = fresh
        self._patience = patience
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[str | None]] = {}
        self._last = _Verdict(False, {}, 0.0)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer ``/live`` and ``/ready`` below where it is mounted."""
        response = self._answer(environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"])
        start_response(response.status, list(response.headers))
        return [b""] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _answer(self, path: str, method: str) -> Response:
        if method not in ("GET", "HEAD"):
            refusal = b"Health is asked for with GET\n"
            return Response.of(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", refusal, ("Allow", "GET, HEAD"))
        if path == "/live":
            return _json(HTTPStatus.OK, {"live": True})
        if path == "/ready":
            verdict = self.verdict()
            status = HTTPStatus.OK if verdict.ready else HTTPStatus.SERVICE_UNAVAILABLE
            return _json(status, {"ready": verdict.ready, "checks": verdict.checks})
        return Response.of(HTTPStatus.NOT_FOUND, "text/plain", b"There are /health/live and /health/ready\n")

    def verdict(self) -> _Verdict:
        """Return the last verdict while it is fresh, else a new one."""
        with self._lock:
            if self._last.until <= time.monotonic():
                self._last = self._judged()
            return self._last

    def close(self) -> None:
        """Start no further check."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _judged(self) -> _Verdict:
        if self._pool is None:  # not before: a process that is never asked has no threads for it
            self._pool = ThreadPoolExecutor(max(1, len(self._checks)), thread_name_prefix="health")
        for name, check in self._checks.items():
            if name not in self._running:  # one that hangs is not started again beside itself
                self._running[name] = self._pool.submit(check)
        deadline = time.monotonic() + self._patience
        found = {name: self._outcome(name, deadline) for name in self._checks}
        checks = {
            name: {"ok": wrong is None} | ({} if wrong is None else {"wrong": wrong}) for name, wrong in found.items()
        }
        return _Verdict(not any(found.values()), checks, time.monotonic() + self._fresh)

    def _outcome(self, name: str, deadline: float) -> str | None:
        try:
            outcome = self._running[name].result(max(0.0, deadline - time.monotonic()))
        except Late:
            return f"no answer within {self._patience:g} s"
        except Exception:  # noqa: BLE001 - whatever a check does, health is answered
            _log.exception("health check failed", check=name)
            outcome = "failed"
        del self._running[name]
        return outcome


def _json(status: HTTPStatus, value: Any) -> Response:
    return Response.of(status, "application/json", json.dumps(value).encode(), ("Cache-Control", "no-store"))
