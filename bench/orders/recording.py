"""The opcode calls of an order, taken off the wire by a WSGI application between gateway and BRM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import urllib3

from bench.orders.rig import BRM, Rig
from gateway.adapters.brm import BrmServices
from gateway.bootstrap import build
from gateway.demo.orders import ebm, mobile_order
from gateway.messaging.consumer import Consumer
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import Service
from soapkit.server import running


@dataclass(frozen=True, slots=True)
class Post:
    """One call: where to, its envelope, and how many tags the answer had."""

    path: str
    action: str
    body: str
    tags: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One order's calls, OPEN to FORGET, and the words in them that must be fresh each time."""

    number: str
    service_id: str
    transaction: str
    posts: tuple[Post, ...]


@dataclass(slots=True)
class _Recorder:
    brm: str
    posts: list[Post] = field(default_factory=list)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        path, action = environ["PATH_INFO"], environ.get("HTTP_SOAPACTION", "")
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {"Content-Type": environ["CONTENT_TYPE"], "SOAPAction": action}
        answer = self._pool.request("POST", f"{self.brm}{path}", body=body, headers=headers)
        self.posts.append(Post(path, action, body.decode(), answer.data.count(b"<")))
        start_response(f"{answer.status} {answer.reason}", [("Content-Type", answer.headers["Content-Type"])])
        return [answer.data]


def record(rig: Rig) -> list[Recording]:
    """Bill one order of each customer through a gateway here, and return what it said to BRM."""
    recorder = _Recorder(rig.brm_url)
    with running(lambda _: recorder) as url:
        gateway = build(rig.gateway.settings, brms={BRM: BrmServices(BRM, url)})
        consumer = Consumer(gateway.queues[0], gateway.coordinator)
        return [_recorded(rig, consumer, recorder, number) for number in range(len(rig.customers))]


def _recorded(rig: Rig, consumer: Consumer[Service], recorder: _Recorder, index: int) -> Recording:
    number, service_id, customer = f"RECORDED-{index:05}", f"4470000{index:05}", rig.customers[index]
    recorder.posts.clear()
    rig.put([ebm(mobile_order(number, customer.account, customer.billing_profile, service_id))])
    consumer.step()
    rig.answered()
    posts = [post for post in recorder.posts if "TRANS_RECOVER" not in post.body]
    return Recording(number, service_id, _transaction(posts), tuple(posts))


def _transaction(posts: Sequence[Post]) -> str:
    """Find ``<TRANS_ID>5190211,…,…</TRANS_ID>`` in the first call, which is TRANS_OPEN."""
    text = posts[0].body.partition("TRANS_ID>")[2].partition("<")[0]
    if TransactionId.parse(text) is None:
        raise AssertionError(f"an order begins with TRANS_OPEN, not with {posts[0].body}")
    return text


def save(recordings: Sequence[Recording], file: Path) -> None:
    """Write recordings for the process that replays them."""
    file.write_text(json.dumps([asdict(each) for each in recordings]), encoding="utf-8")


def saved(file: Path) -> list[Recording]:
    """Read recordings."""
    return [
        Recording(
            each["number"], each["service_id"], each["transaction"], tuple(Post(**post) for post in each["posts"])
        )
        for each in json.loads(file.read_text(encoding="utf-8"))
    ]
