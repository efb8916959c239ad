"""What cannot be done now is done later, and what cannot be done at all is told, or shown to an operator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree

from gateway.admin import NotPossible
from gateway.errors import BrmRefused, InDoubt, Unavailable
from gateway.messaging.delivery import Delivered
from gateway.messaging.replies import ReplyState
from soapkit.addressing import W3C
from soapkit.service import Request
from soapkit.versions import Version
from tests.addressing.later import SOAP_11, Later, to
from tests.addressing.messages import PATTERNS
from tests.addressing.receiver import Receiver
from tests.contract.soapkit.orders import O, order_fault, placed

HERE = W3C.anonymous


def test_a_partner_that_is_in_trouble_gets_the_same_message_again(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [500, 404]
    later.accepted(SOAP_11, to(partner))
    assert later.sit_out() == [Delivered.LATER, Delivered.LATER, Delivered.DELIVERED]
    assert len({each.content for each in partner.received}) == 1
    assert len({each.text("MessageID") for each in partner.received}) == 1
    assert later.handler.calls == 1  # type: ignore[attr-defined] # Placed


def test_the_pauses_between_attempts_grow(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [503] * 2
    later.accepted(SOAP_11, to(partner))
    for seconds in (2, 4):
        assert later.delivery.step() is Delivered.LATER
        assert later.reply.available_at - later.clock.now() == timedelta(seconds=seconds)
        later.clock.advance(timedelta(seconds=seconds - 1))
        assert later.delivery.step() is None
        later.clock.advance(timedelta(seconds=1))
    assert later.delivery.step() is Delivered.DELIVERED


def test_after_the_last_attempt_an_operator_is_told_and_mends_it(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [503] * 3
    later.accepted(SOAP_11, to(partner))
    assert later.sit_out()[-1] is Delivered.ERROR
    dead = later.reply
    assert (dead.state, dead.code, dead.reason) == (
        ReplyState.ERROR,
        "O2C_PARTNER_UNAVAILABLE",
        "OSM answered HTTP 503",
    )
    [alarm] = later.alarms()
    assert (alarm.kind, alarm.intake) == ("reply not delivered", dead.id)
    assert later.drain() == []
    later.desk.retry([dead.id])
    assert later.alarms() == []
    assert later.drain() == [Delivered.DELIVERED]
    assert len({each.content for each in partner.received}) == 1


def test_a_reply_that_is_dropped_is_never_sent_and_stays_readable(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [503] * 3
    later.accepted(SOAP_11, to(partner))
    later.sit_out()
    later.desk.drop([later.reply.id])
    later.clock.advance(timedelta(days=1))
    assert (later.drain(), later.alarms(), later.reply.state) == ([], [], ReplyState.DROPPED)
    assert b"order-1" in later.desk.request(later.reply.id)
    assert b"PlaceOrderResponse" in later.desk.answer(later.reply.id)
    with pytest.raises(NotPossible, match="it is dropped"):
        later.desk.retry([later.reply.id])


def test_a_reply_that_waits_for_its_next_attempt_may_be_tried_at_once(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [503]
    later.accepted(SOAP_11, to(partner))
    later.drain()
    later.desk.retry([later.reply.id])
    assert later.drain() == [Delivered.DELIVERED]


def test_an_operator_does_not_interfere_with_a_worker(later: Later, partner: Receiver) -> None:
    later.accepted(SOAP_11, to(partner))
    with later.database.begin() as work:
        work.replies.claim("one", later.clock.now(), later.clock.now() + timedelta(seconds=30))
        work.commit()
    for act in (later.desk.drop, later.desk.retry):
        with pytest.raises(NotPossible, match="a worker is at it"):
            act([later.reply.id])
    with pytest.raises(NotPossible, match="no answer yet"):
        later.desk.answer(later.reply.id)


@pytest.mark.parametrize("error", [Unavailable("BRM is away"), InDoubt("not known yet"), ZeroDivisionError()])
def test_what_may_succeed_later_is_run_again_before_anybody_is_told(
    later: Later, partner: Receiver, error: Exception
) -> None:
    failures = [error, error]

    def recovering(request: Request) -> etree._Element:
        if failures:
            raise failures.pop()
        return placed(request.body.findtext(f"{O}Id") or "")

    again = later.restarted(handler=recovering)
    again.accepted(SOAP_11, to(partner))
    assert again.sit_out() == [Delivered.LATER, Delivered.LATER, Delivered.DELIVERED]
    assert partner.one.text("Action") == f"{PATTERNS[W3C]}PlaceOrderResponse"


def test_what_never_succeeds_is_told_as_a_fault_after_the_last_try(later: Later, partner: Receiver) -> None:
    def broken(_: Request) -> etree._Element:
        raise Unavailable("BRM is away")

    again = later.restarted(handler=broken)
    again.accepted(SOAP_11, to(partner))
    assert again.sit_out() == [Delivered.LATER, Delivered.LATER, Delivered.DELIVERED]
    assert partner.one.body.tag == Version.SOAP_11.fault


def test_what_the_message_is_at_fault_for_is_told_at_once(later: Later, partner: Receiver) -> None:
    def refused(_: Request) -> etree._Element:
        raise BrmRefused("no such product", opcode="PCM_OP_X")

    again = later.restarted(handler=refused)
    again.accepted(SOAP_11, to(partner))
    assert again.drain() == [Delivered.DELIVERED]
    assert partner.one.body.tag == Version.SOAP_11.fault


def test_an_answer_that_the_contract_forbids_is_told_as_a_fault(later: Later, partner: Receiver) -> None:
    again = later.restarted(handler=lambda _: order_fault("X", "not an answer"))
    again.accepted(SOAP_11, to(partner))
    assert again.drain() == [Delivered.DELIVERED]
    assert "OrderFault" not in (partner.one.body.findtext("faultstring") or "")
    assert partner.one.body.tag == Version.SOAP_11.fault
