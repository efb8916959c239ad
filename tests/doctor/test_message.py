"""What the doctor says of a message: every rule it breaks, where, who makes that mistake, what to change."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from soapkit.catalog import Contract, contracts_root, load
from soapkit.doctor import letter
from soapkit.doctor.finding import Finding, Verdict
from soapkit.doctor.message import examine
from soapkit.envelope import Version, wrap

SAMPLE = Path(__file__).parents[1] / "samples" / "process_fulfillment_order_billing.add.initiate.xml"
HEADERS = b'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: "ProcessBilling"\r\n\r\n'


@pytest.fixture(scope="module")
def contracts() -> list[Contract]:
    return [load(path) for path in sorted((contracts_root() / "wsdl").rglob("*.wsdl"))]


def order(*changes: tuple[str, str], version: Version = Version.SOAP_11) -> bytes:
    text = wrap(etree.parse(SAMPLE).getroot(), version=version).decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def failures(pasted: bytes, contracts: list[Contract]) -> list[Finding]:
    return [found for found in examine(letter.read(pasted), contracts) if found.verdict is Verdict.FAILED]


@pytest.mark.parametrize(
    "headers", [b"", HEADERS, b"POST /services/X HTTP/1.1\r\nHost: x\r\n" + HEADERS], ids=["none", "headers", "request"]
)
def test_a_message_that_services_take_has_no_failures(headers: bytes, contracts: list[Contract]) -> None:
    assert failures(headers + order(), contracts) == []


def test_a_soap_12_message_is_taken_with_its_own_media_type(contracts: list[Contract]) -> None:
    sent = b"Content-Type: application/soap+xml; charset=utf-8\r\n\r\n" + order(version=Version.SOAP_12)
    assert failures(sent, contracts) == []


def test_what_curl_printed_is_read_as_a_request(contracts: list[Contract]) -> None:
    printed = b"* Connected to x\n> POST /services/X HTTP/1.1\n> Content-Type: application/json\n> \n" + order()
    assert [found.check for found in failures(printed, contracts)] == ["content-type"]


def test_headers_that_were_not_pasted_are_not_taken_for_healthy(contracts: list[Contract]) -> None:
    [unknown] = [found for found in examine(letter.read(order()), contracts) if found.verdict is Verdict.UNKNOWN]
    assert "Content-Type" in unknown.text


def test_all_mistakes_are_told_in_the_order_in_which_they_would_be_refused(contracts: list[Contract]) -> None:
    wrong = b'Content-Type: text/plain\r\nSOAPAction: "Other"\r\n\r\n' + order(
        ("<soap:Body>", '<soap:Header><u:U xmlns:u="u" soap:mustUnderstand="1"/></soap:Header><soap:Body>'),
        ("<OrderQuantity>1</OrderQuantity>", "<OrderQuantity>one</OrderQuantity>"),
        ("</ProcessFulfillmentOrderBilling>", "<Unknown/></ProcessFulfillmentOrderBilling>"),
    )
    checks = [found.check for found in failures(wrong, contracts)]
    assert checks[:1] == ["content-type"]
    assert set(checks[1:3]) == {"must-understand", "soap-action"}
    assert checks[3:] == ["cvc-datatype-valid.1.2.1", "cvc-complex-type.2.4"]


MISTAKES = {
    "a template's question mark": ("1</OrderQuantity>", "?</OrderQuantity>", "SoapUI"),
    "a number in the user's form": ("1</OrderQuantity>", "1.000,50</OrderQuantity>", "user's form"),
    "an absent value as an empty element": ("1</OrderQuantity>", "</OrderQuantity>", "empty element"),
    "null as nil": (
        "<OrderQuantity>1</OrderQuantity>",
        '<OrderQuantity xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>',
        "Axis 1.x",
    ),
    "a child without namespace": (
        "<OrderQuantity>1</OrderQuantity>",
        '<OrderQuantity xmlns="">1</OrderQuantity>',
        "PHP",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_toolkit_behind_a_mistake_is_named_and_the_place_too(mistake: str, contracts: list[Contract]) -> None:
    old, new, toolkit = MISTAKES[mistake]
    found = failures(order((old, new)), contracts)[0]
    assert toolkit in found.produced_by
    assert found.change
    assert found.path.endswith("OrderQuantity")
    assert found.line > 0


BROKEN = {
    "white space first": (b"<?xml", b"\n<?xml", "white space before"),
    "an entity of html": (b">ADD<", b">A&nbsp;D<", "named entity"),
    "a bare ampersand": (b">ADD<", b">A & D<", "bare &"),
    "a control character": (b">ADD<", b">A\x01D<", "control character"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_message_that_is_not_well_formed_is_looked_at_as_text(mistake: str, contracts: list[Contract]) -> None:
    old, new, told = BROKEN[mistake]
    first, closer = failures(order().replace(old, new, 1), contracts)
    assert first.check == closer.check == "well-formed"
    assert told in closer.text
    assert closer.produced_by
    assert closer.line > 0


def test_a_misspelled_operation_is_guessed(contracts: list[Contract]) -> None:
    wrong = order().replace(b"ProcessFulfillmentOrderBillingEBM", b"ProcessFulfilmentOrderBillingEBM")
    [found] = failures(wrong, contracts)
    assert found.check == "operation"
    assert "takes ProcessFulfillmentOrderBillingEBM of the namespace" in found.change


def test_a_security_header_is_said_to_be_unchecked(contracts: list[Contract]) -> None:
    namespace = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    header = f'<soap:Header><w:Security xmlns:w="{namespace}" soap:mustUnderstand="1"/></soap:Header><soap:Body>'
    found = examine(letter.read(HEADERS + order(("<soap:Body>", header))), contracts)
    assert [(each.check, each.verdict) for each in found] == [("security", Verdict.UNKNOWN)]


@pytest.mark.parametrize("pasted", [b"", b"  \n", b"Content-Type: text/xml\r\nHost: x"])
def test_what_is_no_request_is_said_to_be_none(pasted: bytes) -> None:
    with pytest.raises(letter.Unreadable):
        letter.read(pasted)
