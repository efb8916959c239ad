"""The predefined faults, case by case (SOAP Binding 1.0, 6.4; Metadata 1.0, 5.2; 2004/08, 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from lxml import etree

from soapkit.addressing import SUBMISSION, W3C
from soapkit.versions import Version
from tests.addressing.messages import ACTION, ID, PATTERNS, Read, Way, clark
from tests.contract.soapkit.orders import envelope, order, post, site

ELSEWHERE = "http://elsewhere.example/replies"
TOO_LONG = "urn:" + "x" * 3000
SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


@dataclass(frozen=True)
class Case:
    """What is wrong, with which block, and its predefined fault in 2005/08: subcode and narrower subcode."""

    header: Callable[[Way], str]
    block: str
    code: str = "InvalidAddressingHeader"
    narrower: str | None = None


def reply(inside: str, local: str = "ReplyTo") -> Callable[[Way], str]:
    return lambda way: way.headers(way.block(local, inside))


def parameter(xml: str) -> Callable[[Way], str]:
    inside = f"<a:ReferenceParameters>{xml}</a:ReferenceParameters>"
    return lambda way: way.headers(way.reference("ReplyTo", way.edition.anonymous, inside))


def second(local: str, text: str) -> Callable[[Way], str]:
    return lambda way: way.headers(way.block(local, text))


def references(local: str, count: int) -> Callable[[Way], str]:
    return lambda way: way.headers(*[way.reference(local, way.edition.anonymous)] * count)


def elsewhere(local: str, address: str = ELSEWHERE) -> Callable[[Way], str]:
    return lambda way: way.headers(way.reference(local, address))


ONLY = "OnlyAnonymousAddressSupported"
REQUIRED = "MessageAddressingHeaderRequired"
CASES = {
    "two To": Case(second("To", "urn:x"), "To", narrower="InvalidCardinality"),
    "two Action": Case(second("Action", ACTION), "Action", narrower="InvalidCardinality"),
    "two MessageID": Case(second("MessageID", ID), "MessageID", narrower="InvalidCardinality"),
    "two ReplyTo": Case(references("ReplyTo", 2), "ReplyTo", narrower="InvalidCardinality"),
    "two FaultTo": Case(references("FaultTo", 2), "FaultTo", narrower="InvalidCardinality"),
    "two From": Case(references("From", 2), "From", narrower="InvalidCardinality"),
    "no Action": Case(lambda way: way.headers(action=None), "Action", REQUIRED),
    "only MessageID": Case(lambda way: way.block("MessageID", ID), "Action", REQUIRED),
    "only RelatesTo": Case(lambda way: way.block("RelatesTo", ID), "Action", REQUIRED),
    "no MessageID": Case(lambda way: way.headers(message_id=None), "MessageID", REQUIRED),
    "empty Action": Case(lambda way: way.headers(action=" "), "Action"),
    "empty MessageID": Case(lambda way: way.headers(message_id=""), "MessageID"),
    "MessageID with a blank": Case(lambda way: way.headers(message_id="urn:a b"), "MessageID"),
    "MessageID too long": Case(lambda way: way.headers(message_id=TOO_LONG), "MessageID"),
    "elements in MessageID": Case(lambda way: way.headers(message_id="<a:x/>"), "MessageID"),
    "empty To": Case(lambda way: way.headers(way.block("To"), to=False), "To", narrower="InvalidAddress"),
    "empty RelatesTo": Case(lambda way: way.headers(way.block("RelatesTo")), "RelatesTo"),
    "empty RelationshipType": Case(
        lambda way: way.headers(way.block("RelatesTo", ID, 'RelationshipType=""')), "RelatesTo"
    ),
    "ReplyTo without Address": Case(reply(""), "ReplyTo", narrower="MissingAddressInEPR"),
    "FaultTo without Address": Case(reply("", "FaultTo"), "FaultTo", narrower="MissingAddressInEPR"),
    "From without Address": Case(reply("", "From"), "From", narrower="MissingAddressInEPR"),
    "an Address of no namespace": Case(reply("<Address>urn:x</Address>"), "ReplyTo", narrower="MissingAddressInEPR"),
    "two Addresses": Case(reply("<a:Address>urn:x</a:Address>" * 2), "ReplyTo", narrower="InvalidEPR"),
    "an empty Address": Case(elsewhere("ReplyTo", ""), "ReplyTo", narrower="InvalidAddress"),
    "a relative Address": Case(elsewhere("ReplyTo", "/replies"), "ReplyTo", narrower="InvalidAddress"),
    "an Address with a blank": Case(elsewhere("FaultTo", "http://a b/"), "FaultTo", narrower="InvalidAddress"),
    "an Address too long": Case(elsewhere("ReplyTo", TOO_LONG), "ReplyTo", narrower="InvalidAddress"),
    "an addressing block to be echoed": Case(parameter("<a:Action>urn:x</a:Action>"), "ReplyTo", narrower="InvalidEPR"),
    "a block of the other edition to be echoed": Case(
        parameter("".join(f'<To xmlns="{each.namespace}">urn:x</To>' for each in (W3C, SUBMISSION))),
        "ReplyTo",
        narrower="InvalidEPR",
    ),
    "a security header to be echoed": Case(
        parameter(f'<Security xmlns="{SECURITY}"/>'), "ReplyTo", narrower="InvalidEPR"
    ),
    "ReplyTo elsewhere": Case(elsewhere("ReplyTo"), "ReplyTo", narrower=ONLY),
    "FaultTo elsewhere": Case(elsewhere("FaultTo"), "FaultTo", narrower=ONLY),
    "ReplyTo by mail": Case(elsewhere("ReplyTo", "mailto:a@example.com"), "ReplyTo", narrower=ONLY),
    "ReplyTo a file": Case(elsewhere("ReplyTo", "file:///etc/passwd"), "ReplyTo", narrower=ONLY),
}
OLD_NAMES = {"InvalidAddressingHeader": "InvalidMessageInformationHeader", REQUIRED: "MessageInformationHeaderRequired"}


def codes(way: Way, code: str, narrower: str | None) -> list[str]:
    """Give the subcodes that a version of SOAP shows: 1.1 only the narrowest; 2004/08 has no narrower ones."""
    if way.edition is SUBMISSION:
        return [way.edition.name(OLD_NAMES.get(code, code))]
    both = [way.edition.name(each) for each in (code, narrower) if each]
    return both if way.version is Version.SOAP_12 else both[-1:]


def told_codes(told: Read) -> list[str]:
    if told.way.version is Version.SOAP_11:
        return [clark(each) for each in told.answer.body.iter("faultcode")]
    first, *sub = [clark(each) for each in told.answer.body.iter(f"{{{told.way.version.value}}}Value")]
    assert first == f"{{{told.way.version.value}}}Sender"
    return sub


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_by_its_predefined_fault(way: Way, name: str) -> None:
    case = CASES[name]
    told = way.post(case.header(way))
    assert told.answer.status == (500 if way.version is Version.SOAP_11 else 400)
    assert told_codes(told) == codes(way, case.code, case.narrower)
    assert told.text("Action") == way.edition.fault
    assert "/Envelope/Header" in told.answer.fault.text
    assert told.text("To") == way.edition.anonymous


@pytest.mark.parametrize("name", CASES)
def test_a_predefined_fault_names_the_header_that_is_wrong(way: Way, name: str) -> None:
    case = CASES[name]
    detail = way.post(case.header(way)).detail
    if way.edition is W3C:
        assert detail is not None
        assert (detail.tag, clark(detail)) == (W3C.name("ProblemHeaderQName"), W3C.name(case.block))
    elif way.version is Version.SOAP_11 or case.code == REQUIRED:
        assert detail is None
    else:
        assert detail is not None
        assert detail.tag == way.edition.name(case.block)


@pytest.mark.parametrize("name", [name for name in CASES if "MessageID" not in name and "RelatesTo" not in name])
def test_a_predefined_fault_relates_to_the_request(way: Way, name: str) -> None:
    assert way.post(CASES[name].header(way)).text("RelatesTo") == ID


def test_a_request_without_an_id_is_refused_without_a_relation(way: Way) -> None:
    assert way.post(way.headers(message_id=None)).text("RelatesTo") is None


def test_to_is_required_in_2004_only(way: Way) -> None:
    told = way.post(way.headers(to=False))
    if way.edition is W3C:
        assert told.answer.status == 200
    else:
        assert told_codes(told) == [SUBMISSION.name("MessageInformationHeaderRequired")]


def test_two_editions_in_one_message_contradict_each_other(way: Way) -> None:
    other = Way(SUBMISSION if way.edition is W3C else W3C, way.version)
    told = way.post(way.headers(other.reference("ReplyTo", ELSEWHERE)))
    assert told_codes(told) == codes(way, "InvalidAddressingHeader", "InvalidCardinality")


def test_none_is_an_address_of_2005_only(way: Way) -> None:
    told = way.post(way.headers(way.reference("ReplyTo", str(W3C.none))))
    if way.edition is W3C:
        assert told.answer.status == 202
    else:
        assert told_codes(told) == [SUBMISSION.name("InvalidMessageInformationHeader")]


def test_what_is_sent_to_none_is_unreachable() -> None:
    for version in Version:
        way = Way(W3C, version)
        told = way.post(way.headers(way.block("To", str(W3C.none)), to=False))
        assert told_codes(told) == [W3C.name("DestinationUnreachable")]
        assert told.detail is not None
        assert (told.detail.tag, told.detail.text) == (W3C.name("ProblemIRI"), W3C.none)


@pytest.mark.parametrize("local", ["ReplyTo", "FaultTo"])
def test_a_one_way_message_names_no_foreign_address_either(way: Way, local: str) -> None:
    header = way.headers(way.reference(local, ELSEWHERE), action="urn:example:orders:Notify")
    assert told_codes(way.post(header, order("Notify"))) == codes(way, "InvalidAddressingHeader", ONLY)


def test_a_header_that_is_wrong_at_length_is_not_repeated_at_length(way: Way) -> None:
    long = f'<k:Key xmlns:k="urn:example:key">{"x" * 100_000}</k:Key>'
    reference = way.reference("ReplyTo", ELSEWHERE, f"<a:ReferenceParameters>{long}</a:ReferenceParameters>")
    told = way.post(way.headers(reference))
    assert told_codes(told) == codes(way, "InvalidAddressingHeader", ONLY)
    assert len(told.answer.content) < 5_000


# ---- actions


def test_the_actions_of_soap_and_of_the_default_pattern_are_the_operations(way: Way) -> None:
    for action in (ACTION, f"{PATTERNS[way.edition]}PlaceOrderRequest"):
        assert way.post(way.headers(action=action)).answer.status == 200


def test_a_one_way_operations_default_action_ends_with_its_name(way: Way) -> None:
    header = way.headers(action=f"{PATTERNS[way.edition]}Notify", message_id=None)
    assert way.post(header, order("Notify")).answer.status == 202


@pytest.mark.parametrize("action", ["urn:example:orders:Echo", "urn:example:unknown"])
def test_an_action_that_is_not_the_bodys_is_not_supported(way: Way, action: str) -> None:
    told = way.post(way.headers(action=action))
    assert told_codes(told) == [way.edition.name("ActionNotSupported")]
    if way.edition is W3C:
        assert told.detail is not None
        assert told.detail.tag == W3C.name("ProblemAction")
        assert told.detail.findtext(W3C.name("Action")) == action


def http_action(way: Way, action: str) -> dict[str, str]:
    """Say the action as the version of SOAP has it said over HTTP."""
    if way.version is Version.SOAP_11:
        return {"SOAPAction": f'"{action}"'}
    return {"SOAPAction": "", "Content_Type": f'{way.version.content_type}; action="{action}"'}


def posted(way: Way, header: str, action: str) -> Read:
    message = envelope(order(), header, version=way.version)
    http = {"Content_Type": way.version.content_type} | http_action(way, action)
    return Read(way, post(site(), message, **http))


def test_the_action_of_http_is_the_action_of_the_message(way: Way) -> None:
    assert posted(way, way.headers(), ACTION).answer.status == 200
    assert posted(way, way.headers(), "").answer.status == 200


def test_an_action_of_http_that_differs_is_a_mismatch(way: Way) -> None:
    told = posted(way, way.headers(), "urn:example:orders:Echo")
    assert told_codes(told) == codes(way, "InvalidAddressingHeader", "ActionMismatch")
    if way.edition is W3C:
        assert told.detail is not None
        said = [(etree.QName(each).localname, each.text) for each in told.detail]
        assert said == [("Action", ACTION), ("SoapAction", "urn:example:orders:Echo")]
