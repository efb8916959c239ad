"""[publishing] in the settings, as a gateway with a database of its own and real users obeys it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication, WSGIEnvironment

import pytest
from pydantic import ValidationError

from gateway.bootstrap import Gateway, build
from gateway.config import GatewaySettings, PublishingSettings, SecuritySettings, Settings
from gateway.config.security import Proof
from tests.contract.soapkit.orders import Answer, get

HERE = "http://127.0.0.1:8080"
SERVICE = "ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"
SESAME = "correct horse battery"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "o2c.example"}


@contextmanager
def gateway(
    directory: Path, publishing: PublishingSettings, security: SecuritySettings | None = None, url: str | None = None
) -> Iterator[Gateway]:
    found = build(
        Settings(
            gateway=GatewaySettings(database=f"sqlite:///{directory}/gateway.db", public_url=url),
            publishing=publishing,
            security=security or SecuritySettings(),
        )
    )
    try:
        yield found
    finally:
        found.close()


def connected(app: WSGIApplication, peer: str) -> WSGIApplication:
    def from_peer(environ: WSGIEnvironment, start_response: object) -> object:
        environ["REMOTE_ADDR"] = peer
        return app(environ, start_response)  # type: ignore[arg-type]

    return from_peer  # type: ignore[return-value]


def shown(found: Gateway, query: str = "?wsdl", peer: str = "10.0.0.1", **headers: str) -> Answer:
    return get(connected(found.application(), peer), f"{HERE}/services/{SERVICE}{query}", **headers)


def test_proxies_in_the_settings_are_believed_and_nobody_else(tmp_path: Path) -> None:
    with gateway(tmp_path, PublishingSettings(trusted_proxies=("10.0.0.0/8",))) as found:
        assert b'location="https://o2c.example/services/' in shown(found, **FORWARDED).content
        assert f'location="{HERE}/services/'.encode() in shown(found, peer="192.0.2.1", **FORWARDED).content


QUERIES = ("", "?wsdl", "?singleWsdl", "?zip")


@pytest.mark.parametrize("query", QUERIES)
def test_what_depends_on_a_proxy_says_so_to_caches_also_when_nothing_changed(tmp_path: Path, query: str) -> None:
    with gateway(tmp_path, PublishingSettings(trusted_proxies=("10.0.0.0/8",))) as found:
        answer = shown(found, query, **FORWARDED)
        again = shown(found, query, **FORWARDED, **{"If-None-Match": answer.headers["ETag"]})
        listed = get(connected(found.application(), "10.0.0.1"), f"{HERE}/services/?format=json", **FORWARDED)

    assert (answer.status, again.status) == (200, 304)
    for told in (answer, again, listed):
        names = [each.strip() for each in told.headers.get("Vary", "").split(",")]
        assert {"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "Host"} <= set(names)


def test_what_depends_on_nobody_varies_with_nothing(tmp_path: Path) -> None:
    with gateway(tmp_path, PublishingSettings()) as found:
        assert "Vary" not in shown(found).headers


def test_a_configured_public_address_is_final(tmp_path: Path) -> None:
    believed = PublishingSettings(trusted_proxies=("10.0.0.0/8",))
    with gateway(tmp_path, believed, url="https://partners.example/billing") as found:
        assert b'location="https://partners.example/billing/services/' in shown(found, **FORWARDED).content


def test_a_proxy_must_be_an_address_or_a_network() -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        PublishingSettings(trusted_proxies=("proxy.example",))


def test_with_authentication_known_users_see_what_is_published_and_strangers_do_not(tmp_path: Path) -> None:
    with gateway(tmp_path, PublishingSettings(authenticate=True)) as found:
        found.users.add("partner", password=SESAME)
        known = base64.b64encode(f"partner:{SESAME}".encode()).decode()
        wrong = base64.b64encode(b"partner:wrong").decode()

        assert shown(found).status == 401
        assert shown(found, Authorization=f"Basic {wrong}").status == 401
        for query in ("", "?wsdl", "?singleWsdl", "?zip"):
            assert shown(found, query, Authorization=f"Basic {known}").status == 200


def test_pages_ask_for_credentials_where_a_service_takes_a_name_and_a_password(tmp_path: Path) -> None:
    security = SecuritySettings(services={SERVICE: Proof.USERNAME})
    with gateway(tmp_path, PublishingSettings(), security) as found:
        asking = shown(found, "").content
        other = get(
            found.application(), f"{HERE}/services/ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer"
        ).content

    assert b'type="password"' in asking
    assert b'type="password"' not in other
    assert b'id="try-it"' in other


def test_the_form_can_be_left_out(tmp_path: Path) -> None:
    with gateway(tmp_path, PublishingSettings(try_it=False)) as found:
        assert b'id="try-it"' not in shown(found, "").content
