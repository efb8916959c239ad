"""Stands between partners and a product: hands every request on, as it is, and keeps both messages."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import urllib3

from soapkit.server import running

_HOP = {"connection", "transfer-encoding", "keep-alive", "host"}
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Heads:
    """What stood beside the two messages: headers by their lower-case names."""

    request: Mapping[str, str]
    status: int
    response: Mapping[str, str]


class Recorder:
    """A WSGI application in front of ``product`` (a URL). Calls are kept in ``directory``, by X-Correlation-Id.

    For a call ``bill`` these are ``bill.request``, ``bill.response`` and ``bill.json`` (Heads); for a second one of
    that name ``bill.2.request`` and so on.
    """

    def __init__(self, directory: Path) -> None:
        self.product = ""
        self._directory = directory
        self._numbers: Counter[str] = Counter()
        self._turn = threading.Lock()
        self._pool = urllib3.PoolManager(retries=False, timeout=_TIMEOUT, maxsize=8)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        headers = _headers(environ)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"] + ("?" + environ["QUERY_STRING"] if environ.get("QUERY_STRING") else "")
        answer = self._pool.request(environ["REQUEST_METHOD"], self.product + path, body=body, headers=headers)
        given = {name.lower(): value for name, value in answer.headers.items()}
        if environ["REQUEST_METHOD"] == "POST":
            self._keep(
                headers.get("x-correlation-id", "unnamed"), body, answer.data, Heads(headers, answer.status, given)
            )
        passed = [(name, value) for name, value in given.items() if name not in _HOP]
        start_response(f"{answer.status} {answer.reason or 'Answer'}", passed)
        return [answer.data]

    def _keep(self, name: str, request: bytes, response: bytes, heads: Heads) -> None:
        with self._turn:
            self._numbers[name] += 1
            name = name if self._numbers[name] == 1 else f"{name}.{self._numbers[name]}"
        (self._directory / f"{name}.request").write_bytes(request)
        (self._directory / f"{name}.response").write_bytes(response)
        (self._directory / f"{name}.json").write_text(json.dumps(asdict(heads)))


@contextmanager
def recording(directory: Path) -> Iterator[tuple[Recorder, str]]:
    """Listen on a free port; the recorder's ``product`` is set once that is up. Yields it with its own URL."""
    directory.mkdir(exist_ok=True)
    recorder = Recorder(directory)
    with running(lambda _: recorder) as url:
        yield recorder, url


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    named = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        named["content-type"] = environ["CONTENT_TYPE"]
    return {name: value for name, value in named.items() if name not in _HOP}
