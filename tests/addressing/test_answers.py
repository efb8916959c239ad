"""What the answer to an addressed request says of itself (Core 1.0, 3.4; SOAP Binding 1.0; 2004/08, 3)."""

from __future__ import annotations

import pytest
from lxml import etree

from soapkit.addressing import W3C
from soapkit.faults import Fault
from soapkit.service import Request
from soapkit.versions import Version
from tests.addressing.messages import ACTION, BAD_ORDER, ID, PATTERNS, Way
from tests.contract.soapkit.orders import envelope, order, order_fault, post_as, site

PARAMETER = '<k:Key xmlns:k="urn:example:key" k:of="us">7</k:Key>'


def test_an_answer_has_action_a_new_id_and_relates_to_the_request(way: Way) -> None:
    answers = [way.post(way.headers()) for _ in range(2)]
    assert {each.answer.status for each in answers} == {200}
    for each in answers:
        assert each.text("Action") == f"{PATTERNS[way.edition]}PlaceOrderResponse"
        assert each.text("RelatesTo") == ID
        assert each.text("To") == way.edition.anonymous
    ids = {each.text("MessageID") for each in answers}
    assert len(ids) == 2
    assert all(each and each.startswith("urn:uuid:") and each != ID for each in ids)


def test_relates_to_needs_no_relationship_type_to_say_reply(way: Way) -> None:
    assert way.post(way.headers()).blocks["RelatesTo"].get("RelationshipType") is None


def test_a_message_without_addressing_is_answered_without(way: Way) -> None:
    assert way.post("").blocks == {}


def test_a_fault_about_a_message_without_addressing_has_none(way: Way) -> None:
    assert way.post("", BAD_ORDER).blocks == {}


def test_blocks_for_another_node_do_not_count(way: Way) -> None:
    role = f'{etree.QName(way.version.role).localname}="urn:example:somebody"'
    attributes = f's:{role} xmlns:s="{way.version.value}"'
    answered = way.post(way.block("Action", "urn:example:theirs", attributes))
    assert (answered.answer.status, answered.blocks) == (200, {})


def test_all_but_one_block_may_be_for_another_node(way: Way) -> None:
    role = f'{etree.QName(way.version.role).localname}="urn:example:somebody"'
    theirs = way.block("To", "urn:example:theirs", f's:{role} xmlns:s="{way.version.value}"')
    assert way.post(way.headers(theirs)).answer.status == 200


@pytest.mark.parametrize("local", ["Action", "MessageID", "To", "RelatesTo"])
def test_every_block_may_demand_to_be_understood(way: Way, local: str) -> None:
    text = {"Action": ACTION, "MessageID": ID, "To": "urn:example:here", "RelatesTo": "urn:example:other"}[local]
    demanding = way.block(local, text, f's:mustUnderstand="1" xmlns:s="{way.version.value}"')
    left = {name: None for name in ("action", "message_id") if name.replace("_", "") == local.lower()}
    assert way.post(way.headers(demanding, **left, to=local != "To")).answer.status == 200


def test_what_is_not_understood_is_told_with_soaps_action(way: Way) -> None:
    stranger = f'<x:Y xmlns:x="urn:x" s:mustUnderstand="1" xmlns:s="{way.version.value}"/>'
    told = way.post(way.headers(stranger))
    assert told.answer.fault.code == "MustUnderstand"
    assert told.text("Action") == way.edition.soap_fault
    assert told.text("RelatesTo") == ID


def test_a_declared_fault_has_its_operations_action(way: Way) -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "no", order_fault("X", "no"))

    told = way.post(way.headers(), app=site(PlaceOrder=refuse))
    assert told.answer.fault.detail is not None
    assert told.text("Action") == (
        f"{PATTERNS[W3C]}PlaceOrder:Fault:OrderFault" if way.edition is W3C else way.edition.fault
    )
    assert told.text("RelatesTo") == ID


def test_any_other_fault_has_soaps_action(way: Way) -> None:
    told = way.post(way.headers(), BAD_ORDER)
    assert told.answer.fault.code == "Client"
    assert told.text("Action") == way.edition.soap_fault
    assert told.text("RelatesTo") == ID


def test_a_body_that_is_no_operations_is_told_in_relation_to_the_request(way: Way) -> None:
    told = way.post(way.headers(), "<stranger/>")
    assert (told.text("Action"), told.text("RelatesTo")) == (way.edition.soap_fault, ID)


@pytest.mark.parametrize("holder", ["ReferenceParameters", "ReferenceProperties"])
def test_reference_parameters_come_back_as_header_blocks(way: Way, holder: str) -> None:
    reference = way.reference("ReplyTo", way.edition.anonymous, f"<a:{holder}>{PARAMETER}</a:{holder}>")
    answered = way.post(way.headers(reference))
    echoed = answered.blocks["Key"]
    assert (echoed.text, echoed.get("{urn:example:key}of")) == ("7", "us")
    mark = echoed.get(f"{{{W3C.namespace}}}IsReferenceParameter")
    assert mark == ("true" if way.edition is W3C else None)


def test_a_fault_takes_the_parameters_of_fault_to(way: Way) -> None:
    def holding(key: str) -> str:
        return f'<a:ReferenceParameters><k:{key} xmlns:k="urn:example:key"/></a:ReferenceParameters>'

    references = (
        way.reference("ReplyTo", way.edition.anonymous, holding("Reply")),
        way.reference("FaultTo", way.edition.anonymous, holding("Fault")),
    )
    good, bad = way.post(way.headers(*references)), way.post(way.headers(*references), BAD_ORDER)
    assert ("Reply" in good.blocks, "Fault" in good.blocks) == (True, False)
    assert ("Reply" in bad.blocks, "Fault" in bad.blocks) == (False, True)


def test_a_fault_goes_to_reply_to_where_there_is_no_fault_to(way: Way) -> None:
    reference = way.reference(
        "ReplyTo", way.edition.anonymous, f"<a:ReferenceParameters>{PARAMETER}</a:ReferenceParameters>"
    )
    assert "Key" in way.post(way.headers(reference), BAD_ORDER).blocks


@pytest.mark.parametrize("service", ["Notify", "PlaceOrder"])
def test_blocks_are_read_whatever_the_white_space_around_their_text(way: Way, service: str) -> None:
    action = f"\n  urn:example:orders:{service}\t"
    reply_to = way.reference("ReplyTo", f"\n {way.edition.anonymous} ")
    status = way.post(way.headers(reply_to, action=action), order(service)).answer.status
    assert status == (202 if service == "Notify" else 200)


def test_a_one_way_message_needs_no_id_and_is_accepted(way: Way) -> None:
    accepted = way.post(way.headers(action="urn:example:orders:Notify", message_id=None), order("Notify"))
    assert (accepted.answer.status, accepted.answer.content) == (202, b"")


def test_an_answer_for_nobody_is_not_sent() -> None:
    for version in Version:
        way = Way(W3C, version)
        done: list[str] = []

        def place(request: Request, done: list[str] = done) -> etree._Element:
            done.append(request.correlation_id)
            raise Fault("Client", "no")

        headers = way.headers(way.reference("ReplyTo", str(W3C.none)), message_id=None)
        answers = [way.post(headers), way.post(headers, app=site(PlaceOrder=place))]
        assert [(each.answer.status, each.answer.content) for each in answers] == [(202, b"")] * 2
        assert "Content-Type" not in answers[0].answer.headers
        assert len(done) == 1


def test_a_fault_may_be_for_nobody_and_the_answer_for_the_caller() -> None:
    way = Way(W3C, Version.SOAP_11)

    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "no")

    headers = way.headers(way.reference("FaultTo", str(W3C.none)))
    assert way.post(headers).answer.status == 200
    assert way.post(headers, app=site(PlaceOrder=refuse)).answer.status == 202


def test_what_is_not_valid_is_refused_on_the_connection_whoever_the_fault_is_for() -> None:
    way = Way(W3C, Version.SOAP_11)
    refused = way.post(way.headers(way.reference("FaultTo", str(W3C.none))), BAD_ORDER)
    assert (refused.answer.status, refused.text("To")) == (500, W3C.anonymous)


def test_relations_to_other_messages_are_taken(way: Way) -> None:
    kind = 'RelationshipType="urn:example:follows"'
    related = way.block("RelatesTo", "urn:a") + way.block("RelatesTo", "urn:b", kind)
    assert way.post(way.headers(related)).answer.status == 200


def test_the_address_in_to_is_whatever_the_caller_knows_us_by(way: Way) -> None:
    for address in ("http://orders.example/services/Orders", "https://proxy.example/x", way.edition.anonymous):
        message = envelope(order(), way.headers(to=False) + way.block("To", address), version=way.version)
        assert post_as(way.version, site(), message).status == 200
