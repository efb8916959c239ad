"""One order is billed once, whatever comes twice (COMMIT.md, Duplicates)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway.messaging.queues import State
from tests.acceptance.answers import ADD, BILLING, canonical, header, poids, post, statuses
from tests.acceptance.orders import FULFILL, Customer, Order, ebm, mobile, subprocess_message
from tests.acceptance.site import MODIFY, Site, wire, working


def billed_once(world: Site, order: Order) -> bool:
    services, rows = world.brm.owned("/service", order.customer), world.xref(order.number)
    return len(services) == 1 and rows == world.brm.made(order.customer)


def test_the_same_message_twice_over_soap_is_answered_identically(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    first = world.bill(order)
    mark = world.brm.last_call()

    again = world.bill(order)

    assert canonical(again) == canonical(first)
    assert world.brm.opcodes(mark) == []
    assert billed_once(world, order)


def test_white_space_and_prefixes_do_not_make_another_content(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    first = world.bill(order)
    respelt = ebm(order).replace(b"<c:", b"<core:").replace(b"</c:", b"</core:").replace(b"xmlns:c=", b"xmlns:core=")

    status, again = world.post(BILLING, respelt)

    # an element's prefix is part of canonical XML: either reading is safe, doing the work again is not
    assert (status, canonical(again)) == (200, canonical(first)) or status == 500
    assert billed_once(world, order)


def test_the_same_message_twice_on_the_queue_is_done_once_and_answered_alike(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    first, second = world.put(order), world.put(order)

    world.drain()

    states = [world.gateway.admin.message(intake).state for intake in (first, second)]
    assert states == [State.DONE, State.DONE]
    assert len({canonical(each) for each in world.responses()}) == 1
    assert billed_once(world, order)


def test_a_message_over_soap_and_then_on_the_queue_is_one_order(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    first = world.bill(order)

    message = world.consumed(order)

    assert message.state is State.DONE
    assert [canonical(each) for each in world.responses()] == [canonical(first)]
    assert billed_once(world, order)


def test_a_message_on_the_queue_and_then_over_soap_is_one_order(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    world.consumed(order)
    [response] = world.responses()

    assert canonical(world.bill(order)) == canonical(response)
    assert billed_once(world, order)


def test_other_content_under_the_same_message_id_is_an_error(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    world.bill(order)
    other = order.with_line(order.lines[1].asset, quantity="2")

    fault = world.refused(other)
    message = world.consumed(other)

    assert (fault.code, fault.reason) == ("Client", "O2C_DUPLICATE_EBMID")
    assert (message.state, message.reason and message.reason.code) == (State.ERROR, "O2C_DUPLICATE_EBMID")
    assert world.brm.bought(customer)[order.lines[1].asset]["QUANTITY"] == 1
    assert billed_once(world, order)


def test_the_same_message_id_of_another_sender_is_another_message(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    world.bill(order)
    second = replace(mobile(world.number(), world.customer()), ebm_id=order.message_id)

    answer = post(
        f"{world.url}/services/{BILLING}", ebm(second).replace(b"<c:ID>OSMCFS_01</c:ID>", b"<c:ID>OSMCFS_02</c:ID>", 1)
    )

    assert answer[0] == 200
    assert header(answer[1], "Target/ID") == "OSMCFS_02"
    assert billed_once(world, second)


@pytest.mark.parametrize("mode", ["INITIATE BILLING", FULFILL])
def test_a_new_message_for_lines_that_are_done_does_no_work(world: Site, customer: Customer, mode: str) -> None:
    order = mobile(world.number(), customer, mode=mode)
    first = world.bill(order)
    before = (world.brm.made(customer), world.brm.fees(customer))
    mark = world.brm.last_call()

    again = world.bill(replace(order, ebm_id=f"another-{order.number}"))

    assert world.brm.opcodes(mark) == []
    assert (world.brm.made(customer), world.brm.fees(customer)) == before
    assert statuses(again) == statuses(first)
    assert poids(again) == poids(first)
    assert header(again, "RequestEBMID") == f"another-{order.number}"


def test_a_new_revision_bills_what_it_adds_and_nothing_twice(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    short = replace(order, lines=order.lines[:3])
    first = poids(world.bill(short))

    second = poids(world.bill(replace(order, revision=2)))

    assert first.items() <= second.items()
    assert second == world.brm.made(customer) == world.xref(order.number)


def test_a_failure_is_not_remembered_as_a_result(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    unsold = order.with_line(order.lines[4].asset, item="item-unsold")
    world.refused(unsold)

    world.know("ITEM_ITEMID", "item-unsold", "0.0.0.1 /product 10039")
    answer = world.bill(unsold)
    world.know("ITEM_ITEMID", "item-unsold", "0.0.0.1 /product 99999")

    assert poids(answer) == world.brm.made(customer) == world.xref(order.number)


def test_twins_at_the_same_time_are_done_once_and_both_answered_alike(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    world.brm.fault(MODIFY, action="delay", seconds=0.3)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.bill(order), range(4)))

    assert len({canonical(each) for each in answers}) == 1
    assert billed_once(world, order)


def test_orders_of_one_account_at_the_same_time_are_all_done_and_each_once(world: Site, customer: Customer) -> None:
    orders = [mobile(world.number(), customer) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda order: post(f"{world.url}/services/{BILLING}", ebm(order)), orders))
    done = [order for order, (status, _) in zip(orders, answers, strict=True) if status == 200]

    assert done
    made = world.brm.made(customer)
    assert set(made) == {line.asset for order in done for line in order.lines}
    assert {common: poid for order in orders for common, poid in world.xref(order.number).items()} == made


def test_twins_on_the_queue_of_two_workers_are_done_once(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    intakes = [world.put(order) for _ in range(3)]
    gateways = [wire(world.directory, world.brm.address, world.clock) for _ in range(2)]

    with working(gateways[0]), working(gateways[1]):
        for intake in intakes:
            world.finished(intake)

    assert {world.gateway.admin.message(intake).state for intake in intakes} == {State.DONE}
    assert len({canonical(each) for each in world.responses()}) == 1
    assert billed_once(world, order)


def test_a_subprocess_called_twice_alone_works_once(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)

    first, again = (world.post(ADD, subprocess_message(order)) for _ in range(2))

    assert (first[0], again[0]) == (200, 200)
    assert canonical(first[1]) == canonical(again[1])
    assert billed_once(world, order)
