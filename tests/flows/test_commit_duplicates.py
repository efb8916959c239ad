"""One ledger of duplicates for SOAP and queue."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.errors import BrmRefused, DuplicateContent, InProgress
from gateway.messaging.attempt import Ending
from gateway.messaging.queues import State
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import LEASE, Gateway, KillAt, Killed, check_invariants


def test_the_same_message_again_is_done_once_and_answered_once(gateway: Gateway) -> None:
    for _ in range(3):
        gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.DONE, Ending.DUPLICATE, Ending.DUPLICATE]
    check_invariants(gateway)
    assert gateway.brm.calls.count("open") == 1


def test_soap_gets_the_identical_result_of_what_came_over_the_queue(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a", reply=True))
    gateway.drain()
    first = gateway.coordinator.run_request(OrderService(), order("1-1", "a", reply=True))
    second = gateway.coordinator.run_request(OrderService(), order("1-1", "a", reply=True))
    assert first == second
    check_invariants(gateway)
    assert len(gateway.replies()) == 1


def test_the_queue_knows_what_came_over_soap(gateway: Gateway) -> None:
    gateway.coordinator.run_request(OrderService(), order("1-1", "a", reply=True))
    intake = gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.DUPLICATE]
    assert gateway.story(intake) == ["duplicate", "response"]


def test_what_was_told_over_soap_is_told_once_on_the_queue_to_whoever_asks_there(gateway: Gateway) -> None:
    told = gateway.coordinator.run_request(OrderService(), order("1-1", "a", reply=True))
    for _ in range(3):
        gateway.put(order("1-1", "a", reply=True))
    assert gateway.drain() == [Ending.DUPLICATE] * 3
    assert gateway.replies() == [json.loads(told)]
    check_invariants(gateway)


def test_other_content_under_the_same_ebmid_is_an_error(gateway: Gateway) -> None:
    gateway.put(order("1-1", "a"))
    intake = gateway.put(order("1-1", "b"))
    assert gateway.drain() == [Ending.DONE, Ending.ERROR]
    reason = gateway.message(intake).reason
    assert reason is not None
    assert (reason.code, reason.element) == ("O2C_DUPLICATE_EBMID", "EBMHeader/EBMID")
    with pytest.raises(DuplicateContent):
        gateway.coordinator.run_request(OrderService(), order("1-1", "c"))


def test_another_operation_or_sender_is_another_request(gateway: Gateway) -> None:
    gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    other = OrderService(operation="processBillingAdd")
    gateway.coordinator.run_request(other, order("1-1", "b"))
    assert other.worked == ["1-1"]


def test_failures_are_not_remembered(gateway: Gateway) -> None:
    with pytest.raises(BrmRefused):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a", login="refused"))
    assert b"1-1" in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    check_invariants(gateway)


def test_a_message_can_be_mended_and_resubmitted_under_its_ebmid(gateway: Gateway) -> None:
    intake = gateway.put(order("1-1", "a", login="refused"))
    gateway.drain()
    with gateway.database.begin() as work:
        assert work.messages.resubmit(intake, gateway.clock.now(), order("1-1", "a"), "acct-1")
        work.commit()
    assert gateway.drain() == [Ending.DONE]
    check_invariants(gateway)


def test_a_twin_that_is_being_worked_on_makes_a_caller_wait_and_then_refuses_it(gateway: Gateway) -> None:
    started = gateway.clock.now()
    waited: list[timedelta] = []

    class Meanwhile:
        def reached(self, point: str) -> None:
            if point == "work.before" and not waited:
                with pytest.raises(InProgress, match="1-1"):
                    gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
                waited.append(gateway.clock.now() - started)

    busy = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Meanwhile())
    busy.put(order("1-1", "a"))
    assert busy.consumer.step() is Ending.DONE
    assert waited == [timedelta(seconds=10)]
    check_invariants(gateway)


def test_a_twin_on_the_queue_is_retried_and_then_known(gateway: Gateway) -> None:
    endings: list[Ending | None] = []

    class Meanwhile:
        def reached(self, point: str) -> None:
            if point == "work.before" and not endings:
                gateway.put(order("1-1", "a"))
                endings.append(gateway.consumer.step())

    busy = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Meanwhile())
    assert b"1-1" in busy.coordinator.run_request(OrderService(), order("1-1", "a"))
    assert endings == [Ending.RETRY]
    assert gateway.drain() == [Ending.DUPLICATE]


def test_a_twin_is_answered_only_when_brm_has_confirmed_the_first(gateway: Gateway) -> None:
    dying = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=KillAt("decide.after"))
    dying.put(order("1-1", "a"))
    with pytest.raises(Killed):
        dying.consumer.step()
    with pytest.raises(InProgress, match="waits for BRM"):
        gateway.coordinator.run_request(OrderService(), order("1-1", "a"))
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    assert b"1-1" in gateway.coordinator.run_request(OrderService(), order("1-1", "a"))


def test_whoever_takes_over_a_dead_twins_place_keeps_it_when_the_twin_wakes_up(gateway: Gateway) -> None:
    answers: list[bytes] = []

    class Asleep:
        def reached(self, point: str) -> None:
            if point == "prepare.before" and not answers:
                gateway.clock.advance(LEASE * 2)
                gateway.brm.transactions[next(iter(gateway.brm.transactions))].locks.clear()
                answers.append(gateway.coordinator.run_request(OrderService(), order("1-1", "a", account="acct-1")))

    slow = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Asleep())
    intake = slow.put(order("1-1", "a"))
    assert slow.consumer.step() in (Ending.SUPERSEDED, Ending.RETRY)
    gateway.drain()
    gateway.recover()
    assert gateway.message(intake).state is State.DONE
    check_invariants(gateway)


def test_of_two_twins_that_leave_nothing_in_brm_one_commits(gateway: Gateway) -> None:
    """No cross-reference and no line keeps them apart: the ledger's own row does."""
    answers: list[bytes] = []

    class Asleep:
        def reached(self, point: str) -> None:
            if point == "decide.before" and not answers:
                gateway.clock.advance(LEASE * 2)
                gateway.brm.crash()
                answers.append(gateway.coordinator.run_request(OrderService(), order("1-1", reply=True)))

    slow = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=Asleep())
    slow.put(order("1-1", reply=True))
    assert slow.consumer.step() is Ending.SUPERSEDED
    assert gateway.drain() == [Ending.DUPLICATE]
    assert gateway.replies() == [json.loads(answers[0])]
