"""Requests as they really come to support: packed, in parts, bare, without a body, for one of two services."""

from __future__ import annotations

import gzip
import re

import pytest
from lxml import etree

from soapkit.catalog import Contract, contracts_root, load
from soapkit.doctor import letter
from soapkit.doctor.finding import Finding, Verdict
from soapkit.doctor.message import examine
from soapkit.envelope import Version, wrap
from soapkit.publish.samples import sample
from tests.doctor.test_message import SAMPLE, order

TYPE = b"Content-Type: text/xml; charset=utf-8\r\n"
WSA = "http://www.w3.org/2005/08/addressing"
SCRAMBLED = SAMPLE.with_name("process_fulfillment_order_billing.order_of_elements.invalid.xml")


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    return [load(path) for path in sorted((contracts_root() / "wsdl").rglob("*.wsdl"))]


def told(pasted: bytes, contracts: list[Contract]) -> list[Finding]:
    return examine(letter.read(pasted), contracts, lambda contract: contract.wsdl.startswith("wsdl/brm/"))


def failures(pasted: bytes, contracts: list[Contract]) -> list[Finding]:
    return [found for found in told(pasted, contracts) if found.verdict is Verdict.FAILED]


def wrong_quantity() -> bytes:
    return order(("<OrderQuantity>1<", "<OrderQuantity>one<"))


def parts(envelope: bytes, media: bytes) -> bytes:
    head = b'Content-Type: multipart/related; type="application/xop+xml"; start="<r@x>"; boundary="b1"\r\n\r\n'
    attached = b"--b1\r\nContent-ID: <a@x>\r\n\r\nhello\r\n"
    root = b"--b1\r\nContent-Type: application/xop+xml; type=" + media + b"\r\nContent-ID: <r@x>\r\n\r\n" + envelope
    return head + attached + root + b"\r\n--b1--\r\n"


def addressed(*, reply_to: str = f"{WSA}/anonymous", action: str = "ProcessBilling") -> bytes:
    blocks = f"<a:Action>{action}</a:Action><a:MessageID>urn:1</a:MessageID>"
    blocks += f"<a:ReplyTo><a:Address>{reply_to}</a:Address></a:ReplyTo>"
    header = f'<soap:Header xmlns:a="{WSA}">{blocks}</soap:Header><soap:Body>'
    return TYPE + b"\r\n" + order(("<soap:Body>", header))


def flist(*, backwards: bool = False, value: str = "") -> bytes:
    """Give a call of BRM's with the fields of its flist in, or against, the published order."""
    contract = load("wsdl/brm/BRMSubscriptionServices_v2.wsdl")
    body = sample(contract, contract.operations[0].input, full=True)
    if backwards:
        for element in (body, body[-1]):
            element[:] = list(reversed(element))
    if value:
        next(each for each in body.iter() if (each.text or "").isdigit()).text = value
    return TYPE + b"\r\n" + wrap(body)


@pytest.mark.parametrize("action", ["ProcessBilling", "Consume_Message"])
def test_of_two_services_that_take_a_body_the_action_says_which_is_meant(
    action: str, contracts: list[Contract]
) -> None:
    assert failures(TYPE + f'SOAPAction: "{action}"\r\n\r\n'.encode() + order(), contracts) == []


def test_of_two_services_that_take_a_body_the_address_says_which_is_meant(contracts: list[Contract]) -> None:
    start = b"POST /services/ProcessFulfillmentOrderBillingOSMCFSCommsJMSConsumer HTTP/1.1\r\n" + TYPE
    [found] = failures(start + b'SOAPAction: "ProcessBilling"\r\n\r\n' + order(), contracts)
    assert "not that of Consume_Message" in found.text


def test_the_character_set_of_the_content_type_is_the_one_that_counts(contracts: list[Contract]) -> None:
    text = re.sub(r"<\?xml.*?\?>", "", order(("<soap:Body>", "<!-- ü --><soap:Body>")).decode())
    assert failures(b"Content-Type: text/xml; charset=iso-8859-1\r\n\r\n" + text.encode("latin-1"), contracts) == []


def test_a_payload_without_envelope_is_not_taken_for_healthy_and_looked_at_all_the_same(
    contracts: list[Contract],
) -> None:
    bare = etree.tostring(etree.parse(SAMPLE).getroot()).replace(b"<OrderQuantity>1<", b"<OrderQuantity>one<", 1)
    line = bare[: bare.index(b">one<")].count(b"\n") + 1
    found = failures(TYPE + b"\r\n" + bare, contracts)
    assert [each.check for each in found] == ["envelope", "cvc-datatype-valid.1.2.1"]
    assert found[1].line == line


@pytest.mark.parametrize("encoding", [b"Content-Encoding: gzip\r\n", b""], ids=["declared", "undeclared"])
def test_what_is_packed_is_unpacked_and_looked_at(encoding: bytes, contracts: list[Contract]) -> None:
    found = failures(TYPE + encoding + b"\r\n" + gzip.compress(wrong_quantity()), contracts)
    assert found[-1].check == "cvc-datatype-valid.1.2.1"
    assert {each.check for each in found[:-1]} == ({"content-encoding"} if encoding else {"well-formed"})
    assert not any("control character" in each.text for each in found)


@pytest.mark.parametrize("version", Version)
def test_the_envelope_is_taken_out_of_a_multipart_message(version: Version, contracts: list[Contract]) -> None:
    envelope = order(("<OrderQuantity>1<", "<OrderQuantity>one<"), version=version)
    found = failures(parts(envelope, version.media_type.encode()), contracts)
    assert [each.check for each in found] == ["content-type", "cvc-datatype-valid.1.2.1"]
    assert "MTOM" in found[0].produced_by


NO_MESSAGE = {
    "nothing": (b"", "empty"),
    "json": (b'{"order": 1}', "JSON"),
    "a page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "HTML"),
    "parts without a header that says so": (b"--b1\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b1--", "multipart"),
}


@pytest.mark.parametrize("kind", NO_MESSAGE)
def test_what_is_no_envelope_at_all_is_called_what_it_is(kind: str, contracts: list[Contract]) -> None:
    body, called = NO_MESSAGE[kind]
    *_, last = failures(TYPE + b"\r\n" + body, contracts)
    assert called in last.text
    assert last.change


def test_bytes_of_another_character_set_than_utf_8_are_called_that(contracts: list[Contract]) -> None:
    sent = order(("<OrderQuantity>", "<!-- ü --><OrderQuantity>")).decode().encode("windows-1252")
    first, closer = failures(TYPE + b"\r\n" + sent, contracts)
    assert (first.line, "holds other bytes" in closer.text) == (closer.line, True)


def test_a_get_request_is_not_taken_for_healthy(contracts: list[Contract]) -> None:
    [found] = failures(b"GET /services/X HTTP/1.1\r\nHost: x\r\n\r\n", contracts)
    assert (found.check, "POST" in found.change) == ("method", True)


def test_references_of_axis_are_recognised_in_an_envelope_that_they_broke(contracts: list[Contract]) -> None:
    body = '<soap:Body><o href="#id0"/><multiRef id="id0"/></soap:Body>'
    envelope = f'<soap:Envelope xmlns:soap="{Version.SOAP_11.value}">{body}</soap:Envelope>'
    [found] = failures(TYPE + b"\r\n" + envelope.encode(), contracts)
    assert (found.check, "Axis 1.x" in found.produced_by) == ("envelope", True)


def test_attributes_of_soap_that_services_ignore_are_no_failures(contracts: list[Contract]) -> None:
    attribute = 'soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
    assert failures(TYPE + b"\r\n" + order(("<OrderQuantity>", f"<OrderQuantity {attribute}>")), contracts) == []


def test_a_wrong_namespace_is_told_with_both_namespaces(contracts: list[Contract]) -> None:
    found = failures(TYPE + b"\r\n" + order(("<OrderQuantity>1<", '<OrderQuantity xmlns="urn:x">1<')), contracts)[0]
    assert found.text.startswith("{urn:x}OrderQuantity: ")
    assert re.search(r"\{http[^}]+\}OrderQuantity", found.text)


def test_a_wrong_envelope_version_does_not_get_the_advice_for_curl(contracts: list[Contract]) -> None:
    [found] = failures(TYPE + b"\r\n" + order(version=Version.SOAP_12), contracts)
    assert (found.check, "curl" in found.produced_by) == ("content-type", False)
    assert "SOAP 1.2 envelope" in found.produced_by


# ---- WS-Addressing


def test_a_wrong_action_comes_with_advice_and_hides_nothing_behind_it(contracts: list[Contract]) -> None:
    sent = addressed(action="urn:other").replace(b"<OrderQuantity>1<", b"<OrderQuantity>one<", 1)
    found = failures(sent, contracts)
    assert [each.check for each in found] == ["addressing-action", "cvc-datatype-valid.1.2.1"]
    assert "wsa:Action" in found[0].change


def test_an_address_that_may_be_registered_is_a_warning(contracts: list[Contract]) -> None:
    [found] = told(addressed(reply_to="http://partner.example/replies"), contracts)
    assert (found.check, found.verdict, "registered" in found.change) == ("addressing-reply", Verdict.WARNING, True)


# ---- order of elements


def test_only_a_wrong_order_is_called_just_that(contracts: list[Contract]) -> None:
    [found] = failures(TYPE + b"\r\n" + wrap(etree.parse(SCRAMBLED).getroot()), contracts)
    assert (found.check, "Only the order" in found.change) == ("cvc-complex-type.2.4", True)


def test_an_order_that_brm_services_mend_themselves_is_a_warning(contracts: list[Contract]) -> None:
    assert told(flist(), contracts) == []
    [found] = told(flist(backwards=True), contracts)
    assert (found.check, found.verdict) == ("order", Verdict.WARNING)


def test_what_else_is_wrong_with_fields_out_of_order_is_told_at_its_place(contracts: list[Contract]) -> None:
    warning, failed = told(flist(backwards=True, value="?"), contracts)
    assert (warning.verdict, failed.verdict) == (Verdict.WARNING, Verdict.FAILED)
    assert (failed.path.count("/") > 1, "SoapUI" in failed.produced_by) == (True, True)
