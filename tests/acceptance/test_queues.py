"""Queues as an operator meets them: order, error queue, poison, mending, discarding; and BRM being away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.admin import NotPossible
from gateway.messaging.queues import State
from tests.acceptance.answers import BILLING, header, poids
from tests.acceptance.orders import SUBSCRIPTION, Customer, Order, alone, bundle, ebm, mobile
from tests.acceptance.processes import spare_port
from tests.acceptance.site import MODIFY, ORDERS, RESPONSES, Site, brm_server, site, wire, working

BUSY = {"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE"}


def paper(world: Site, customer: Customer, item: str = "item-paper") -> Order:
    """Give a small order."""
    n = world.number()
    return Order(n, customer, (alone(f"{n}.paper", customer, SUBSCRIPTION, item),))


def phone(world: Site, customer: Customer) -> Order:
    """Give an order of one service."""
    n = world.number()
    return Order(n, customer, (bundle(f"{n}.phone", customer, f"44{n}"),))


def errors(world: Site) -> set[int]:
    return {each.intake for each in world.gateway.admin.messages(f"{ORDERS}_ErrorQ", limit=10_000)}


def states(world: Site, *intakes: int) -> list[State]:
    return [world.gateway.admin.message(intake).state for intake in intakes]


# ---- order


def test_orders_of_one_account_are_taken_in_order_even_when_the_first_has_to_wait(
    world: Site, customer: Customer
) -> None:
    first, second = world.put(phone(world, customer)), world.put(paper(world, customer))
    world.brm.fault(MODIFY, action="error", error=BUSY)

    world.drain()
    between = states(world, first, second)
    done = [world.sit_out(intake).state for intake in (first, second)]

    assert between == [State.WAITING, State.WAITING]
    assert done == [State.DONE, State.DONE]


def test_an_order_that_waits_does_not_hold_up_another_account(world: Site, customer: Customer) -> None:
    waiting, other = world.put(phone(world, customer)), world.put(paper(world, world.customer()))
    world.brm.fault(MODIFY, action="error", error=BUSY)

    world.drain()

    assert states(world, waiting, other) == [State.WAITING, State.DONE]
    world.sit_out(waiting)


def test_an_entry_in_the_error_queue_does_not_hold_up_the_next_order_of_its_account(
    world: Site, customer: Customer
) -> None:
    wrong, right = world.put(paper(world, customer, "item-nowhere")), world.put(paper(world, customer))

    world.drain()

    assert states(world, wrong, right) == [State.ERROR, State.DONE]
    assert wrong in errors(world)


def test_two_workers_bill_the_orders_of_an_account_in_the_order_they_came(world: Site, customer: Customer) -> None:
    orders = [mobile(world.number(), customer) for _ in range(3)]
    intakes = [world.put(each) for order in orders for each in (order, order.fulfilled())]
    gateways = [wire(world.directory, world.brm.address, world.clock) for _ in range(2)]

    with working(gateways[0]), working(gateways[1]):
        for intake in intakes:
            world.finished(intake)

    assert states(world, *intakes) == [State.DONE] * 6
    told = [header(response, "RequestEBMID") for response in world.responses()]
    assert told == [each.message_id for order in orders for each in (order, order.fulfilled())]
    assert len(world.brm.fees(customer)) == 9


# ---- poison


@pytest.mark.parametrize("poison", [b"", b"\xff\xfe\x00", b"<a>" * 500, b"{}", b"<?xml version='1.0'?><a/>"])
def test_poison_goes_to_the_error_queue_and_the_queue_goes_on(world: Site, customer: Customer, poison: bytes) -> None:
    bad, good = world.put(poison), world.put(paper(world, customer))

    world.drain()

    assert states(world, bad, good) == [State.ERROR, State.DONE]
    assert world.gateway.admin.payload(bad) == poison


# ---- mending


def test_a_resubmitted_order_is_billed_once_the_cause_is_mended(world: Site) -> None:
    stranger = world.customer(synced=False)
    order = mobile(world.number(), stranger)
    intake = world.consumed(order).intake
    world.responses()
    world.know("CUSTOMERPARTY_ACCOUNTID", stranger.account, stranger.account_poid)
    world.know("CUSTOMERPARTY_BILLPROFILEID", stranger.profile, stranger.billinfo)

    world.gateway.admin.resubmit([intake])

    assert world.sit_out(intake).state is State.DONE
    assert intake not in errors(world)
    [response] = world.responses()
    assert poids(response) == world.brm.made(stranger) == world.xref(order.number)


def test_an_edited_message_is_resubmitted_in_its_new_form(world: Site, customer: Customer) -> None:
    wrong = paper(world, customer, "item-nowhere")
    intake = world.consumed(wrong).intake

    world.gateway.admin.resubmit([intake], ebm(wrong.with_line(wrong.lines[0].asset, item="item-paper")))

    assert world.sit_out(intake).state is State.DONE
    assert set(world.brm.made(customer)) == {wrong.lines[0].asset}


def test_a_message_resubmitted_unmended_comes_back(world: Site, customer: Customer) -> None:
    intake = world.consumed(paper(world, customer, "item-nowhere")).intake

    world.gateway.admin.resubmit([intake])

    assert world.sit_out(intake).state is State.ERROR
    assert intake in errors(world)


def test_a_discarded_message_leaves_the_error_queue_and_stays_readable(world: Site, customer: Customer) -> None:
    wrong = paper(world, customer, "item-nowhere")
    intake = world.consumed(wrong).intake

    world.gateway.admin.discard([intake])

    assert intake not in errors(world)
    assert states(world, intake) == [State.DISCARDED]
    assert world.gateway.admin.payload(intake) == ebm(wrong)
    with pytest.raises(NotPossible):
        world.gateway.admin.resubmit([intake])


def test_many_are_resubmitted_all_or_none(world: Site, customer: Customer) -> None:
    done = world.consumed(paper(world, customer)).intake
    failed = world.consumed(paper(world, customer, "item-nowhere")).intake

    with pytest.raises(NotPossible, match=str(done)):
        world.gateway.admin.resubmit([failed, done])

    assert states(world, failed, done) == [State.ERROR, State.DONE]


def test_what_is_not_in_an_error_queue_cannot_be_discarded(world: Site, customer: Customer) -> None:
    done = world.consumed(paper(world, customer)).intake

    with pytest.raises(NotPossible):
        world.gateway.admin.discard([done])


# ---- BRM is away


class Outage:
    """A BRM that can go down and come back, with a gateway that stays."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._port = spare_port()
        self._up = ExitStack()
        brm = self._up.enter_context(brm_server(directory, port=self._port))
        self.world = stack.enter_context(site(directory, brm, queue={"retry_attempts": 4}))
        stack.callback(self.down)

    def down(self) -> None:
        self._up.close()

    def up(self) -> None:
        self._up = ExitStack()
        self._up.enter_context(brm_server(self._directory, port=self._port))


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[Outage]:
    with ExitStack() as stack:
        yield Outage(tmp_path, stack)


def test_an_order_waits_with_growing_pauses_while_brm_is_down_and_is_billed_when_it_is_back(outage: Outage) -> None:
    world = outage.world
    customer = world.customer()
    order = mobile(world.number(), customer)
    outage.down()
    intake = world.put(order)

    pauses = []
    for _ in range(3):
        world.drain()
        message = world.gateway.admin.message(intake)
        assert message.state is State.WAITING
        pauses.append((message.available_at - world.clock.now()).total_seconds())
        world.clock.advance(message.available_at - world.clock.now())  # type: ignore[attr-defined] # it is a FakeClock
    outage.up()

    assert pauses == [2, 4, 8]
    assert world.sit_out(intake).state is State.DONE
    [response] = world.responses()
    assert poids(response) == world.brm.made(customer) == world.xref(order.number)


def test_an_order_that_brm_never_answered_lies_in_the_error_queue_and_is_not_lost(outage: Outage) -> None:
    world = outage.world
    customer = world.customer()
    order = mobile(world.number(), customer)
    outage.down()
    intake = world.put(order)
    for _ in range(6):
        world.drain()
        world.clock.advance(timedelta(minutes=10))  # type: ignore[attr-defined] # it is a FakeClock

    failed = world.gateway.admin.message(intake)
    told = world.responses()
    assert (failed.state, failed.tries) == (State.ERROR, 4)
    assert (failed.reason and failed.reason.kind.value, len(told)) == ("system", 1)
    assert world.gateway.admin.payload(intake) == ebm(order)

    outage.up()
    world.gateway.admin.resubmit([intake])

    assert world.sit_out(intake).state is State.DONE
    assert world.brm.made(customer) == world.xref(order.number) != {}


def test_over_soap_a_caller_is_told_at_once_and_may_send_the_same_message_again(outage: Outage) -> None:
    world = outage.world
    customer = world.customer()
    order = mobile(world.number(), customer)
    outage.down()

    fault = world.refused(order)
    outage.up()

    assert fault.code == "Server"
    assert poids(world.bill(order)) == world.brm.made(customer) == world.xref(order.number)
    assert world.gateway.admin.get(RESPONSES) is None


def test_the_message_of_an_unknown_brm_fails_at_once(world: Site, customer: Customer) -> None:
    message = world.consumed(replace(paper(world, customer), target="BRM_99"))

    assert (message.state, message.tries) == (State.ERROR, 1)
    assert BILLING in world.refused(replace(paper(world, customer), target="BRM_99")).whole
