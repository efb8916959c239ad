"""Addressed messages over both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3
from lxml import etree

from soapkit.addressing import W3C
from tests.addressing.messages import ID, Way
from tests.addressing.receiver import trap
from tests.contract.soapkit.orders import envelope, order
from tests.serving.servers import KINDS, Served, running_server


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with running_server(request.param, "tests.contract.soapkit.orders:plain_site") as server:
        yield server


def post(served: Served, way: Way, header: str) -> urllib3.BaseHTTPResponse:
    message = envelope(order(), header, version=way.version)
    url, headers = f"{served.url}/services/Orders", {"Content-Type": way.version.content_type}
    return urllib3.request("POST", url, body=message, headers=headers, retries=False, timeout=30)


def test_an_addressed_message_is_answered_in_relation_to_it(served: Served, way: Way) -> None:
    answer = post(served, way, way.headers())
    related = etree.fromstring(answer.data).findtext(f"{{*}}Header/{way.edition.name('RelatesTo')}")
    assert (answer.status, related) == (200, ID)


def test_an_answer_for_nobody_leaves_the_connection_fit_for_the_next_message(served: Served, way: Way) -> None:
    if way.edition is W3C:
        nobody = post(served, way, way.headers(way.reference("ReplyTo", str(W3C.none))))
        assert (nobody.status, nobody.data, nobody.headers.get("Content-Type")) == (202, b"", None)
    assert post(served, way, way.headers()).status == 200


def test_an_address_elsewhere_is_refused_and_not_connected_to(served: Served, way: Way) -> None:
    with trap() as caught:
        answer = post(served, way, way.headers(way.reference("ReplyTo", f"http://127.0.0.1:{caught.port}/")))
        action = etree.fromstring(answer.data).findtext(f"{{*}}Header/{way.edition.name('Action')}")
        assert action == way.edition.fault
    assert caught.connections == 0
