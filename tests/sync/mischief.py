"""What happens to messages on a bad day, between a sender that tries again and a gateway: by seed, the same each time.

=========  ==================================================================================
passed     handed on, and the answer handed back
twice      handed on twice
lost       handed on, and the answer is lost: the sender tries again
held       not handed on at first, so that others overtake it: the sender tries again
late       handed on, and once more much later, when it is old
=========  ==================================================================================
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from wsgiref.types import StartResponse, WSGIEnvironment

import urllib3

from soapkit.server import running

_LATE = 12
"""How many others go first."""
_TIMEOUT = 60.0


class Fate(StrEnum):
    """What happens to a message."""

    PASSED = "passed"
    TWICE = "twice"
    LOST = "lost"
    HELD = "held"
    LATE = "late"


_FATES = (Fate.PASSED, Fate.PASSED, Fate.PASSED, Fate.TWICE, Fate.LOST, Fate.HELD, Fate.LATE)


@dataclass(frozen=True, slots=True)
class _Call:
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass
class Mischief:
    """A WSGI application in front of ``target`` (a URL); the fate of a message is drawn from ``seed`` and its body."""

    target: str
    seed: str
    fates: Counter[Fate] = field(default_factory=Counter)
    _seen: set[bytes] = field(default_factory=set)
    _late: list[tuple[int, _Call]] = field(default_factory=list)
    _passed: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=_TIMEOUT, maxsize=16)
    )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand a request on, as its fate wants it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        named = {"Content-Type": environ.get("CONTENT_TYPE", ""), "SOAPAction": environ.get("HTTP_SOAPACTION", "")}
        status, content = self._suffer(_Call(environ["PATH_INFO"], body, tuple(named.items())))
        start_response(f"{status} said", [("Content-Type", "text/xml")])
        return [content]

    def _suffer(self, call: _Call) -> tuple[int, bytes]:
        fate = self._fate(call)
        if fate is Fate.HELD:
            return 503, b""
        answer = self._hand_on(call)
        if fate is Fate.TWICE:
            answer = self._hand_on(call)
        self._hand_on_what_is_late()
        return (503, b"") if fate is Fate.LOST else answer

    def _fate(self, call: _Call) -> Fate:
        """Draw the fate of a message; what comes again is passed."""
        digest = hashlib.sha256(self.seed.encode() + call.body).digest()
        with self._turn:
            self._passed += 1
            fate = Fate.PASSED if digest in self._seen else _FATES[digest[0] % len(_FATES)]
            self._seen.add(digest)
            self.fates[fate] += 1
            if fate is Fate.LATE:
                self._late.append((self._passed + _LATE, call))
            return fate

    def _hand_on(self, call: _Call) -> tuple[int, bytes]:
        try:
            answer = self._pool.request("POST", self.target + call.path, body=call.body, headers=dict(call.headers))
        except urllib3.exceptions.HTTPError:
            return 502, b""
        return answer.status, answer.data

    def _hand_on_what_is_late(self, *, all_of_it: bool = False) -> None:
        with self._turn:
            due = [each for each in self._late if all_of_it or each[0] <= self._passed]
            self._late = [each for each in self._late if each not in due]
        for _, call in due:
            self._hand_on(call)

    def flush(self) -> None:
        """Hand on all that is late."""
        self._hand_on_what_is_late(all_of_it=True)


@contextmanager
def mischief(target: str, seed: str) -> Iterator[tuple[Mischief, str]]:
    """Stand in front of ``target``; yields what stands there, and its own address."""
    made = Mischief(target, seed)
    with running(lambda _: made, threads=12) as address:
        yield made, address
