"""HTTP Basic, client certificates from a proxy, guards of pages, and who may call what."""

from __future__ import annotations

import base64
import ipaddress
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from soapkit.faults import Refused
from soapkit.wss import basic
from soapkit.wss.authorisation import Allowed, problems
from soapkit.wss.peers import Peers
from soapkit.wss.security import Proof
from tests.contract.soapkit.orders import Answer, envelope, order, post
from tests.security.conftest import Build, Site
from tests.security.envelopes import Message, Partner, Token

PROXY = Peers([ipaddress.ip_network("127.0.0.0/8")], "X-Client-Cert")


def authorization(name: str = "osm", password: str = "correct horse") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def ask(site: Site, **headers: str) -> Answer:
    return post(site.app, envelope(order()), **headers)


def test_a_name_and_a_password_let_a_caller_in(build: Build) -> None:
    assert ask(build(Proof.USERNAME), Authorization=authorization()).status == 200


@pytest.mark.parametrize(
    "header",
    [
        authorization(password="wrong"),
        authorization("nobody"),
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Bearer token",
        "Basic",
    ],
)
def test_anything_else_is_asked_again(build: Build, header: str) -> None:
    answer = ask(build(Proof.USERNAME, realm='the "o2c"'), Authorization=header)
    assert (answer.status, answer.code.rpartition(":")[2]) == (401, "FailedAuthentication")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="the \\"o2c\\"", charset="UTF-8"'


@pytest.mark.parametrize("name", ["os\0m", "os\nm", "\x7f"])
def test_a_name_that_no_database_could_look_for_is_refused_before_any_does(name: str) -> None:
    with pytest.raises(Refused) as told:
        basic.presented({"HTTP_AUTHORIZATION": authorization(name)}, "o2c")
    assert (told.value.rule, told.value.status) == ("authentication", 401)


def test_where_it_is_not_allowed_it_is_not_looked_at(build: Build) -> None:
    answer = ask(build(Proof.USERNAME, http_basic=False), Authorization=authorization())
    assert answer.code.rpartition(":")[2] == "InvalidSecurity"


@pytest.mark.parametrize("proof", [Proof.SIGNATURE, Proof.BOTH])
def test_it_is_no_signature(build: Build, proof: Proof) -> None:
    assert ask(build(proof), Authorization=authorization()).code.rpartition(":")[2] == "InvalidSecurity"


def test_a_token_in_the_message_counts_before_it(build: Build) -> None:
    message = Message(token=Token(password="wrong")).xml()
    answer = post(build(Proof.USERNAME).app, message, Authorization=authorization())
    assert answer.code.rpartition(":")[2] == "FailedAuthentication"


# ---- certificates that a proxy has checked


def passed_on(partner: Partner) -> str:
    return quote(partner.certificate.public_bytes(Encoding.PEM).decode())


def test_a_trusted_proxy_passes_on_who_calls(build: Build, partner: Partner) -> None:
    assert ask(build(Proof.USERNAME, peers=PROXY), X_Client_Cert=passed_on(partner)).status == 200


def test_nobody_else_does(build: Build, partner: Partner) -> None:
    elsewhere = Peers([ipaddress.ip_network("10.0.0.0/8")], "X-Client-Cert")
    for peers in (elsewhere, Peers((), "X-Client-Cert"), Peers([ipaddress.ip_network("127.0.0.0/8")])):
        assert ask(build(Proof.USERNAME, peers=peers), X_Client_Cert=passed_on(partner)).status == 401


def test_a_certificate_of_a_stranger_is_refused(build: Build, stranger: Partner) -> None:
    answer = ask(build(Proof.USERNAME, peers=PROXY), X_Client_Cert=passed_on(stranger))
    assert answer.code.rpartition(":")[2] == "FailedAuthentication"


@pytest.mark.parametrize("header", ["nonsense", "A" * 40_000, "-----BEGIN%20CERTIFICATE-----"])
def test_a_header_that_holds_no_certificate_is_refused(build: Build, header: str) -> None:
    answer = ask(build(Proof.USERNAME, peers=PROXY), X_Client_Cert=header)
    assert (answer.status, answer.code.rpartition(":")[2]) == (403, "FailedAuthentication")


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1:4711", "203.0.113.9:80", "203.0.113.9"),
        ("127.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.3", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2"),
        ("[::1]:4711", "203.0.113.9", "::1"),
        ("::ffff:127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are_trusted(remote: str, forwarded: str, expected: str) -> None:
    assert PROXY.address({"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}) == expected


# ---- pages


def test_a_guard_lets_known_users_see_a_page(build: Build) -> None:
    check = basic.guard(build(Proof.NONE).authenticator, realm="contracts")
    check({"HTTP_AUTHORIZATION": authorization(), "REMOTE_ADDR": "192.0.2.1"})


@pytest.mark.parametrize("header", ["", authorization(password="wrong")])
def test_a_guard_asks_everybody_else(build: Build, header: str) -> None:
    check = basic.guard(build(Proof.NONE).authenticator, realm="contracts")
    with pytest.raises(Refused) as told:
        check({"HTTP_AUTHORIZATION": header, "REMOTE_ADDR": "192.0.2.1"})
    assert (told.value.status, told.value.http_headers) == (401, basic.challenge("contracts"))


def test_a_guard_slows_guesses_down(build: Build) -> None:
    check = basic.guard(build(Proof.NONE).authenticator, realm="contracts")
    statuses = []
    for _ in range(8):
        with pytest.raises(Refused) as told:
            check({"HTTP_AUTHORIZATION": authorization(password="wrong"), "REMOTE_ADDR": "192.0.2.1"})
        statuses.append(told.value.status)
    assert statuses == [401] * 6 + [503] * 2


# ---- who may call what

GRANTS = {"role:orders": ["Orders.PlaceOrder"], "user:crm": ["Orders.*"]}


def test_a_role_may_call_what_it_was_granted(build: Build) -> None:
    site = build(Proof.USERNAME, allowed=Allowed(GRANTS))
    assert post(site.app, Message(token=Token()).xml()).status == 200
    assert post(site.app, Message(token=Token(name="crm")).xml()).status == 200


def test_anything_else_is_refused_after_the_caller_is_known(build: Build) -> None:
    site = build(Proof.USERNAME, allowed=Allowed(GRANTS))
    answer = post(site.app, Message(token=Token(), body=order("Order")).xml())
    assert (answer.status, answer.code.rpartition(":")[2]) == (500, "FailedAuthentication")
    assert "The caller may not call Orders.Echo [authorization]" in answer.text


def test_who_proves_themselves_by_http_is_refused_by_http(build: Build) -> None:
    site = build(Proof.USERNAME, allowed=Allowed({"user:crm": ["*"]}))
    answer = ask(site, Authorization=authorization())
    assert (answer.status, answer.code.rpartition(":")[2]) == (403, "FailedAuthentication")
    assert site.seen == []


def test_a_grant_to_all_is_to_all_who_are_known(build: Build) -> None:
    site = build(Proof.USERNAME, allowed=Allowed({"*": ["Orders.Place?rder"]}))
    assert ask(site, Authorization=authorization("crm")).status == 200
    assert ask(site).status == 401


def test_tables_that_mean_nothing_are_told() -> None:
    operations = ["Orders.PlaceOrder", "Orders.Echo"]
    assert problems(GRANTS, operations) == []
    assert problems({"orders": ["*"], "role:": ["*"]}, operations) == [
        "orders: must be role:NAME, user:NAME or *",
        "role:: must be role:NAME, user:NAME or *",
    ]
    assert problems({"*": ["Order.*", "*.Echo"]}, operations) == ["*: no operation fits Order.*"]
