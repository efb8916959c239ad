"""The load generator, a process of its own: ``python -m bench.load '<job as JSON>'``, result as JSON on stdout.

Closed loop on keep-alive connections: each sends its next request when the answer to the last one is complete. One
thread and raw sockets, because every cycle spent here is taken from the server that is measured.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

_GRACE = 60.0
_CHUNK = 1 << 18
_LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Job:
    """POST ``body`` to ``path`` on this machine's ``port`` for ``seconds``, and at most ``most`` times.

    ``body`` is a file, or a directory whose files are sent in turn.
    """

    port: int
    path: str
    body: str
    connections: int
    seconds: float
    most: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """``count`` answers in ``seconds``; ``processor`` is the share of one processor that the generator took.

    Of a hundred answers, 50 came within ``p50`` seconds after their requests, and 99 within ``p99``.
    """

    count: int
    seconds: float
    processor: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds


class WrongAnswer(Exception):
    """The server answered something else than 200 with as many bytes as the first time: its figure is worthless."""


def generate(job: Job) -> Outcome:
    """Run the job in a process of its own. Raises CalledProcessError when it fails, its reason being on stderr."""
    command = [sys.executable, "-m", "bench.load", json.dumps(asdict(job))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=job.seconds + _GRACE)  # noqa: S603 - ourselves
    return Outcome(**json.loads(done.stdout))


@dataclass(slots=True)
class _Request:
    """What is sent, and the size of the answer's body, once it is known."""

    content: bytes
    size: int | None = None


class _Connection:
    """One client: sends, gathers the answer, checks it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_GRACE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._gathered = bytearray()
        self._request = _Request(b"")
        self._sent = 0.0

    def send(self, request: _Request) -> None:
        self._gathered.clear()
        self._request, self._sent = request, time.perf_counter()
        self.socket.sendall(request.content)

    def receive(self) -> float | None:
        """Take what has come; the seconds since it was asked for when the answer is complete."""
        chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise WrongAnswer(f"the connection was closed after {bytes(self._gathered[:200])!r}")
        self._gathered += chunk
        if not _complete(self._gathered):
            return None
        self._check()
        return time.perf_counter() - self._sent

    def _check(self) -> None:
        body = len(self._gathered) - self._gathered.index(b"\r\n\r\n")
        self._request.size = self._request.size or body
        if not self._gathered.startswith(b"HTTP/1.1 200 ") or body != self._request.size:
            raise WrongAnswer(bytes(self._gathered[:2000]).decode("utf-8", "replace"))


def _complete(answer: bytearray) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(answer[:end]).lower()
    _, named, after = head.partition(b"\r\ncontent-length:")
    if named:
        return len(answer) >= end + 4 + int(after.partition(b"\r\n")[0])
    return answer.endswith(_LAST_CHUNK)


def _run(job: Job) -> Outcome:
    requests = cycle([_Request(_head(job, body) + body) for body in _bodies(Path(job.body))])
    connections = [_Connection(job.port) for _ in range(job.connections)]
    started, busy = time.perf_counter(), time.process_time()
    waits = list(_answers(connections, requests, job, started))
    seconds = time.perf_counter() - started
    processor = (time.process_time() - busy) / seconds
    waits.sort()
    return Outcome(len(waits), seconds, processor, waits[len(waits) // 2], waits[len(waits) * 99 // 100])


def _bodies(path: Path) -> list[bytes]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [file.read_bytes() for file in files]


def _head(job: Job, body: bytes) -> bytes:
    return (
        f"POST {job.path} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\nContent-Type: text/xml; charset=utf-8\r\n"
        f'SOAPAction: ""\r\nContent-Length: {len(body)}\r\n\r\n'
    ).encode()


def _answers(connections: list[_Connection], requests: Iterator[_Request], job: Job, started: float) -> Iterator[float]:
    """Yield the wait for each answer. Nothing is sent once time or count is up; what is under way is waited for."""
    with selectors.DefaultSelector() as ready:
        for each in connections:
            ready.register(each.socket, selectors.EVENT_READ, each)
            each.send(next(requests))
        sent, running = len(connections), len(connections)
        while running:
            for each in _readable(ready):
                if (waited := each.receive()) is not None:
                    yield waited
                    more = sent < job.most and time.perf_counter() - started < job.seconds
                    sent, running = (sent + 1, running) if more else (sent, running - 1)
                    if more:
                        each.send(next(requests))


def _readable(ready: selectors.BaseSelector) -> list[_Connection]:
    events = ready.select(_GRACE)
    if not events:
        raise WrongAnswer(f"no answer within {_GRACE:.0f} seconds")
    return [key.data for key, _ in events]


if __name__ == "__main__":
    json.dump(asdict(_run(Job(**json.loads(sys.argv[1])))), sys.stdout)
