"""The bare client: says to BRM what recorded orders said, with fresh names, and does nothing else.

``python -m bench.orders.replay <recordings> <brm url> <concurrency> <orders> <first number>`` prints the seconds it
took. Bytes are posted as they were recorded; answers are not parsed, only checked to be as long as those recorded.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import urllib3

from bench.load import WrongAnswer
from bench.orders.recording import Post, Recording, saved
from gateway.messaging.transaction_id import TransactionId

_GATEWAY = "be0c" * 4
_PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Job:
    """Replay ``orders`` orders at this ``concurrency``; ``first`` numbers them, never twice against one BRM."""

    recordings: Path
    brm_url: str
    concurrency: int
    orders: int
    first: int


def replay(job: Job) -> float:
    """Run the job in a process of its own; returns seconds. Raises CalledProcessError, the reason being on stderr."""
    words = (job.recordings, job.brm_url, job.concurrency, job.orders, job.first)
    command = [sys.executable, "-m", "bench.orders.replay", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=_PATIENCE)  # noqa: S603 - ourselves
    return float(done.stdout)


def _run(job: Job) -> float:
    recordings = saved(job.recordings)
    pool = urllib3.HTTPConnectionPool("127.0.0.1", urllib3.util.parse_url(job.brm_url).port, maxsize=job.concurrency)
    began = time.perf_counter()
    with ThreadPoolExecutor(job.concurrency) as clients:
        shares = [
            clients.submit(_client, pool, recordings[number :: job.concurrency], job, number)
            for number in range(job.concurrency)
        ]
    for share in shares:
        share.result()
    return time.perf_counter() - began


def _client(pool: urllib3.HTTPConnectionPool, own: Sequence[Recording], job: Job, number: int) -> None:
    """Replay every n-th order, for customers of its own: accounts are locked for the length of an order."""
    for turn, order in enumerate(range(number, job.orders, job.concurrency)):
        recording, name = own[turn % len(own)], job.first + order
        for post in recording.posts:
            _post(pool, post, _renamed(post.body, recording, name))


def _renamed(body: str, recording: Recording, name: int) -> bytes:
    transaction = str(TransactionId(_GATEWAY, name, 1, "BRM_01"))
    named = body.replace(recording.transaction, transaction).replace(recording.number, f"REPLAYED-{name:05}")
    return named.replace(recording.service_id, f"4480000{name:05}").encode()


def _post(pool: urllib3.HTTPConnectionPool, post: Post, body: bytes) -> None:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": post.action}
    answer = pool.urlopen("POST", post.path, body=body, headers=headers, retries=False, timeout=60)
    if answer.status != 200 or answer.data.count(b"<") != post.tags:  # noqa: PLR2004 - HTTP
        raise WrongAnswer(f"{post.action}: {answer.data.decode()}")


if __name__ == "__main__":
    _recordings, _url, *_numbers = sys.argv[1:]
    sys.stdout.write(str(_run(Job(Path(_recordings), _url, *map(int, _numbers)))))
