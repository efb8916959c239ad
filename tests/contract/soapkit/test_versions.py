"""SOAP 1.1 and SOAP 1.2 on one address: each caller is answered in its own version."""

from __future__ import annotations

import pytest
from lxml import etree

from soapkit.faults import Fault, FaultCode, Refused
from soapkit.server import Request
from soapkit.versions import NAMESPACE_11, NAMESPACE_12, Version
from tests.contract.soapkit.orders import (
    ADDRESS,
    SESSION,
    O,
    element,
    envelope,
    order,
    order_fault,
    orders,
    placed,
    post,
    post_12,
    post_as,
    site,
)

S11, S12 = f"{{{NAMESPACE_11}}}", f"{{{NAMESPACE_12}}}"
BOTH = pytest.mark.parametrize("version", Version)


def test_a_soap_12_call_is_answered_in_soap_12() -> None:
    answer = post_12(site(), envelope(order(), version=Version.SOAP_12))

    assert (answer.status, answer.body.tag) == (200, f"{O}PlaceOrderResponse")
    assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    assert etree.fromstring(answer.content).tag == f"{S12}Envelope"
    assert orders().check(answer.body) == ()


def test_a_soap_12_fault_has_code_reason_node_role_and_detail_in_this_order() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "No <such> account", order_fault("E-1", "unknown account"), subcode="{urn:x}Unknown")

    answer = post_12(site(PlaceOrder=refuse), envelope(order(), version=Version.SOAP_12), X_Correlation_Id="c-1")

    told = {etree.QName(part).localname: "".join(map(str, part.itertext())) for part in answer.body}
    assert answer.status == 400
    assert list(told.items()) == [
        ("Code", "soap:Senderf:Unknown"),
        ("Reason", "No <such> account (correlation id c-1)"),
        ("Node", ADDRESS),
        ("Role", f"{NAMESPACE_12}/role/ultimateReceiver"),
        ("Detail", "E-1unknown account"),
    ]
    assert answer.body[1][0].get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert answer.body[4][0].tag == f"{O}OrderFault"
    assert answer.fault.subcode == "{urn:x}Unknown"


def test_a_soap_11_fault_has_the_narrowest_subcode_as_its_faultcode() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "no", subcode="{urn:x}Wide", subsubcode="{urn:x}Narrow")

    answer = post(site(PlaceOrder=refuse), envelope(order()))

    assert [child.tag for child in answer.body] == ["faultcode", "faultstring", "faultactor", "detail"]
    assert (answer.status, answer.fault.subcode, answer.body.findtext("faultactor")) == (500, "{urn:x}Narrow", ADDRESS)


def test_a_soap_12_fault_nests_its_subcodes() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Server", "no", subcode="{urn:x}Wide", subsubcode="{urn:x}Narrow")

    answer = post_12(site(PlaceOrder=refuse), envelope(order(), version=Version.SOAP_12))

    found = [value.text for value in answer.body.iter(f"{S12}Value")]
    assert (answer.status, found) == (500, ["soap:Receiver", "f:Wide", "f:Narrow"])


def test_a_refusals_own_detail_is_told_in_soap_12_only() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Refused(
            "x", "no", detail=element("<Problem xmlns='urn:x'/>"), blocks=(element("<About xmlns='urn:x'/>"),)
        )

    app = site(PlaceOrder=refuse)
    old, new = post(app, envelope(order())), post_12(app, envelope(order(), version=Version.SOAP_12))

    assert old.fault.detail is None
    assert new.fault.detail is not None
    assert new.fault.detail.tag == "{urn:x}Problem"
    for answer in (old, new):
        assert answer.header is not None
        assert answer.header[0].tag == "{urn:x}About"


@BOTH
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("enumeration", order(action="?")),
        ("operation", "<x/>"),
        ("envelope", ""),
        ("max-depth", "<a>" * 150 + "</a>" * 150),
    ],
)
def test_a_refusal_names_its_rule_in_the_callers_version(version: Version, rule: str, message: str) -> None:
    answer = post_as(version, site(), envelope(message, version=version))

    assert answer.headers["Content-Type"] == version.content_type
    assert answer.status == version.statuses[FaultCode.CLIENT]
    assert (answer.body.tag, answer.fault.code) == (version.fault, "Client")
    assert f"[{rule}" in answer.fault.text


@BOTH
def test_what_is_no_xml_is_refused_in_the_version_of_its_media_type(version: Version) -> None:
    answer = post_as(version, site(), b"<")

    assert (answer.body.tag, answer.status) == (version.fault, version.statuses[FaultCode.CLIENT])
    assert "[well-formed" in answer.fault.text


@BOTH
def test_an_envelope_of_an_unknown_version_is_a_mismatch_that_names_the_known_ones(version: Version) -> None:
    message = envelope(order()).replace(NAMESPACE_11.encode(), b"http://www.w3.org/2001/12/soap-envelope")

    answer = post_as(version, site(), message)

    assert (answer.status, answer.fault.code, answer.body.tag) == (500, "VersionMismatch", version.fault)
    assert answer.header is not None
    supported = [(entry.tag, entry.nsmap[(entry.get("qname") or "").partition(":")[0]]) for entry in answer.header[0]]
    assert answer.header[0].tag == f"{S12}Upgrade"
    assert supported == [(f"{S12}SupportedEnvelope", NAMESPACE_12), (f"{S12}SupportedEnvelope", NAMESPACE_11)]


@BOTH
def test_a_media_type_that_contradicts_the_envelope_is_refused_in_the_envelopes_version(version: Version) -> None:
    other = next(each for each in Version if each is not version)

    answer = post_as(other, site(), envelope(order(), version=version))

    assert (answer.status, answer.body.tag) == (415, version.fault)
    assert "[content-type" in answer.fault.text


@pytest.mark.parametrize("parameter", ["", '; action=""', '; action="urn:example:orders:PlaceOrder"'])
def test_a_soap_12_action_that_is_empty_or_fits_is_accepted(parameter: str) -> None:
    content_type = f"application/soap+xml; charset=utf-8{parameter}"

    assert post_12(site(), envelope(order(), version=Version.SOAP_12), Content_Type=content_type).status == 200


def test_a_soap_12_action_of_another_operation_is_refused() -> None:
    content_type = 'application/soap+xml; action="urn:example:orders:Echo"'

    answer = post_12(site(), envelope(order(), version=Version.SOAP_12), Content_Type=content_type)

    assert (answer.status, "[soap-action" in answer.fault.text) == (400, True)


@BOTH
def test_a_one_way_message_is_accepted_without_content_in_either_version(version: Version) -> None:
    answer = post_as(version, site(), envelope(order("Notify"), version=version))

    assert (answer.status, answer.content) == (202, b"")


@BOTH
def test_a_handler_that_breaks_is_the_receivers_fault(version: Version) -> None:
    def broken(_: Request) -> etree._Element:
        raise RuntimeError("secret")

    answer = post_as(version, site(PlaceOrder=broken), envelope(order(), version=version))

    assert (answer.status, answer.fault.code, b"secret" in answer.content) == (500, "Server", False)


def test_a_document_that_is_no_envelope_is_the_callers_fault_in_soap_11_and_a_mismatch_in_soap_12() -> None:
    old, new = post(site(), b"<order/>"), post_12(site(), b"<order/>")

    assert [(answer.status, answer.fault.code) for answer in (old, new)] == [(500, "Client"), (500, "VersionMismatch")]
    assert new.header is not None
    assert "[envelope at /order, line 1]" in new.fault.text


ABOUT_THE_BODY = {
    "an unknown operation": (order("Nothing"), "", True),
    "an invalid Body": (order(action="?"), "", True),
    "a header block that must be understood": (order(), '<x:Lock xmlns:x="urn:x" soap:mustUnderstand="1"/>', False),
    "an invalid header block": (order(), SESSION.format(attributes="").replace("Token>", "Ticket>"), False),
    "an empty Body": ("", "", False),
}


@pytest.mark.parametrize(("body", "header", "told"), ABOUT_THE_BODY.values(), ids=ABOUT_THE_BODY.keys())
def test_a_soap_11_detail_be_it_empty_says_that_the_body_could_not_be_processed(
    body: str, header: str, told: bool
) -> None:
    answer = post(site(), envelope(body, header))

    assert (answer.body.find("detail") is not None, answer.fault.detail) == (told, None)


def test_of_two_declared_header_blocks_both_must_be_valid_and_the_first_is_handed_on() -> None:
    tokens: list[str | None] = []

    def keep(request: Request) -> etree._Element:
        tokens.append(request.headers["{urn:example:common}Session"].findtext("{urn:example:common}Token"))
        return placed()

    first = SESSION.format(attributes="")
    second, invalid = first.replace("t-1", "t-2"), first.replace("Token>", "Ticket>")

    assert post(site(PlaceOrder=keep), envelope(order(), first + second)).status == 200
    assert "/Envelope/Header/Session/Ticket" in post(site(), envelope(order(), invalid + second)).fault.text
    assert tokens == ["t-1"]
