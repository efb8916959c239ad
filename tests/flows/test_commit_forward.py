"""The forward path and the failure path, without crashes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.ledger import LineKey
from gateway.errors import BrmRefused, Disconnected, InDoubt, InvalidMessage, Kind, Unavailable
from gateway.messaging.attempt import Ending
from gateway.messaging.queues import State
from tests.doubles.brm import ACCOUNT, Fault
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import Gateway, check_invariants


def test_an_order_is_in_brm_and_in_xref_and_answered_once(gateway: Gateway) -> None:
    intake = gateway.put(order("1-1", "a", "b", reply=True))

    assert gateway.drain() == [Ending.DONE]

    check_invariants(gateway)
    assert set(gateway.xref()) == {"asset-a", "asset-b"}
    assert [reply["order"] for reply in gateway.replies()] == ["1-1"]
    assert gateway.message(intake).order == "1-1"
    assert gateway.story(intake) == ["open", "lock", "opcode", "prepare", "decided", "committed"]


def test_the_account_is_locked_before_the_work_and_brm_is_asked_in_order(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a"))
    gateway.drain()
    expected = ["recover", "open", "PCM_OP_READ_FLDS", "PCM_OP_CUST_MODIFY_CUSTOMER", "prepare", "commit", "forget"]
    assert expected == gateway.brm.calls


def test_the_response_is_held_until_brm_has_committed(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("commit", Disconnected("BRM is away")))
    intake = gateway.put(order("1-1", "a", reply=True))

    assert gateway.drain() == [Ending.PENDING]

    assert gateway.message(intake).state is State.DONE
    assert gateway.replies() == []
    assert [reply["order"] for reply in gateway.replies(State.HELD)] == ["1-1"]
    gateway.recover()
    check_invariants(gateway)
    assert [reply["order"] for reply in gateway.replies()] == ["1-1"]


def test_a_commit_whose_answer_is_lost_is_repeated(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("commit", InDoubt("no answer"), after=True))
    gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.PENDING]
    gateway.recover()
    check_invariants(gateway)


def test_an_order_brm_refuses_leaves_nothing_and_lies_in_the_error_queue(gateway: Gateway) -> None:
    intake = gateway.put(order("1-1", "a", "b", login="refused", reply=True))

    assert gateway.drain() == [Ending.ERROR]

    check_invariants(gateway)
    reason = gateway.message(intake).reason
    assert reason is not None
    assert (reason.code, reason.text, reason.kind) == ("BRM_REFUSED", "Duplicate value.", Kind.BUSINESS)
    assert gateway.replies() == [{"order": "1-1", "error": "Duplicate value."}]
    assert gateway.story(intake) == ["open", "lock", "opcode", "failed"]


def test_what_brm_refuses_at_prepare_is_refused(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", login="ada"))
    gateway.put(order("1-2", "b", login="ada"))
    assert gateway.drain() == [Ending.DONE, Ending.ERROR]
    check_invariants(gateway)


def test_a_message_that_is_no_order_goes_to_the_error_queue_at_once(gateway: Gateway) -> None:
    intake = gateway.put(b"<not/>")
    assert gateway.drain() == [Ending.ERROR]
    reason = gateway.message(intake).reason
    assert reason is not None
    assert (reason.code, reason.element) == ("O2C_INVALID_MESSAGE", "/order")


def test_a_message_without_a_plan_is_answered_if_its_service_can(gateway: Gateway) -> None:
    gateway.put(b'not an order, but "reply": true')
    assert gateway.drain() == [Ending.ERROR]
    assert gateway.replies() == [{"order": None, "error": "not an order"}]


def test_an_unknown_brm_is_a_business_error(gateway: Gateway) -> None:
    intake = gateway.put(order("1-1", "a", brm="BRM_99"))
    assert gateway.drain() == [Ending.ERROR]
    reason = gateway.message(intake).reason
    assert reason is not None
    assert reason.element == "EBMHeader/Target/ID"


@pytest.mark.parametrize("what", ["recover", "open", "PCM_OP_READ_FLDS", "PCM_OP_CUST_MODIFY_CUSTOMER", "prepare"])
@pytest.mark.parametrize("after", [False, True])
def test_brm_lost_before_the_decision_is_retried_later(gateway: Gateway, what: str, *, after: bool) -> None:
    gateway.brm.faults.append(Fault(what, Disconnected("BRM is away"), after=after))
    intake = gateway.put(order("1-1", "a", reply=True))

    assert gateway.drain() == [Ending.RETRY, Ending.DONE]

    check_invariants(gateway)
    assert gateway.message(intake).attempt == 2


def test_brm_down_for_long_sends_the_order_to_the_error_queue_after_all_tries(gateway: Gateway) -> None:
    gateway.brm.faults.extend(Fault("recover", Disconnected("BRM is away")) for _ in range(3))
    intake = gateway.put(order("1-1", "a", reply=True))

    assert gateway.drain() == [Ending.RETRY, Ending.RETRY, Ending.ERROR]

    check_invariants(gateway)
    with gateway.database.begin() as work:
        assert work.messages.resubmit(intake, gateway.clock.now(), None, None)
        work.commit()
    assert gateway.drain() == [Ending.DONE]
    assert gateway.message(intake).attempt == 4
    assert [reply.get("error") for reply in gateway.replies()] == ["BRM is away", None]


def test_retries_wait_by_the_policy(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("open", Unavailable("busy")))
    gateway.put(order("1-1", "a"))
    assert gateway.consumer.step() is Ending.RETRY
    assert gateway.consumer.step() is None
    gateway.clock.advance(timedelta(seconds=2))
    assert gateway.consumer.step() is Ending.DONE


def test_an_abort_that_is_not_confirmed_is_repeated_by_the_next_attempt(gateway: Gateway) -> None:
    gateway.brm.faults += [Fault("prepare", Disconnected("gone"), after=True), Fault("abort", Disconnected("gone"))]
    gateway.put(order("1-1", "a"))
    assert gateway.drain() == [Ending.RETRY, Ending.DONE]
    check_invariants(gateway)


def test_a_service_cannot_go_on_after_an_opcode_of_unknown_outcome(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("PCM_OP_CUST_MODIFY_CUSTOMER", Disconnected("gone"), after=True))
    gateway.put(order("1-1", "a", stubborn=True))
    assert gateway.drain() == [Ending.RETRY, Ending.DONE]
    check_invariants(gateway)


def test_a_broken_service_does_not_stop_the_queue(gateway: Gateway) -> None:
    def broken(_told: object) -> None:
        raise ZeroDivisionError

    other = Gateway.on(gateway.database, gateway.brm, gateway.clock, service=OrderService(during=broken))
    intake = other.put(order("1-1", "a", reply=True))
    assert other.drain() == [Ending.RETRY, Ending.RETRY, Ending.ERROR]
    reason = other.message(intake).reason
    assert reason is not None
    assert reason.text == "internal error (ZeroDivisionError)"
    gateway.put(order("1-2", "b"))
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)


def test_an_error_response_that_cannot_be_made_does_not_keep_a_message_from_the_error_queue(gateway: Gateway) -> None:
    other = Gateway.on(gateway.database, gateway.brm, gateway.clock, service=OrderService(mute=True))
    intake = other.put(order("1-1", "a", login="refused"))
    assert other.drain() == [Ending.ERROR]
    assert "no error response" in other.story(intake)


def test_an_order_without_opcodes_is_done_without_two_phases(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", silent=True, reply=True))
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)
    assert "prepare" not in gateway.brm.calls
    assert gateway.replies() == [{"order": "1-1", "poids": {}}]


def test_a_read_only_transaction_has_no_second_phase(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", silent=True, read=True, reply=True))
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)
    assert gateway.brm.calls[-1] == "prepare"


def test_work_done_under_another_ebmid_is_not_done_again(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", reply=True))
    gateway.put(order("1-2", "a", "b", reply=True))
    assert gateway.drain() == [Ending.DONE, Ending.DONE]
    check_invariants(gateway)
    with gateway.database.read() as work:
        records = work.lines.of(["a", "b"])
    assert [record.key for record in records["a"]] == [LineKey("a", "1", "FULFILL", "DO")]


def test_an_account_locked_by_somebody_else_means_later(gateway: Gateway) -> None:
    gateway.brm.open("1,00,00")
    gateway.brm.call("1,00,00", "PCM_OP_READ_FLDS", {"POID": ACCOUNT}, 0x20000)
    gateway.put(order("1-1", "a"))
    assert gateway.consumer.step() is Ending.RETRY
    gateway.brm.abort("1,00,00")
    assert gateway.drain() == [Ending.DONE]


def test_a_message_that_kills_every_worker_ends_in_the_error_queue(gateway: Gateway) -> None:
    intake = gateway.put(order("1-1", "a"))
    for _ in range(3):
        with gateway.database.begin() as work:
            now = gateway.clock.now()
            assert work.messages.claim("AIA_CRTBO_OUT_JMSQ", "doomed", now, now + timedelta(seconds=1))
            work.commit()
        gateway.clock.advance(timedelta(minutes=1))
    assert gateway.drain() == [Ending.ERROR]
    reason = gateway.message(intake).reason
    assert reason is not None
    assert reason.code == "O2C_WORKER_LOST"


def test_soap_answers_the_result_and_puts_nothing_on_a_queue(gateway: Gateway) -> None:
    result = gateway.coordinator.run_request(OrderService(), order("1-1", "a", reply=True))
    assert b'"order": "1-1"' in result
    assert gateway.replies() == []
    assert [message.state for message in gateway.messages("")] == [State.DONE]
    assert list(gateway.xref()) == ["asset-a"]


def test_soap_raises_what_went_wrong_and_the_story_keeps_it(gateway: Gateway) -> None:
    with pytest.raises(BrmRefused, match="Duplicate value"):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a", login="refused", reply=True))
    with pytest.raises(InvalidMessage):
        gateway.coordinator.run_request(OrderService(), b"<not/>")
    refused, invalid = gateway.messages("")
    assert (refused.state, invalid.state) == (State.DONE, State.DONE)
    assert refused.reason is not None
    assert refused.reason.text == "Duplicate value."
    assert gateway.story(refused.intake)[-1] == "failed"
    assert gateway.replies() == []
    check_invariants(gateway)


def test_soap_is_told_when_the_outcome_is_not_known_and_gets_it_when_it_asks_again(gateway: Gateway) -> None:
    gateway.brm.faults.append(Fault("commit", InDoubt("no answer"), after=True))
    with pytest.raises(InDoubt):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.recover()
    assert b'"order": "1-1"' in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    check_invariants(gateway)
