"""Answers that go to a registered address: kept durably, run once, delivered until the partner has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from lxml import etree
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from gateway.messaging.delivery import Delivered
from gateway.messaging.replies import ReplyState
from soapkit.addressing import W3C
from soapkit.exchange import Caller, Exchange
from soapkit.faults import Fault
from soapkit.module import Module
from soapkit.observe import tracing
from soapkit.observe.spans import Spans
from soapkit.service import Request
from soapkit.versions import Version
from tests.addressing.later import SOAP_11, Later, to
from tests.addressing.messages import ID, PATTERNS, Way
from tests.addressing.receiver import Receiver
from tests.contract.soapkit.orders import O, envelope, order, order_fault, placed, post

HERE = W3C.anonymous


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


def test_what_is_done_later_is_traced_from_the_call_to_the_partner(later: Later, partner: Receiver) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.activate(Spans(provider))
    try:
        later.app = tracing.traced(later.app)
        later.accepted(SOAP_11, to(partner))
        later.drain()
    finally:
        tracing.activate(None)

    call, post_, work = exporter.get_finished_spans()
    assert [span.kind for span in (call, post_, work)] == [SpanKind.SERVER, SpanKind.CLIENT, SpanKind.CONSUMER]
    assert (work.name, post_.name) == ("process replies", "Orders/PlaceOrder")
    assert call.context is not None
    assert work.context is not None
    assert post_.parent is not None
    assert post_.context is not None
    assert [link.context.span_id for link in work.links] == [call.context.span_id]
    assert post_.parent.span_id == work.context.span_id
    assert partner.one.headers["TRACEPARENT"].split("-")[2] == f"{post_.context.span_id:016x}"


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


def test_how_long_partners_have_waited_is_known_by_state(later: Later, partner: Receiver) -> None:
    began = later.clock.now()
    later.accepted(SOAP_11, to(partner))
    later.clock.advance(timedelta(seconds=5))
    with later.database.read() as work:
        assert work.replies.oldest() == {ReplyState.WAITING: began}


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
