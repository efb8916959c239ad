"""Answers that go to a registered address: kept durably, run once, delivered until the partner has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from lxml import etree

from gateway.admin import NotPossible
from gateway.errors import BrmRefused, InDoubt, Unavailable
from gateway.messaging.delivery import Delivered
from gateway.messaging.replies import ReplyState
from gateway.store.unit_of_work import SqlDatabase
from soapkit.addressing import W3C
from soapkit.exchange import Caller, Exchange
from soapkit.faults import Fault
from soapkit.module import Module
from soapkit.service import Request
from soapkit.versions import Version
from tests.addressing.later import Later
from tests.addressing.messages import BAD_ORDER, ID, PATTERNS, Way
from tests.addressing.receiver import Receiver
from tests.contract.soapkit.orders import O, envelope, order, order_fault, placed, post

SOAP_11 = Way(W3C, Version.SOAP_11)
HERE = W3C.anonymous
PARAMETERS = '<a:ReferenceParameters><k:Key xmlns:k="urn:example:key">7</k:Key></a:ReferenceParameters>'


def to(partner: Receiver, local: str = "ReplyTo", way: Way = SOAP_11) -> str:
    return way.reference(local, f"{partner.url}/replies", PARAMETERS)


def refuse(_: Request) -> etree._Element:
    raise Fault("Client", "the order is refused", order_fault("X", "refused"))


# ---- delivered


def test_a_request_is_accepted_then_run_then_answered_elsewhere(later: Later, partner: Receiver, way: Way) -> None:
    later.accepted(way, to(partner, way=way))
    assert (later.reply.state, later.handler.calls) == (ReplyState.WAITING, 0)  # type: ignore[attr-defined] # Placed
    assert later.drain() == [Delivered.DELIVERED]
    got = partner.one
    assert (got.path, got.text("To"), got.text("Key")) == ("/replies", f"{partner.url}/replies", "7")
    assert got.text("Action") == f"{PATTERNS[way.edition]}PlaceOrderResponse"
    assert (got.text("RelatesTo"), got.root.tag) == (ID, way.version.envelope)
    assert (got.text("MessageID") or "").startswith("urn:uuid:")
    assert got.body.findtext(f"{O}Id") == "order-1"
    assert (later.reply.state, later.reply.tries) == (ReplyState.DELIVERED, 1)
    assert later.drain() == []


def test_an_answer_is_posted_with_the_headers_of_its_version(later: Later, partner: Receiver, way: Way) -> None:
    later.accepted(way, to(partner, way=way))
    later.drain()
    action, headers = f"{PATTERNS[way.edition]}PlaceOrderResponse", partner.one.headers
    if way.version is Version.SOAP_11:
        assert headers["CONTENT_TYPE"] == "text/xml; charset=utf-8"
        assert headers["SOAPACTION"] == f'"{action}"'
    else:
        assert headers["CONTENT_TYPE"] == f'application/soap+xml; charset=utf-8; action="{action}"'
    assert headers["X_CORRELATION_ID"] == later.reply.correlation_id


@pytest.mark.parametrize("local", ["ReplyTo", "FaultTo"])
def test_a_fault_goes_to_fault_to_else_to_reply_to(later: Later, partner: Receiver, local: str) -> None:
    refusing = later.restarted(handler=refuse)
    other = () if local == "ReplyTo" else (SOAP_11.reference("ReplyTo", str(W3C.none)),)
    refusing.accepted(SOAP_11, to(partner, local), *other)
    assert refusing.drain() == [Delivered.DELIVERED]
    got = partner.one
    assert (got.body.tag, got.text("RelatesTo")) == (Version.SOAP_11.fault, ID)
    assert got.text("Action") == f"{PATTERNS[W3C]}PlaceOrder:Fault:OrderFault"
    assert got.body.find("detail/{*}OrderFault") is not None
    assert refusing.reply.is_fault is True


def test_an_answer_for_nobody_is_run_and_thrown_away_though_faults_are_wanted(later: Later, partner: Receiver) -> None:
    later.accepted(SOAP_11, to(partner, "FaultTo"), SOAP_11.reference("ReplyTo", str(W3C.none)))
    assert later.drain() == [Delivered.DELIVERED]
    assert (partner.received, later.handler.calls) == ([], 1)  # type: ignore[attr-defined] # Placed


def test_reply_to_elsewhere_and_fault_to_here_answers_each_where_it_is_wanted(later: Later, partner: Receiver) -> None:
    ends = (to(partner), SOAP_11.reference("FaultTo", HERE))
    later.accepted(SOAP_11, *ends)
    assert later.reply.state is ReplyState.ANSWERED
    later.drain()
    assert partner.one.text("RelatesTo") == ID
    told = later.restarted(handler=refuse).post(SOAP_11, *ends, message_id="urn:other")
    assert (told.answer.status, told.text("RelatesTo")) == (500, "urn:other")
    assert len(partner.received) == 1


def test_reply_to_here_and_fault_to_elsewhere_answers_each_where_it_is_wanted(later: Later, partner: Receiver) -> None:
    answered = later.post(SOAP_11, to(partner, "FaultTo"))
    assert (answered.answer.status, later.replies()) == (200, [])
    refusing = later.restarted(handler=refuse)
    refusing.accepted(SOAP_11, to(partner, "FaultTo"))
    refusing.drain()
    assert partner.one.body.tag == Version.SOAP_11.fault


# ---- once


def test_a_request_that_comes_again_is_kept_once(later: Later, partner: Receiver) -> None:
    for _ in range(3):
        later.accepted(SOAP_11, to(partner))
    later.drain()
    later.accepted(SOAP_11, to(partner))
    assert later.drain() == []
    assert partner.one.text("RelatesTo") == ID


def test_another_message_with_the_same_id_is_refused(later: Later, partner: Receiver) -> None:
    later.accepted(SOAP_11, to(partner))
    told = later.post(SOAP_11, to(partner), body=order(lines=3))
    assert told.answer.status == 500
    assert told.codes == [W3C.name("DuplicateMessageID")]
    assert len(later.replies()) == 1


def test_two_workers_do_not_take_the_same_reply(later: Later, partner: Receiver) -> None:
    later.accepted(SOAP_11, to(partner))
    now = later.clock.now()
    with later.database.begin() as work:
        first = work.replies.claim("one", now, now + timedelta(seconds=30))
        second = work.replies.claim("two", now, now + timedelta(seconds=30))
        work.commit()
    assert first is not None
    assert second is None
    later.clock.advance(timedelta(minutes=1))
    with later.database.begin() as work:
        third = work.replies.claim("two", later.clock.now(), later.clock.now() + timedelta(seconds=30))
        assert third is not None
        assert work.replies.delivered(first, now) is False, "the fence has moved on"
        assert work.replies.delivered(third, now) is True


def test_a_lease_that_is_renewed_is_not_taken_over(later: Later, partner: Receiver) -> None:
    seen: list[object] = []

    def slow(request: Request) -> etree._Element:
        for _ in range(4):
            later.clock.advance(timedelta(seconds=20))
            working.delivery.renew()
            seen.append(other.delivery.step())
        return placed(request.body.findtext(f"{O}Id") or "")

    working = Later(later.database, later.partners, later.clock, handler=slow)
    other = Later(later.database, later.partners, later.clock, owner="worker-2")
    working.accepted(SOAP_11, to(partner))
    assert working.drain() == [Delivered.DELIVERED]
    assert seen == [None] * 4


def test_a_worker_that_must_stop_hands_back_what_it_holds(later: Later, partner: Receiver) -> None:
    def stopped(request: Request) -> etree._Element:
        assert working.delivery.hand_back() == 1
        return placed(request.body.findtext(f"{O}Id") or "")

    working = Later(later.database, later.partners, later.clock, handler=stopped)
    working.accepted(SOAP_11, to(partner))
    assert working.delivery.step() is Delivered.SUPERSEDED
    assert (later.reply.state, later.reply.tries) == (ReplyState.WAITING, 0)
    assert later.drain() == [Delivered.DELIVERED]
    assert len(partner.received) == 1


def test_two_callers_may_use_the_same_id(later: Later, partner: Receiver) -> None:
    class Knowing(Module):
        def received(self, exchange: Exchange) -> None:
            exchange.caller = Caller(exchange.environ.get("HTTP_X_CALLER", ""), "basic")

    knowing = later.restarted(modules=(Knowing(),))
    for caller in ("ada", "ben", "ada"):
        message = envelope(order(), SOAP_11.headers(to(partner)))
        assert post(knowing.app, message, X_Caller=caller).status == 202
    assert [each.caller for each in knowing.replies()] == ["ada", "ben"]


def test_many_workers_deliver_every_reply_once(later: Later, partner: Receiver) -> None:
    for number in range(12):
        later.post(SOAP_11, to(partner), message_id=f"urn:m:{number}")
    workers = [later.restarted() for _ in range(4)]
    with ThreadPoolExecutor(len(workers)) as pool:
        ended = [ending for each in pool.map(Later.drain, workers) for ending in each]
    assert ended == [Delivered.DELIVERED] * 12
    assert sorted(each.text("RelatesTo") or "" for each in partner.received) == sorted(
        f"urn:m:{number}" for number in range(12)
    )


def test_an_answer_is_signed_when_it_leaves_and_not_before(later: Later, partner: Receiver) -> None:
    class Stamping(Module):
        def sealed(self, exchange: Exchange, envelope: bytes) -> bytes:  # noqa: ARG002 - a step of a module
            at = later.clock.now().isoformat()
            return envelope.replace(b"</soap:Header>", f"<t:At xmlns:t='urn:t'>{at}</t:At></soap:Header>".encode())

    partner.statuses[:] = [503]
    stamping = later.restarted(modules=(Stamping(),))
    stamping.accepted(SOAP_11, to(partner))
    assert stamping.sit_out() == [Delivered.LATER, Delivered.DELIVERED]
    first, second = (each.text("At") for each in partner.received)
    assert None not in (first, second)
    assert first != second, "a Timestamp of yesterday is no use today"
    assert b"urn:t" not in stamping.desk.answer(stamping.reply.id)


# ---- again


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


# ---- what is kept


def test_nothing_is_kept_of_a_message_that_is_not_valid(later: Later, partner: Receiver) -> None:
    told = later.post(SOAP_11, to(partner), body=BAD_ORDER)
    assert (told.answer.status, told.text("To")) == (500, HERE)
    assert (later.replies(), partner.received) == ([], [])


def test_no_credentials_are_kept(later: Later, partner: Receiver) -> None:
    security = '<w:Security xmlns:w="urn:example:wsse"><w:Password>s3cret-word</w:Password></w:Security>'
    later.accepted(SOAP_11, to(partner), security)
    with later.database._engine.connect() as connection:  # type: ignore[attr-defined] # SqlDatabase
        kept = str(connection.exec_driver_sql("SELECT * FROM reply").all())
    assert "order-1" in kept
    assert "s3cret-word" not in kept


def test_an_operation_with_headers_of_its_own_is_answered_on_the_connection_only(
    later: Later, partner: Receiver
) -> None:
    session = '<c:Session xmlns:c="urn:example:common"><c:Token>t-1</c:Token></c:Session>'
    told = later.post(SOAP_11, to(partner), session)
    assert told.codes == [W3C.name("OnlyAnonymousAddressSupported")]
    assert later.post(SOAP_11, session).answer.status == 200


def test_a_request_that_cannot_be_kept_is_not_accepted(later: Later, partner: Receiver, database: SqlDatabase) -> None:
    with database._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE reply RENAME TO away")
    told = later.post(SOAP_11, to(partner))
    assert told.answer.status == 500
    assert told.text("Action") == W3C.soap_fault


def test_an_answer_that_cannot_be_kept_is_given_on_the_connection(
    later: Later, partner: Receiver, database: SqlDatabase
) -> None:
    with database._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE reply RENAME TO away")
    told = later.post(SOAP_11, to(partner), SOAP_11.reference("FaultTo", HERE))
    assert (told.answer.status, told.text("RelatesTo")) == (200, ID)
