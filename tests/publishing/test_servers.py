"""What is published, over both servers: addresses, HEAD, and answers that a client has already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import urllib3

from tests.serving.servers import KINDS, running_server

PATH = "/services/Orders"
SAID = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "partners.example", "X-Forwarded-Prefix": "/o2c"}


@pytest.fixture(scope="module", params=KINDS)
def believing(request: pytest.FixtureRequest) -> Iterator[str]:
    with running_server(request.param, "tests.publishing.sites:behind_a_proxy_here") as served:
        yield served.url


@pytest.fixture(scope="module", params=KINDS)
def alone(request: pytest.FixtureRequest) -> Iterator[str]:
    with running_server(request.param, "tests.publishing.sites:alone") as served:
        yield served.url


def asked(address: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, address, headers=dict(headers or {}), retries=False, timeout=20)


def test_a_trusted_proxy_says_the_address(believing: str) -> None:
    for query in ("?wsdl", "?singleWsdl", ""):
        assert b"https://partners.example/o2c/services/Orders" in asked(believing + PATH + query, headers=SAID).data
        assert f"{believing}{PATH}".encode() in asked(believing + PATH + query).data


def test_where_nobody_is_trusted_nothing_changes_the_address(alone: str) -> None:
    poison = {**SAID, "Host": "evil.example", "Forwarded": "host=evil.example;proto=https"}
    for query in ("?wsdl", "?singleWsdl", "", "?zip"):
        assert asked(alone + PATH + query, headers=poison).data == asked(alone + PATH + query).data


def test_head_and_what_is_known_are_answered_without_content(alone: str) -> None:
    for query in ("?wsdl", ""):
        whole, head = asked(alone + PATH + query), asked(alone + PATH + query, "HEAD")
        known = asked(alone + PATH + query, headers={"If-None-Match": whole.headers["ETag"]})

        assert (head.status, head.data, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])
        assert head.headers["Content-Length"] == str(len(whole.data))
        assert (known.status, known.data) == (304, b"")
