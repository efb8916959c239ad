"""UsernameToken over the wire: what is accepted, and each thing that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from soapkit.wss.security import Proof
from tests.contract.soapkit.orders import Answer, envelope, order, post
from tests.security.conftest import Build
from tests.security.envelopes import DIGEST, NOW, SOAP_12, WSSE, Message, Token, digest_token, stamp


def assert_refused(answer: Answer, code: str, rule: str) -> None:
    assert answer.code.rpartition(":")[2] == code
    assert f"[{rule}" in answer.text


@pytest.mark.parametrize("token", [Token(), digest_token(), Token(nonce=b"12345678", created=stamp(NOW))])
def test_a_right_password_lets_a_caller_in(build: Build, token: Token) -> None:
    site = build(Proof.USERNAME)
    assert post(site.app, Message(token=token).xml()).status == 200
    assert len(site.seen) == 1


def test_a_right_password_lets_a_caller_in_over_soap_12(build: Build) -> None:
    site = build(Proof.USERNAME)
    message = Message(soap=SOAP_12, token=Token(), attributes='s:mustUnderstand="true"').xml()
    assert post(site.app, message, Content_Type="application/soap+xml").status == 200


@pytest.mark.parametrize("namespace", ["2002/07", "2002/12", "2003/06"])
def test_tokens_of_the_drafts_are_read(build: Build, namespace: str) -> None:
    draft = f"http://schemas.xmlsoap.org/ws/{namespace}/secext"
    token = '<w:Username>osm</w:Username><w:Password Type="wsse:PasswordText">correct horse</w:Password>'
    header = f'<w:Security xmlns:w="{draft}"><w:UsernameToken>{token}</w:UsernameToken></w:Security>'
    assert post(build(Proof.USERNAME).app, envelope(order(), header)).status == 200


@pytest.mark.parametrize(
    "token",
    [
        Token(password="wrong"),
        Token(name="nobody"),
        Token(name="crm", password=""),
        Token(password="x" * 5000),
        digest_token(password="wrong"),
        digest_token(name="nobody"),
        digest_token(name="crm"),
    ],
    ids=["password", "user", "empty", "too long", "digest", "digest of nobody", "digest without a secret"],
)
def test_what_was_wrong_is_not_told(build: Build, token: Token) -> None:
    site = build(Proof.USERNAME)
    answer = post(site.app, Message(token=token).xml(), X_Correlation_Id="c-1")
    assert_refused(answer, "FailedAuthentication", "authentication")
    assert answer.text == "The caller's credentials were not accepted [authentication] (correlation id c-1)"
    assert site.seen == []


def test_in_soap_12_the_code_is_a_subcode(build: Build) -> None:
    message = Message(soap=SOAP_12, token=Token(password="wrong"), attributes='s:mustUnderstand="true"').xml()
    answer = post(build(Proof.USERNAME).app, message, Content_Type="application/soap+xml")
    [value] = answer.body.findall(f"{{{SOAP_12}}}Code/{{{SOAP_12}}}Subcode/{{{SOAP_12}}}Value")
    prefix, _, name = (value.text or "").partition(":")
    assert (answer.status, value.nsmap[prefix], name) == (400, WSSE, "FailedAuthentication")


def test_nothing_is_told_of_operations_to_a_stranger(build: Build) -> None:
    known = post(build(Proof.USERNAME).app, envelope(order()))
    unknown = post(build(Proof.USERNAME).app, envelope("<Nothing/>"))
    assert known.text.partition("(")[0] == unknown.text.partition("(")[0]
    assert (known.status, unknown.status) == (401, 401)
    assert known.headers["WWW-Authenticate"] == 'Basic realm="services", charset="UTF-8"'


def test_without_http_basic_nobody_is_asked_for_it(build: Build) -> None:
    answer = post(build(Proof.USERNAME, http_basic=False).app, envelope(order()))
    assert_refused(answer, "InvalidSecurity", "authentication")
    assert (answer.status, answer.headers.get("WWW-Authenticate")) == (500, None)


def test_a_digest_passes_once(build: Build) -> None:
    site = build(Proof.USERNAME)
    message = Message(token=digest_token()).xml()
    assert post(site.app, message).status == 200
    assert_refused(post(site.app, message), "FailedAuthentication", "replay")
    assert post(site.app, Message(token=digest_token(b"another nonce")).xml()).status == 200


def test_a_digest_passes_once_however_nonce_and_created_are_divided(build: Build) -> None:
    site, first = build(Proof.USERNAME), digest_token(b"01234567 ")
    again = replace(first, nonce=b"01234567", created=f" {first.created}")
    assert post(site.app, Message(token=first).xml()).status == 200
    assert_refused(post(site.app, Message(token=again).xml()), "FailedAuthentication", "replay")


def test_a_nonce_beside_a_text_password_passes_once_too(build: Build) -> None:
    site = build(Proof.USERNAME)
    message = Message(token=Token(nonce=b"12345678", created=stamp(NOW))).xml()
    assert [post(site.app, message).status for _ in range(2)] == [200, 500]


def test_a_full_replay_cache_refuses_rather_than_forgets(build: Build) -> None:
    site = build(Proof.USERNAME, most_replays=1)
    assert post(site.app, Message(token=digest_token()).xml()).status == 200
    answer = post(site.app, Message(token=digest_token(b"another nonce")).xml())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    site.clock.advance(timedelta(minutes=10))
    later = digest_token(b"another nonce", NOW + timedelta(minutes=10))
    assert post(site.app, Message(token=later).xml()).status == 200


@pytest.mark.parametrize("age", [timedelta(minutes=7), timedelta(minutes=-2)], ids=["old", "future"])
def test_a_digest_out_of_its_time_is_refused(build: Build, age: timedelta) -> None:
    answer = post(build(Proof.USERNAME).app, Message(token=digest_token(created=NOW - age)).xml())
    assert_refused(answer, "MessageExpired", "timestamp")


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=59), timedelta(seconds=-59)], ids=["old", "future"])
def test_clocks_may_differ_a_little(build: Build, age: timedelta) -> None:
    assert post(build(Proof.USERNAME).app, Message(token=digest_token(created=NOW - age)).xml()).status == 200


def test_an_expired_timestamp_is_refused_whatever_the_password(build: Build) -> None:
    message = Message(token=Token(), created=NOW - timedelta(minutes=4), expires=NOW - timedelta(minutes=2))
    assert_refused(post(build(Proof.USERNAME).app, message.xml()), "MessageExpired", "timestamp")


def _raw(token: str) -> bytes:
    return Message(inside=f"<wsse:UsernameToken>{token}</wsse:UsernameToken>").xml()


NAME, PASSWORD = "<wsse:Username>osm</wsse:Username>", "<wsse:Password>correct horse</wsse:Password>"


@pytest.mark.parametrize(
    ("token", "code", "rule"),
    [
        (NAME, "InvalidSecurity", "username-token"),
        (PASSWORD, "InvalidSecurity", "username-token"),
        (f"<wsse:Username/>{PASSWORD}", "InvalidSecurity", "username-token"),
        (NAME + NAME + PASSWORD, "InvalidSecurity", "username-token"),
        (NAME + PASSWORD + PASSWORD, "InvalidSecurity", "username-token"),
        (f'{NAME}<wsse:Password Type="urn:other">x</wsse:Password>', "UnsupportedSecurityToken", "username-token"),
        (f'{NAME}<wsse:Password Type="{DIGEST}">x</wsse:Password>', "InvalidSecurity", "username-token"),
        (f"{NAME}{PASSWORD}<wsse:Nonce>!!!!</wsse:Nonce>", "InvalidSecurity", "nonce"),
        (f"{NAME}{PASSWORD}<wsse:Nonce>AAAA</wsse:Nonce>", "InvalidSecurity", "nonce"),
        (f"{NAME}{PASSWORD}<wsse:Nonce>{'A' * 2000}</wsse:Nonce>", "InvalidSecurity", "nonce"),
        (f"{NAME}{PASSWORD}<wsu:Created>yesterday</wsu:Created>", "InvalidSecurity", "timestamp"),
        (f"{NAME}{PASSWORD}<wsu:Created>2026-02-30T00:00:00Z</wsu:Created>", "InvalidSecurity", "timestamp"),
        (f"<wsse:Username>osm<x/></wsse:Username>{PASSWORD}", "InvalidSecurity", "username-token"),
    ],
)
def test_a_token_that_is_none_is_refused_with_its_place(build: Build, token: str, code: str, rule: str) -> None:
    site = build(Proof.USERNAME)
    answer = post(site.app, _raw(token))
    assert_refused(answer, code, rule)
    assert "/Envelope/Header/Security/UsernameToken" in answer.text
    assert site.seen == []


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (Token().xml().replace("UT-1", "UT-2"), "InvalidSecurity"),
        ("<wsu:Timestamp/>", "InvalidSecurity"),
        ('<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"/>', "UnsupportedSecurityToken"),
        ('<x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/>', "UnsupportedSecurityToken"),
    ],
    ids=["two tokens", "empty Timestamp", "SAML", "encryption"],
)
def test_a_header_that_holds_more_than_is_understood_is_refused(build: Build, inside: str, code: str) -> None:
    answer = post(build(Proof.USERNAME).app, Message(token=Token(), inside=inside).xml())
    assert answer.code.endswith(f":{code}")


def test_two_headers_for_the_receiver_are_refused(build: Build) -> None:
    another = "<wsse:Security/>"
    answer = post(build(Proof.USERNAME).app, Message(token=Token(), before=another).xml())
    assert_refused(answer, "InvalidSecurity", "security-header")


@pytest.mark.parametrize("role", [" ", "\thttp://schemas.xmlsoap.org/soap/actor/next "])
def test_white_space_around_an_actor_makes_no_header_somebody_elses(build: Build, role: str) -> None:
    another = f'<wsse:Security s:actor="{role}"/>'
    answer = post(build(Proof.USERNAME).app, Message(token=Token(), before=another).xml())
    assert_refused(answer, "InvalidSecurity", "security-header")


def test_a_header_for_somebody_else_is_left_alone(build: Build) -> None:
    another = '<wsse:Security s:actor="urn:somebody-else"><wsse:Nonsense/></wsse:Security>'
    assert post(build(Proof.USERNAME).app, Message(token=Token(), before=another).xml()).status == 200


def test_where_nothing_is_asked_nothing_is_looked_at(build: Build) -> None:
    wrong = Message(token=Token(password="wrong"), attributes="")
    assert post(build(Proof.NONE).app, wrong.xml()).status == 200


def test_where_nothing_is_asked_white_space_makes_no_mandatory_header_optional(build: Build) -> None:
    message = Message(token=Token(), attributes='s:mustUnderstand=" 1 " s:actor=" "').xml()
    assert post(build(Proof.NONE).app, message).code.endswith(":MustUnderstand")


def test_where_nothing_is_asked_a_mandatory_header_is_not_understood(build: Build) -> None:
    answer = post(build(Proof.NONE).app, Message(token=Token()).xml())
    assert_refused(answer, "MustUnderstand", "must-understand")


def test_services_may_ask_for_more_or_less_than_the_others(build: Build) -> None:
    assert post(build(Proof.USERNAME, services={"Orders": Proof.NONE}).app, envelope(order())).status == 200
    assert post(build(Proof.NONE, services={"Orders": Proof.USERNAME}).app, envelope(order())).status == 401
