"""X.509 signatures over the wire: what is accepted, and each thing that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import trustme
from lxml import etree

from soapkit.wss.security import Proof
from soapkit.wss.signature import Algorithms
from tests.contract.soapkit.orders import Answer, order, post
from tests.security import envelopes
from tests.security.conftest import Build
from tests.security.envelopes import EXC, NOW, Message, Partner, Token, by_id

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def assert_refused(answer: Answer, code: str, rule: str) -> None:
    assert (answer.code.rpartition(":")[2], answer.status) == (code, 500)
    assert f"[{rule}" in answer.text


def spoil(root: etree._Element, name: str) -> None:
    list(by_id(root, name).iter())[-1].set("changed", "yes")


@pytest.fixture
def signed(partner: Partner) -> Message:
    return Message(created=NOW, signer=partner)


def test_a_signed_message_lets_its_signer_in(build: Build, signed: Message) -> None:
    site = build(Proof.SIGNATURE)
    assert post(site.app, signed.xml()).status == 200
    assert len(site.seen) == 1


def test_a_signed_message_lets_its_signer_in_over_soap_12(build: Build, signed: Message) -> None:
    message = signed.but(soap=envelopes.SOAP_12, attributes='s:mustUnderstand="true"').xml()
    assert post(build(Proof.SIGNATURE).app, message, Content_Type="application/soap+xml").status == 200


def test_elliptic_curves_are_accepted(build: Build, elliptic: Partner) -> None:
    message = Message(created=NOW, signer=elliptic, method=envelopes.ECDSA_SHA256)
    assert post(build(Proof.SIGNATURE).app, message.xml()).status == 200


def test_a_certificate_is_known_by_its_subject_when_its_issuer_is_trusted(build: Build, renewed: Partner) -> None:
    assert post(build(Proof.SIGNATURE).app, Message(created=NOW, signer=renewed).xml()).status == 200


def test_a_subject_is_worth_nothing_from_an_issuer_who_is_not_trusted(build: Build, stranger: Partner) -> None:
    answer = post(build(Proof.SIGNATURE).app, Message(created=NOW, signer=stranger).xml())
    assert_refused(answer, "FailedAuthentication", "authentication")


def test_a_trusted_issuer_does_not_make_a_user(build: Build, authority: trustme.CA) -> None:
    unknown = Partner.of(authority.issue_cert("new.example", key_type=trustme.KeyType.RSA))
    answer = post(build(Proof.SIGNATURE).app, Message(created=NOW, signer=unknown).xml())
    assert_refused(answer, "FailedAuthentication", "authentication")


def test_a_certificate_past_its_time_is_refused(build: Build, partner: Partner) -> None:
    site = build(Proof.SIGNATURE)
    site.clock.moment = partner.certificate.not_valid_after_utc + timedelta(seconds=1)
    message = Message(created=site.clock.moment, signer=partner)
    assert_refused(post(site.app, message.xml()), "FailedAuthentication", "authentication")


def test_a_header_block_may_be_signed_too(build: Build, signed: Message) -> None:
    block = '<x:Note xmlns:x="urn:x" wsu:Id="N-1">kept</x:Note>'
    message = signed.but(before=block, signed=("B-1", "TS-1", "N-1"))
    assert post(build(Proof.SIGNATURE).app, message.xml()).status == 200


def test_a_signed_message_passes_once(build: Build, signed: Message) -> None:
    site = build(Proof.SIGNATURE)
    message = signed.xml()
    assert post(site.app, message).status == 200
    assert_refused(post(site.app, message), "FailedAuthentication", "replay")


def test_a_message_without_a_signature_is_refused(build: Build, signed: Message) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(signer=None).xml())
    assert_refused(answer, "InvalidSecurity", "signature")


def test_a_password_is_no_signature(build: Build) -> None:
    answer = post(build(Proof.SIGNATURE).app, Message(token=Token(), created=NOW).xml())
    assert_refused(answer, "InvalidSecurity", "signature")


def test_a_signature_is_no_password(build: Build, signed: Message) -> None:
    assert post(build(Proof.USERNAME).app, signed.xml()).status == 401


def test_a_signature_is_checked_where_none_was_asked_for(build: Build, signed: Message) -> None:
    message = signed.but(token=Token()).xml(lambda root: spoil(root, "B-1"))
    assert_refused(post(build(Proof.USERNAME).app, message), "FailedCheck", "signature")


def test_both_are_given_together(build: Build, signed: Message) -> None:
    assert post(build(Proof.BOTH).app, signed.but(token=Token()).xml()).status == 200


def test_both_means_both(build: Build, signed: Message) -> None:
    assert_refused(post(build(Proof.BOTH).app, signed.xml()), "InvalidSecurity", "username-token")
    unsigned = Message(token=Token(), created=NOW).xml()
    assert_refused(post(build(Proof.BOTH).app, unsigned), "InvalidSecurity", "signature")


def test_both_must_be_of_the_same_user(build: Build, renewed: Partner) -> None:
    message = Message(created=NOW, signer=renewed, token=Token(name="osm"))
    assert_refused(post(build(Proof.BOTH).app, message.xml()), "FailedAuthentication", "authentication")


@pytest.mark.parametrize("name", ["B-1", "TS-1", "UT-1"])
def test_what_was_changed_after_signing_is_refused(build: Build, signed: Message, name: str) -> None:
    message = signed.but(token=Token()).xml(lambda root: spoil(root, name))
    assert_refused(post(build(Proof.BOTH).app, message), "FailedCheck", "signature")


@pytest.mark.parametrize("left_out", ["B-1", "TS-1", "UT-1"])
def test_a_signature_that_leaves_out_what_counts_is_refused(build: Build, signed: Message, left_out: str) -> None:
    kept = [name for name in ("B-1", "TS-1", "UT-1") if name != left_out]
    answer = post(build(Proof.BOTH).app, signed.but(token=Token(), signed=kept).xml())
    assert_refused(answer, "FailedCheck", "signature-references")


def test_a_signed_message_needs_a_timestamp(build: Build, signed: Message) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(created=None).xml())
    assert_refused(answer, "InvalidSecurity", "timestamp")


@pytest.mark.parametrize("age", [timedelta(minutes=7), timedelta(minutes=-2)], ids=["old", "future"])
def test_a_signed_message_out_of_its_time_is_refused(build: Build, signed: Message, age: timedelta) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(created=NOW - age).xml())
    assert_refused(answer, "MessageExpired", "timestamp")


@pytest.mark.parametrize(
    "weak",
    [
        {"method": envelopes.RSA_SHA1},
        {"digest": envelopes.SHA1},
        {"method": envelopes.HMAC_SHA256},
        {"method": "http://www.w3.org/2000/09/xmldsig#dsa-sha1"},
        {"method": "urn:none"},
        {"c14n": INCLUSIVE},
        {"c14n": f"{EXC}WithComments"},
        {"transforms": (INCLUSIVE,)},
        {"transforms": ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", EXC)},
        {"transforms": ("http://www.w3.org/TR/1999/REC-xslt-19991116",)},
        {"transforms": ("http://www.w3.org/TR/1999/REC-xpath-19991116",)},
        {"transforms": (EXC,) * 50},
        {"transforms": ()},
    ],
    ids=lambda weak: "-".join(f"{key} {str(value)[-24:]}" for key, value in weak.items()),
)
def test_weak_and_unknown_algorithms_are_refused(build: Build, signed: Message, weak: dict[str, object]) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(**weak).xml())
    assert answer.code.rpartition(":")[2] == "UnsupportedAlgorithm"


def test_sha1_is_for_old_stacks_whose_operator_says_so(build: Build, signed: Message) -> None:
    old = signed.but(method=envelopes.RSA_SHA1, digest=envelopes.SHA1).xml()
    assert post(build(Proof.SIGNATURE, algorithms=Algorithms(sha1=True)).app, old).status == 200


def test_a_signature_of_another_key_is_refused(build: Build, signed: Message, stranger: Partner) -> None:
    def swapped(root: etree._Element) -> None:
        by_id(root, "X509-1").text = signed.signer.token  # type: ignore[union-attr] # it has one

    answer = post(build(Proof.SIGNATURE).app, signed.but(signer=stranger).xml(swapped))
    assert_refused(answer, "FailedCheck", "signature")


@pytest.mark.parametrize("text", ["", "AAAA", "!", "A" * 100_000], ids=["empty", "short", "no Base64", "large"])
def test_a_token_that_holds_no_certificate_is_refused(build: Build, signed: Message, text: str) -> None:
    def spoiled(root: etree._Element) -> None:
        by_id(root, "X509-1").text = text

    answer = post(build(Proof.SIGNATURE).app, signed.xml(spoiled))
    assert_refused(answer, "InvalidSecurityToken", "binary-security-token")


def test_a_token_of_another_kind_is_refused(build: Build, signed: Message) -> None:
    answer = post(
        build(Proof.SIGNATURE).app, signed.xml(lambda root: by_id(root, "X509-1").set("ValueType", "urn:kerberos"))
    )
    assert_refused(answer, "UnsupportedSecurityToken", "binary-security-token")


@pytest.mark.parametrize(
    "key_info",
    [
        "<ds:KeyName>osm</ds:KeyName>",
        "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>",
        '<ds:RetrievalMethod URI="http://attacker.example/key"/>',
        '<wsse:SecurityTokenReference><wsse:Reference URI="http://attacker.example/key"/></wsse:SecurityTokenReference>',
        '<wsse:SecurityTokenReference><wsse:Reference URI="file:///etc/passwd"/></wsse:SecurityTokenReference>',
        '<wsse:SecurityTokenReference><wsse:Reference URI="#B-1"/></wsse:SecurityTokenReference>',
        "<wsse:SecurityTokenReference><wsse:Embedded/></wsse:SecurityTokenReference>",
        f"{envelopes.KEY_INFO}<ds:KeyName>osm</ds:KeyName>",
        f"{envelopes.KEY_INFO * 2}",
        "",
    ],
)
def test_a_key_from_anywhere_else_is_refused_and_not_fetched(build: Build, signed: Message, key_info: str) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(key_info=key_info).xml())
    assert_refused(answer, "SecurityTokenUnavailable", "signature-key")


def _inside(name: str) -> Callable[[etree._Element], None]:
    return lambda root: etree.SubElement(next(root.iter(f"{{{envelopes.DS}}}{name}")), "{urn:x}More").clear()


def _emptied(name: str) -> Callable[[etree._Element], None]:
    return lambda root: next(root.iter(f"{{{envelopes.DS}}}{name}")).clear()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_inside("SignatureValue"), "InvalidSecurity"),
        (_inside("DigestValue"), "InvalidSecurity"),
        (_inside("SignatureMethod"), "UnsupportedAlgorithm"),
        (_inside("DigestMethod"), "UnsupportedAlgorithm"),
        (_inside("CanonicalizationMethod"), "InvalidSecurity"),
        (_inside("Transform"), "InvalidSecurity"),
        (_inside("SignedInfo"), "InvalidSecurity"),
        (_inside("Reference"), "InvalidSecurity"),
        (_inside("Signature"), "InvalidSecurity"),
        (_emptied("SignatureValue"), "InvalidSecurity"),
        (_emptied("DigestValue"), "InvalidSecurity"),
        (_emptied("SignedInfo"), "InvalidSecurity"),
        (_emptied("KeyInfo"), "SecurityTokenUnavailable"),
        (_emptied("Reference"), "FailedCheck"),
        (_emptied("Signature"), "InvalidSecurity"),
    ],
)
def test_a_signature_of_another_shape_is_refused(
    build: Build, signed: Message, change: Callable[[etree._Element], None], code: str
) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.xml(change))
    assert answer.code.rpartition(":")[2] == code


def test_too_many_references_are_refused(build: Build, signed: Message) -> None:
    blocks = "".join(f'<x:Note xmlns:x="urn:x" wsu:Id="N-{number}"/>' for number in range(9))
    names = ("B-1", "TS-1", *(f"N-{number}" for number in range(9)))
    answer = post(build(Proof.SIGNATURE).app, signed.but(before=blocks, signed=names).xml())
    assert_refused(answer, "InvalidSecurity", "signature-references")


def test_two_references_to_one_element_are_refused(build: Build, signed: Message) -> None:
    answer = post(build(Proof.SIGNATURE).app, signed.but(signed=("B-1", "TS-1", "B-1")).xml())
    assert_refused(answer, "InvalidSecurity", "signature-references")


def test_a_large_signed_order_passes(build: Build, signed: Message) -> None:
    assert post(build(Proof.SIGNATURE).app, signed.but(body=order(lines=300)).xml()).status == 200
