"""What our products say on the wire follows WS-I Basic Profile 1.1; and the rules that say so bite."""

from __future__ import annotations

import pytest

from tests.interop.cases import contracts
from tests.interop.evidence import Evidence
from tests.interop.wire_profile import RULES, Message, broken

pytestmark = pytest.mark.timeout(300)

OPERATION = contracts()["BRMBaseServices_v2"].operation("pcmOpReadObj")
GOOD = b"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:b="http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes">
  <s:Header><b:TransactionContext s:mustUnderstand="1"/></s:Header>
  <s:Body><b:pcmOpReadObjResponse/></s:Body>
</s:Envelope>"""
FAULT = b"""<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
  <s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>No</faultstring><detail/></s:Fault></s:Body>
</s:Envelope>"""
ARRAY = b'xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" e:arrayType="x"'
TYPE = {"content-type": "text/xml; charset=utf-8"}

BAD_ANSWERS = {
    "R9980": (GOOD, b"soap/envelope/", b"soap/envelop/"),
    "R9981": (GOOD, b"<b:pcmOpReadObjResponse/>", b"<b:pcmOpReadObjResponse/><b:pcmOpReadObjResponse/>"),
    "R1000": (FAULT, b"<detail/>", b"<reason/>"),
    "R1001": (FAULT, b"<detail/>", b"<s:detail/>"),
    "R1004": (FAULT, b"s:Client", b"s:Sender"),
    "R1005": (GOOD, b"<s:Body>", b'<s:Body s:encodingStyle="">'),
    "R1006": (GOOD, b"ReadObjResponse/>", b'ReadObjResponse s:encodingStyle=""/>'),
    "R1008": (GOOD, b"<s:Envelope", b"<!DOCTYPE x><s:Envelope"),
    "R1009": (GOOD, b"<s:Body>", b"<?do it?><s:Body>"),
    "R1011": (GOOD, b"</s:Body>", b"</s:Body><b:more/>"),
    "R1012": (GOOD, b'"UTF-8"', b'"ISO-8859-1"'),
    "R1013": (GOOD, b'mustUnderstand="1"', b'mustUnderstand="true"'),
    "R1014": (GOOD, b"<b:pcmOpReadObjResponse/>", b"<pcmOpReadObjResponse/>"),
    "R1031": (FAULT, b"s:Client", b"s:Client.Order"),
    "R1032": (GOOD, b"<s:Body>", b'<s:Body s:actor="urn:x">'),
    "R1033": (GOOD, b"<s:Body>", b'<s:Body xmlns:xml="http://www.w3.org/XML/1998/namespace">'),
    "R2113": (GOOD, b"ReadObjResponse/>", b"ReadObjResponse " + ARRAY + b"/>"),
    "R2712": (GOOD, b"ReadObjResponse", b"ReadFldsResponse"),
}


@pytest.mark.parametrize("rule", sorted(BAD_ANSWERS))
def test_a_broken_answer_is_found_out(rule: str) -> None:
    good, what, by = BAD_ANSWERS[rule]
    status = 500 if good == FAULT else 200
    assert broken(Message(good, TYPE, OPERATION, status)) == []
    assert what in good

    assert rule in broken(Message(good.replace(what, by, 1), TYPE, OPERATION, status))


@pytest.mark.parametrize(
    ("content", "headers", "status", "rule"),
    [
        (GOOD, {"content-type": "application/xml; charset=utf-8"}, 200, "S6"),
        (GOOD, {"content-type": "text/xml"}, 200, "R1018"),
        (GOOD, TYPE, 202, "R1111"),
        (FAULT, TYPE, 200, "R1126"),
        (b"", {}, 200, "R1112"),
        (GOOD.replace(b"Response", b""), TYPE | {"soapaction": OPERATION.soap_action}, None, "R1109"),
        (GOOD.replace(b"Response", b""), TYPE | {"soapaction": '"urn:other"'}, None, "R2744"),
    ],
)
def test_what_http_must_say_is_found_out(
    content: bytes, headers: dict[str, str], status: int | None, rule: str
) -> None:
    assert rule in broken(Message(content, headers, OPERATION, status))


def test_every_rule_has_a_message_that_breaks_it() -> None:
    assert {*RULES} == {*BAD_ANSWERS, "S6", "R1018", "R1109", "R1111", "R1126", "R2744"}


def test_what_services_answer_follows_the_profile(evidence: Evidence) -> None:
    answers = {
        name: Message(
            evidence.raw(name, "response"),
            evidence.heads(name).response,
            case.operation,
            evidence.heads(name).status,
        )
        for name, case in evidence.cases.items()
        if case.version == "1.1"
    }

    assert {name: broken(answer) for name, answer in answers.items()} == {name: [] for name in answers}


def test_what_the_gateway_asks_of_brm_follows_the_profile(evidence: Evidence) -> None:
    asked = evidence.own_requests()

    assert {name: broken(request) for name, request in asked.items()} == {name: [] for name in asked}
    assert len(asked) > 10
