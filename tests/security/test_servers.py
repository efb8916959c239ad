"""Over both servers, and with workers that share what they have seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3

from gateway.adapters.vault import Vault, new_key
from gateway.admin.users import UserDesk
from gateway.messaging.time import SystemClock
from gateway.store.unit_of_work import SqlDatabase
from tests.security.envelopes import Message, Token, digest_token
from tests.security.test_http_basic import authorization
from tests.serving.servers import KINDS, running_server

SERVICE = "/services/ProcessFulfillmentOrderBillingBRMCommsAddSubProcess"
WORKERS: Mapping[str, Mapping[str, int]] = {"waitress": {}, "granian": {"workers": 2}}


@contextmanager
def _known(url: str) -> Iterator[dict[str, str]]:
    """Keep a user in a database; yields the environment of a gateway that knows them."""
    key, database = new_key(), SqlDatabase(url)
    UserDesk(database, SystemClock(), Vault(key)).add("osm", password="correct horse", digest=True)
    database.close()
    yield {"O2C_GATEWAY__DATABASE": url, "O2C_SECURITY__POLICY": "username", "O2C_SECURITY__SECRET_KEY": key}


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with _known(f"sqlite:///{tmp_path / 'gateway.db'}") as environment:
        settings = WORKERS[request.param]
        target = "tests.security.served:gateway"
        with running_server(request.param, target, environment=environment, **settings) as served:
            yield served.url + SERVICE


def send(url: str, message: bytes, **headers: str) -> urllib3.BaseHTTPResponse:
    told = {"Content-Type": "text/xml", "Connection": "close", **headers}  # a connection stays with its worker
    return urllib3.request("POST", url, body=message, headers=told, retries=False, timeout=30)


def test_strangers_are_asked_and_known_callers_let_in(url: str) -> None:
    message = Message(body="<x/>", attributes="").xml()
    asked = send(url, message)
    assert (asked.status, asked.headers["WWW-Authenticate"]) == (401, 'Basic realm="o2c gateway", charset="UTF-8"')
    for let_in in (
        send(url, message, Authorization=authorization()),
        send(url, Message(body="<x/>", token=Token()).xml()),
    ):
        assert b"No operation takes the element x" in let_in.data


def test_workers_share_the_tokens_they_have_seen(url: str) -> None:
    message = Message(body="<x/>", token=digest_token(created=datetime.now(UTC))).xml()
    answers = Counter(b"received before" in send(url, message).data for _ in range(8))
    assert answers == {False: 1, True: 7}


def test_workers_share_the_guesses_they_have_counted(url: str) -> None:
    wrong = Message(body="<x/>", token=Token(password="wrong")).xml()
    statuses = [send(url, wrong).status for _ in range(12)]
    assert set(statuses[:6]) == {500}
    assert statuses[-1] == 503
