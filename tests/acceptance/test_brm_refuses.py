"""BRM refusing any line rolls back all of the order: nothing in BRM, nothing in XREF, the order where it came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from lxml import etree

from gateway.messaging.queues import State
from soapkit.server import running
from soapkit.transport import call_wsgi
from tests.acceptance.answers import BILLING, Told, header, poids, statuses, wrapped
from tests.acceptance.orders import ALL_ERRORS, BUSINESS_ERRORS, Customer, Order, bundle, ebm, mobile
from tests.acceptance.site import DEAL, MODIFY, ORDERS, Site, wire

XML = {"Content-Type": "text/xml; charset=utf-8"}
REFUSAL = {"errno": "PIN_ERR_BAD_VALUE", "class": "PIN_ERRCLASS_APPLICATION", "field": "PIN_FLD_QUANTITY"}
FIRST_PHASE = (MODIFY, DEAL)
SECOND_PHASE = ("PCM_OP_SUBSCRIPTION_SET_PRODINFO", "PCM_OP_SUBSCRIPTION_SET_DISCOUNTINFO")
QUESTIONS = ("PCM_OP_READ_FLDS",)
TRANSACTION = ("PCM_OP_TRANS_OPEN", "PCM_OP_TRANS_PREPARE")


def nothing_remains(world: Site, order: Order) -> bool:
    made, rows = world.brm.made(order.customer), world.xref(order.number)
    return (made, rows, world.transactions(), world.brm.fees(order.customer)) == ({}, {}, [], [])


@pytest.mark.parametrize("opcode", [*FIRST_PHASE, *QUESTIONS])
def test_an_error_buffer_from_any_opcode_undoes_the_whole_order_over_soap(
    world: Site, customer: Customer, opcode: str
) -> None:
    order = mobile(world.number(), customer)
    world.brm.fault(opcode, action="error", error={**REFUSAL, "text": "asked for by a test"})

    fault = world.refused(order)

    assert (fault.code, fault.reason) == ("Client", "PIN_ERR_BAD_VALUE")
    assert "ErrMsg=PIN_ERR_BAD_VALUE" in fault.texts
    assert opcode in fault.whole
    assert nothing_remains(world, order)


@pytest.mark.parametrize("opcode", FIRST_PHASE)
def test_an_error_buffer_puts_a_queued_order_into_the_error_queue_at_once(
    world: Site, customer: Customer, opcode: str
) -> None:
    order = mobile(world.number(), customer)
    world.brm.fault(opcode, action="error", error={**REFUSAL, "text": "asked for by a test"})

    message = world.consumed(order)

    assert (message.state, message.tries, message.queue) == (State.ERROR, 1, ORDERS)
    assert message.reason is not None
    assert message.reason.code == "PIN_ERR_BAD_VALUE"
    assert "asked for by a test" in message.reason.text
    assert nothing_remains(world, order)
    [response] = world.responses()
    assert header(response, "RequestEBMID") == order.message_id
    assert {status for status, _ in statuses(response)} <= {"FAILED"}
    assert poids(response) == {}


@pytest.mark.parametrize("opcode", SECOND_PHASE)
def test_a_refusal_in_the_second_phase_leaves_the_first_as_it_was(world: Site, customer: Customer, opcode: str) -> None:
    order = mobile(world.number(), customer)
    world.bill(order)
    before = (world.brm.bought(customer), world.xref(order.number))
    world.advance(timedelta(days=1))
    world.brm.fault(opcode, action="error", error=REFUSAL)

    world.refused(order.fulfilled())

    assert (world.brm.bought(customer), world.xref(order.number), world.brm.fees(customer)) == (*before, [])
    world.bill(order.fulfilled())
    assert len(world.brm.fees(customer)) == 3


@pytest.mark.parametrize("opcode", TRANSACTION)
def test_a_refused_transaction_undoes_the_order_and_it_can_be_sent_again(
    world: Site, customer: Customer, opcode: str
) -> None:
    order = mobile(world.number(), customer)
    world.brm.fault(
        opcode, action="error", error={"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE"}
    )

    assert world.refused(order).code == "Server"

    assert nothing_remains(world, order)
    assert poids(world.bill(order)) == world.brm.made(customer) != {}


def test_a_login_that_is_taken_is_answered_result_0_and_undoes_the_order(world: Site, customer: Customer) -> None:
    taken = mobile(world.number(), customer)
    world.bill(taken)
    other = world.customer()
    order = mobile(world.number(), other)
    order = order.with_line(order.lines[0].asset, service_id=taken.lines[0].service_id)
    mark = world.brm.last_call()

    fault = world.refused(order)

    [call] = world.brm.calls(MODIFY, mark)
    assert (call["outcome"], call["response"]["RESULT"]) == ("answered", 0)
    assert {each["DESCR"] for each in call["response"]["FIELD"].values()} == {"Duplicate value."}
    assert "Duplicate value." in fault.text
    assert "line" in fault.text
    assert nothing_remains(world, order)


def test_only_the_last_of_several_calls_is_refused_and_the_earlier_ones_are_undone(
    world: Site, customer: Customer
) -> None:
    second = world.profile(customer)
    n = world.number()
    lines = (bundle(f"{n}a", customer, f"44{n}a"), bundle(f"{n}b", customer, f"44{n}b", payer=second))
    world.brm.fault(MODIFY, nth=2, action="error", error=REFUSAL)

    world.refused(Order(n, customer, lines))

    assert len(world.brm.calls(MODIFY)) >= 2
    assert nothing_remains(world, Order(n, customer))


def test_a_product_that_brm_does_not_sell_undoes_the_order_and_names_its_line(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    order = order.with_line(order.lines[4].asset, item="item-unsold")

    fault = world.refused(order)

    assert fault.code == "Client"
    assert "lines 5" in fault.text
    assert "FulfillmentOrderLine[5]" in fault.whole
    assert nothing_remains(world, order)


# ---- system errors: retried, then told to whoever wants to hear of them


@pytest.mark.parametrize(("code", "answered"), [(ALL_ERRORS, True), (BUSINESS_ERRORS, False), ("", False)])
def test_a_system_error_is_retried_and_answered_only_when_asked(
    world: Site, customer: Customer, code: str, *, answered: bool
) -> None:
    order = mobile(world.number(), customer, response_code=code)
    error = {"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE"}
    world.brm.fault(MODIFY, count=None, action="error", error=error)

    message = world.consumed(order)

    assert (message.state, message.tries) == (State.ERROR, world.gateway.settings.queue.retry_attempts)
    assert len(world.responses()) == int(answered)
    assert nothing_remains(world, order)


def test_a_passing_system_error_is_not_noticed_but_in_the_story(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    error = {"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE"}
    world.brm.fault(DEAL, count=2, action="error", error=error)

    message = world.consumed(order)

    assert (message.state, message.tries) == (State.DONE, 3)
    [response] = world.responses()
    assert poids(response) == world.brm.made(customer) == world.xref(order.number)
    failed = [step for step in world.gateway.admin.story(message.intake) if step.step == "failed"]
    assert [step.attempt for step in failed] == [1, 2]


@pytest.mark.parametrize(
    ("opcode", "at"),
    [
        ("PCM_OP_TRANS_OPEN", "before"),
        ("PCM_OP_TRANS_OPEN", "after"),
        (MODIFY, "before"),
        (MODIFY, "after"),
        (DEAL, "after"),
        ("PCM_OP_TRANS_PREPARE", "before"),
        ("PCM_OP_TRANS_PREPARE", "after"),
        ("PCM_OP_TRANS_COMMIT", "before"),
        ("PCM_OP_TRANS_COMMIT", "after"),
        ("PCM_OP_TRANS_FORGET", "before"),
        ("PCM_OP_TRANS_FORGET", "after"),
    ],
)
def test_an_answer_lost_anywhere_does_the_order_once(world: Site, customer: Customer, opcode: str, at: str) -> None:
    order = mobile(world.number(), customer, mode="FULFILL BILLING")
    world.brm.fault(opcode, action="drop", at=at)
    intake = world.put(order)
    world.drain()
    for _ in range(5):
        world.advance(timedelta(minutes=10))
        world.gateway.coordinator.recovery.run_all()
        world.drain()

    assert world.gateway.admin.message(intake).state is State.DONE
    assert len(world.brm.owned("/service", customer)) == 1
    assert len(world.brm.fees(customer)) == 3
    assert world.transactions() == []
    [response] = world.responses()
    assert set(poids(response)) == set(world.xref(order.number))


def test_an_order_whose_accounts_another_transaction_holds_waits_its_turn(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    holder = world.gateway.brms["BRM_01"]
    holder.open("1,aa,bb")
    holder.call("1,aa,bb", "PCM_OP_READ_FLDS", {"POID": customer.account_poid, "ACCOUNT_NO": None}, 0x20000)
    intake = world.put(order)

    world.drain()
    waiting = world.gateway.admin.message(intake)
    holder.abort("1,aa,bb")

    assert waiting.state is State.WAITING
    assert world.sit_out(intake).state is State.DONE


def test_a_service_that_is_in_brm_under_an_unknown_line_is_not_bought_again(world: Site, customer: Customer) -> None:
    first = mobile(world.number(), customer)
    world.bill(first)
    again = replace(first, number=world.number())  # another order adds the very same assets

    fault = world.refused(again)

    assert first.lines[0].asset in fault.text
    assert len(world.brm.owned("/service", customer)) == 1


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        ("200 OK", "text/html", b"<html>Please log in</html>"),
        ("200 OK", "text/xml", b"<envelope/>"),
        (
            "200 OK",
            "text/xml",
            b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>",
        ),
        ("503 Service Unavailable", "text/plain", b""),
        ("404 Not Found", "text/plain", b"secret of the proxy"),
    ],
)
def test_what_answers_and_is_no_brm_is_a_system_error_that_says_nothing_of_the_inside(
    world: Site, customer: Customer, status: str, kind: str, body: bytes
) -> None:
    def anything(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    order = mobile(world.number(), customer)
    with running(lambda _: anything) as url:
        other = wire(world.directory, url, world.clock)
        posted, _, content = call_wsgi(
            other.application(), "POST", f"{url}/services/{BILLING}", wrapped(ebm(order)), XML
        )
        other.close()

    fault = Told.read(etree.fromstring(content)[-1][0])
    assert (posted, fault.code) == (500, "Server")
    assert "secret" not in fault.whole
    assert "Traceback" not in fault.whole
    assert poids(world.bill(order)) == world.brm.made(customer) != {}
