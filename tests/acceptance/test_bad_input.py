"""Bad input: over SOAP a fault that names element and rule, on the queue the error queue, with the same text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from lxml import etree

from gateway.messaging.queues import State
from tests.acceptance.answers import ADD, BILLING, CONSUMER, SOAP, Told, header, statuses
from tests.acceptance.orders import (
    ALL_ERRORS,
    BUSINESS_ERRORS,
    FULFILL,
    ITEM,
    SUBSCRIPTION,
    Customer,
    Order,
    alone,
    ebm,
    mobile,
    subprocess_message,
)
from tests.acceptance.site import ORDERS, RESPONSES, Site

NOWHERE = Customer("acct-nowhere", "profile-nowhere", "", "")
_INTERNALS = re.compile(r"Traceback|File \"|sqlalchemy|psycopg|lxml|spyne|gateway\.|\.py\b|object at 0x|site-pack")

Spoil = Callable[[Order], Order | bytes]


def _text(old: str, new: str) -> Spoil:
    def spoil(order: Order) -> bytes:
        written = ebm(order)
        assert old.encode() in written
        return written.replace(old.encode(), new.encode())

    return spoil


def _line(position: int, **changes: object) -> Spoil:
    return lambda order: order.with_line(order.lines[position].asset, **changes)


def _of(line: int, element: str) -> str:
    return f"FulfillmentOrderLine[{line}]/{element}"


WRONG: dict[str, tuple[Spoil, str, str]] = {
    "an element missing": (_text("<ActionCode>ADD</ActionCode>", ""), "ActionCode", ""),
    "an element unknown": (_text("<OrderQuantity>1<", "<Quantity>1</Quantity><OrderQuantity>1<"), "Quantity", ""),
    "a date that is none": (_text("2026-11-20T09:58:00Z", "yesterday"), "OrderDateTime", "yesterday"),
    "a quantity that is none": (_text("<OrderQuantity>1<", "<OrderQuantity>few<"), "OrderQuantity", "few"),
    "an empty message id": (lambda order: ebm(order).replace(order.message_id.encode(), b""), "EBMID", ""),
    "no target": (_text("<c:Target><c:ID>BRM_01</c:ID></c:Target>", ""), "Target", ""),
    "an unknown BRM": (lambda order: replace(order, target="BRM_99"), "Target/ID", "BRM_99"),
    "an unknown service account": (_line(0, owner=NOWHERE), "OwnerPartyReference", "acct-nowhere"),
    "an unknown billing account": (
        lambda o: o.with_line(o.lines[0].asset, payer=replace(o.customer, account="acct-nowhere")),
        "BillToPartyReference",
        "acct-nowhere",
    ),
    "an unknown billing profile": (
        lambda o: o.with_line(o.lines[0].asset, payer=replace(o.customer, profile="profile-nowhere")),
        "BillingProfileIdentification",
        "profile-nowhere",
    ),
    "an unknown product": (_line(1, item="item-nowhere"), _of(2, "ItemReference/ItemIdentification"), "item-nowhere"),
    "an unknown account-level product": (_line(4, item="item-nowhere"), _of(5, "ItemReference"), "item-nowhere"),
    "an unknown action": (_line(1, action="FROBNICATE"), _of(2, "ActionCode"), "FROBNICATE"),
    "an unknown billing mode": (_line(2, mode="GUESS BILLING"), _of(3, "BillingMode"), "GUESS BILLING"),
    "an unknown fulfilment mode": (
        _line(3, fulfillment="MAYBE"),
        _of(4, "FulfillmentModeCode"),
        "MAYBE",
    ),
    "an unknown product type": (_line(1, kind="GADGET"), _of(2, "ItemReference/ClassificationCode"), "GADGET"),
    "an impossible action and mode": (_line(1, fulfillment="UNDO", mode=FULFILL), _of(2, "ActionCode"), "UNDO"),
    "a service without its service id": (
        _line(0, service_id=""),
        _of(1, "FulfillmentOrderSchedule/FulfillmentOrderItemInstance"),
        "service id",
    ),
    "a parent that is not there": (
        _line(1, parent="nothing"),
        _of(2, "ParentFulfillmentOrderLineIdentification"),
        "nothing",
    ),
    "a price in another currency": (_text('currencyCode="GBP"', 'currencyCode="USD"'), "@currencyCode", "USD"),
    "a quantity of nothing": (_line(1, quantity="0"), _of(2, "OrderQuantity"), "OrderQuantity"),
    "two lines of one id": (
        lambda o: ebm(o).replace(o.line_id(o.lines[2].asset).encode(), o.line_id(o.lines[1].asset).encode()),
        "FulfillmentOrderLine",
        "tariff",
    ),
}
every_mistake = pytest.mark.parametrize("mistake", WRONG)


def spoiled(world: Site, customer: Customer, mistake: str, **changes: object) -> tuple[Order, Order | bytes]:
    order = replace(mobile(world.number(), customer), **changes)  # type: ignore[arg-type] # fields of Order
    return order, WRONG[mistake][0](order)


def nothing_remains(world: Site, order: Order) -> bool:
    return (world.brm.made(order.customer), world.xref(order.number), world.transactions()) == ({}, {}, [])


@every_mistake
def test_over_soap_a_fault_names_element_and_rule_and_nothing_is_done(
    world: Site, customer: Customer, mistake: str
) -> None:
    order, wrong = spoiled(world, customer, mistake)
    _, element, value = WRONG[mistake]

    fault = world.refused(wrong)

    assert fault.code == "Client"
    told = fault.text + " ".join(fault.texts)
    assert element in told, told
    assert value in told, told
    assert not _INTERNALS.search(fault.whole)
    assert nothing_remains(world, order)


@every_mistake
def test_on_the_queue_the_same_text_stands_in_the_error_queue(world: Site, customer: Customer, mistake: str) -> None:
    order, wrong = spoiled(world, customer, mistake)
    over_soap = world.refused(wrong)

    message = world.consumed(wrong)

    assert (message.state, message.tries) == (State.ERROR, 1)
    assert message.reason is not None
    assert comparable(f"{message.reason.code}: {message.reason.text}") == comparable(over_soap.text)
    assert message.intake in {each.intake for each in world.gateway.admin.messages(f"{ORDERS}_ErrorQ", limit=10_000)}
    assert nothing_remains(world, order)


def comparable(text: str) -> str:
    """Line numbers of the source differ between an envelope and a message by itself."""
    return re.sub(r", line \d+", "", text)


@pytest.mark.parametrize("body", [b"<open><but not closed>", b"no XML at all", b"", b"<x>\xff\xfe</x>"])
def test_what_is_not_well_formed_is_a_fault(world: Site, body: bytes) -> None:
    fault = Told.read(world.post(BILLING, body)[1])

    assert fault.code == "Client"
    assert fault.texts
    assert not _INTERNALS.search(fault.whole)


@pytest.mark.parametrize(
    "body", [b"<open><but not closed>", b"no XML at all", b"\x00\x01", b"<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"]
)
def test_what_is_not_well_formed_on_the_queue_lies_in_the_error_queue_as_it_came(world: Site, body: bytes) -> None:
    message = world.consumed(body)

    assert (message.state, message.tries) == (State.ERROR, 1)
    assert world.gateway.admin.payload(message.intake) == body
    assert message.reason is not None
    assert not _INTERNALS.search(message.reason.text)


def test_a_doctype_is_refused(world: Site) -> None:
    body = b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>"

    status, answer = world.post(BILLING, body)

    assert (status, answer.tag) == (500, f"{SOAP}Fault")
    assert "root:" not in etree.tostring(answer).decode()


def test_another_document_than_an_order_is_refused(world: Site) -> None:
    fault = world.refused(b"<Elsewhere xmlns='urn:x'/>")

    assert "Elsewhere" in fault.text


def test_consume_message_refuses_what_is_not_valid_and_queues_nothing(world: Site, customer: Customer) -> None:
    _, wrong = spoiled(world, customer, "an element missing")
    assert isinstance(wrong, bytes)

    status, answer = world.post(CONSUMER, wrong)

    assert (status, answer.tag) == (500, f"{SOAP}Fault")
    assert "Expected is ( ActionCode )" in answer.findtext("faultstring", "")
    assert answer.find("detail/*") is None  # WSDL lets a one-way operation declare no fault
    assert world.gateway.admin.messages(ORDERS, (State.WAITING,)) == []


def test_the_add_subprocess_words_its_faults_the_same(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    wrong = order.with_line(order.lines[1].asset, item="item-nowhere")

    fault = world.refused(subprocess_message(wrong), ADD)

    assert "item-nowhere" in fault.text
    assert nothing_remains(world, order)


def test_a_fault_names_the_order_the_account_and_the_message(world: Site, customer: Customer) -> None:
    order, wrong = spoiled(world, customer, "an unknown billing profile")

    fault = world.refused(wrong)

    assert fault.reason == "AIA_ERR_AIACOMBMPI_0002"
    assert fault.element.findtext("{*}EBMReference/{*}EBMID") == order.message_id
    failure = fault.element.find(".//{*}OrderFailureData")
    assert failure is not None
    assert failure.findtext("{*}OrderID/{*}BusinessComponentID") == f"order-{order.number}"
    assert failure.findtext("{*}AccountID/{*}BusinessComponentID") == customer.account


def test_a_failure_over_soap_is_in_the_story_and_in_no_error_queue(world: Site, customer: Customer) -> None:
    order, wrong = spoiled(world, customer, "an unknown product")

    world.refused(wrong)

    direct = [each for each in world.gateway.admin.messages("", limit=10_000) if each.order == order.number]
    assert [each.reason.code if each.reason else None for each in direct] == ["O2C_UNKNOWN_REFERENCE"]
    story = " ".join(step.text for step in world.gateway.admin.story(direct[0].intake))
    assert "item-nowhere" in story
    queued = world.gateway.admin.messages(f"{ORDERS}_ErrorQ", limit=10_000)
    assert order.number not in {each.order for each in queued}


# ---- error responses: only when responseCode asks


@pytest.mark.parametrize(
    ("code", "answered"), [(ALL_ERRORS, True), (BUSINESS_ERRORS, True), ("", False), ("SOMETHING_ELSE", False)]
)
@pytest.mark.parametrize("mistake", ["an unknown product", "an unknown action", "an impossible action and mode"])
def test_a_business_error_is_answered_when_the_response_code_asks(
    world: Site, customer: Customer, mistake: str, code: str, *, answered: bool
) -> None:
    order, wrong = spoiled(world, customer, mistake, response_code=code)

    message = world.consumed(wrong)

    assert message.state is State.ERROR
    found = world.responses()
    assert len(found) == int(answered)
    if found:
        [response] = found
        assert message.reason is not None
        assert (header(response, "Sender/ID"), header(response, "Target/ID")) == ("BRM_01", "OSMCFS_01")
        assert header(response, "RequestEBMID") == order.message_id
        assert response.findtext(".//{*}EBMHeader//{*}FaultMessage/{*}Code") == message.reason.code
        assert response.findtext(".//{*}EBMHeader//{*}FaultMessage/{*}Text") == message.reason.text
        assert {status for status, _ in statuses(response)} <= {"FAILED"}


def test_the_verb_may_carry_the_response_code_and_the_data_area_wins(world: Site, customer: Customer) -> None:
    on_verb = f'<c:Process responseCode="{BUSINESS_ERRORS}"/>'
    order = mobile(world.number(), customer, response_code="")
    first = ebm(order.with_line(order.lines[1].asset, item="item-nowhere")).replace(b"<c:Process/>", on_verb.encode())
    order = mobile(world.number(), customer, response_code="NONE")
    second = ebm(order.with_line(order.lines[1].asset, item="item-nowhere")).replace(b"<c:Process/>", on_verb.encode())

    world.consumed(first)
    answered = len(world.responses())
    world.consumed(second)

    assert (answered, len(world.responses())) == (1, 0)


def test_an_account_that_brm_has_but_xref_does_not_is_not_synchronised(world: Site) -> None:
    stranger = world.customer(synced=False)
    order = Order(world.number(), stranger, (alone("x", stranger, SUBSCRIPTION, "item-paper"),))

    assert world.refused(order).reason == "AIA_ERR_AIACOMBMPI_0002"
    assert world.gateway.admin.get(RESPONSES) is None


def test_a_penalty_goes_to_a_later_issue_by_name(world: Site, customer: Customer) -> None:
    n = world.number()
    first = mobile(n, customer)
    world.bill(first)
    phone = replace(first.lines[0], action="SUSPEND")
    fee = replace(alone(f"{n}.fee", customer, ITEM, "item-admin-fee"), parent=phone.asset)

    fault = world.refused(Order(n, customer, (phone, fee), mode=FULFILL))

    assert "ActionCode" in fault.text
