"""From when and for how much: INITIATE a year ahead and free, FULFILL with real dates and fees (seed 003)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from brm_sim.flist import Flist
from tests.acceptance.answers import bare, poids, statuses
from tests.acceptance.orders import (
    DISCOUNT,
    FULFILL,
    INITIATE,
    ITEM,
    SUBSCRIPTION,
    Charge,
    Customer,
    Line,
    Order,
    alone,
    bundle,
    child,
    mobile,
)
from tests.acceptance.site import DEAL, MODIFY, Site

STARTS = ("PURCHASE_START_T", "CYCLE_START_T", "USAGE_START_T")
YEAR = timedelta(days=365)
SET_PRODUCT, SET_DISCOUNT = "PCM_OP_SUBSCRIPTION_SET_PRODINFO", "PCM_OP_SUBSCRIPTION_SET_DISCOUNTINFO"


def starts(offering: Flist) -> set[Any]:
    return {offering[name] for name in STARTS}


def phone(n: str, owner: Customer, *more: Line, mode: str = FULFILL) -> Order:
    """Give an order of one service and what is bought for it."""
    return Order(n, owner, (bundle(f"{n}.phone", owner, f"44{n}"), *more), mode=mode)


def part(n: str, owner: Customer, kind: str, item: str, *charges: Charge, name: str = "part") -> Line:
    return child(bundle(f"{n}.phone", owner, f"44{n}"), name, kind, item, *charges)


# ---- INITIATE BILLING


def test_initiate_dates_everything_a_year_ahead_and_charges_nothing(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)

    world.bill(order)

    held = world.brm.bought(customer)
    assert set(held) == {line.asset for line in order.lines[1:]}
    assert [starts(each) for each in held.values()] == [{world.clock.now() + YEAR}] * 4
    assert world.brm.fees(customer) == []


def test_dates_on_the_order_do_not_matter_to_initiate(world: Site, customer: Customer) -> None:
    n = world.number()
    dated = replace(
        part(n, customer, SUBSCRIPTION, "item-tariff"), dates=(("PurchaseDate", "2026-11-01T00:00:00Z"),)
    )  # fmt: skip

    world.bill(phone(n, customer, dated, mode=INITIATE))

    assert starts(world.brm.bought(customer)[dated.asset]) == {world.clock.now() + YEAR}
    assert world.brm.fees(customer) == []


def test_an_item_has_a_poid_in_initiate_only(world: Site, customer: Customer) -> None:
    n, m = world.number(), world.number()
    initiated = part(n, customer, ITEM, "item-handset")
    fulfilled = part(m, customer, ITEM, "item-handset")

    first = world.bill(phone(n, customer, initiated, mode=INITIATE))
    straight = world.bill(phone(m, customer, fulfilled))

    assert (initiated.asset in poids(first), fulfilled.asset in poids(straight)) == (True, False)
    assert (initiated.asset in world.xref(n), fulfilled.asset in world.xref(m)) == (True, False)
    assert statuses(straight) == [("COMPLETE", "FULFILL BILLING COMPLETE")] * 2


# ---- FULFILL BILLING straight away


def test_fulfill_straight_away_buys_with_real_dates_and_charges(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer, mode=FULFILL)

    world.bill(order)

    held = world.brm.bought(customer)
    assert {name: starts(each) for name, each in held.items()} == {
        line.asset: {world.clock.now()} for line in order.lines[1:] if line.kind != ITEM
    }
    # tariff 30.00 by override, less the loyalty discount of 10 %; handset and paper bill at list price
    expected = [("Handset Fee", "120.00"), ("Mobile Tariff Unlimited", "27.00"), ("Paper Bill", "1.50")]
    assert world.brm.fees(customer) == expected


def test_dates_on_the_line_are_the_dates_in_brm(world: Site, customer: Customer) -> None:
    n = world.number()
    given = ("2026-11-02T08:00:00Z", "2026-11-03T08:00:00Z", "2026-11-04T08:00:00Z")
    names = ("PurchaseDate", "CycleStartDateTime", "ServiceUsageStartDateTime")
    dated = replace(
        part(n, customer, SUBSCRIPTION, "item-tariff"),
        dates=tuple(zip(names, given, strict=True)),
        end="2028-11-20T00:00:00Z",
    )

    world.bill(phone(n, customer, dated))

    held: Any = world.brm.bought(customer)[dated.asset]
    assert tuple(held[name].strftime("%Y-%m-%dT%H:%M:%SZ") for name in STARTS) == given
    assert held["PURCHASE_END_T"].strftime("%Y-%m-%d") == "2028-11-20"


@pytest.mark.parametrize(
    ("charges", "set_up", "recurring"),
    [
        ((), "10.00", "42.50"),
        ((Charge("RECURRING", override="40.00"),), "10.00", "40.00"),
        ((Charge("ONE-TIME", override="8.00"),), "8.00", "42.50"),
        ((Charge("RECURRING", amount="2.50"),), "10.00", "40.00"),
        ((Charge("RECURRING", percent="20"),), "10.00", "34.00"),
        ((Charge("ONE-TIME", percent="100"),), "0.00", "42.50"),
        ((Charge("ONE-TIME", override="9.00"), Charge("RECURRING", override="50.00", percent="10")), "9.00", "45.00"),
    ],
    ids=["list", "recurring", "one-time", "amount-off", "percent-off", "free-set-up", "both"],
)
def test_overrides_and_discounts_of_a_line_change_its_fees(
    world: Site, customer: Customer, charges: tuple[Charge, ...], set_up: str, recurring: str
) -> None:
    n = world.number()

    world.bill(phone(n, customer, part(n, customer, SUBSCRIPTION, "item-tariff-business", *charges)))

    found = [amount for _, amount in world.brm.fees(customer) if amount != "0.00"]
    assert found == sorted(amount for amount in (set_up, recurring) if amount != "0.00")


def test_a_quantity_multiplies_the_fee(world: Site, customer: Customer) -> None:
    n = world.number()
    three = replace(part(n, customer, SUBSCRIPTION, "item-data"), quantity="3")

    world.bill(phone(n, customer, three))

    assert world.brm.fees(customer) == [("Extra Data 20 GB", "24.00")]
    assert world.brm.bought(customer)[three.asset]["QUANTITY"] == 3


@pytest.mark.parametrize(("override", "fee"), [("", "120.00"), ("99.00", "99.00")])
def test_a_one_time_charge_is_charged_once(world: Site, customer: Customer, override: str, fee: str) -> None:
    n = world.number()
    charge = Charge("ONE-TIME", override=override)

    world.bill(phone(n, customer, part(n, customer, ITEM, "item-handset", charge)))

    assert world.brm.fees(customer) == [("Handset Fee", fee)]


@pytest.mark.parametrize(("discount", "fee"), [("item-loyalty", "31.50"), ("item-welcome", "30.00")])
def test_a_purchased_discount_reduces_the_fees_of_its_service(
    world: Site, customer: Customer, discount: str, fee: str
) -> None:
    n = world.number()
    tariff = part(n, customer, SUBSCRIPTION, "item-tariff", name="tariff")

    world.bill(phone(n, customer, tariff, part(n, customer, DISCOUNT, discount, name="discount")))

    assert world.brm.fees(customer) == [("Mobile Tariff Unlimited", fee)]


def test_a_discount_amount_and_percentage_together_are_refused(world: Site, customer: Customer) -> None:
    n = world.number()
    both = Charge("RECURRING", amount="1.00", percent="10")

    fault = world.refused(phone(n, customer, part(n, customer, SUBSCRIPTION, "item-tariff", both)))

    assert "DiscountPercent" in fault.text
    assert (world.brm.made(customer), world.xref(n)) == ({}, {})


def test_a_one_time_charge_at_account_level_is_bought_by_a_deal(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()

    world.bill(Order(n, customer, (alone(f"{n}.fee", customer, ITEM, "item-admin-fee"),), mode=FULFILL))

    assert world.brm.opcodes(mark) == [DEAL]
    assert world.brm.fees(customer) == [("Administration Fee", "7.50")]


# ---- FULFILL BILLING after INITIATE BILLING


def test_fulfill_after_initiate_sets_the_real_dates_and_charges_then(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    initiated = poids(world.bill(order))
    world.advance(timedelta(days=3))
    mark = world.brm.last_call()

    answer = world.bill(order.fulfilled())

    assert set(world.brm.opcodes(mark)) == {SET_PRODUCT, SET_DISCOUNT}
    held = world.brm.bought(customer)
    assert [starts(each) for each in held.values()] == [{world.clock.now()}] * 4
    expected = [("Handset Fee", "120.00"), ("Mobile Tariff Unlimited", "27.00"), ("Paper Bill", "1.50")]
    assert world.brm.fees(customer) == expected
    assert statuses(answer) == [("COMPLETE", "FULFILL BILLING COMPLETE")] * 5
    assert world.brm.made(customer) == initiated == world.xref(order.number)


def test_the_phase_is_told_by_the_ledger_not_by_dates(world: Site, customer: Customer) -> None:
    n = world.number()
    tariff = part(n, customer, SUBSCRIPTION, "item-tariff")
    order = phone(n, customer, tariff, mode=INITIATE)
    world.bill(order)
    world.advance(timedelta(days=400))  # the dates of INITIATE have passed by now
    mark = world.brm.last_call()

    world.bill(order.fulfilled())

    assert world.brm.opcodes(mark) == [SET_PRODUCT]
    assert starts(world.brm.bought(customer)[tariff.asset]) == {world.clock.now()}


def test_real_dates_of_the_second_message_are_kept(world: Site, customer: Customer) -> None:
    n = world.number()
    tariff = part(n, customer, SUBSCRIPTION, "item-tariff")
    order = phone(n, customer, tariff, mode=INITIATE)
    world.bill(order)
    delivered = (("ActualDeliveryDateTime", "2026-11-19T09:00:00Z"),)

    world.bill(order.fulfilled().with_line(tariff.asset, dates=delivered))

    held: Any = world.brm.bought(customer)[tariff.asset]
    assert {held[name].isoformat() for name in STARTS} == {"2026-11-19T09:00:00+00:00"}


def test_a_message_may_initiate_some_lines_and_fulfil_others(world: Site, customer: Customer) -> None:
    n = world.number()
    first = mobile(n, customer)
    world.bill(first)
    late = replace(alone(f"{n}.care", customer, SUBSCRIPTION, "item-itemised"), mode=INITIATE)
    second = replace(first, lines=(*first.lines, late), mode=FULFILL, ebm_id=f"ebm-{n}-both")
    mark = world.brm.last_call()

    answer = world.bill(second)

    assert [text for _, text in statuses(answer)] == ["FULFILL BILLING COMPLETE"] * 5 + ["INITIATE BILLING COMPLETE"]
    assert set(world.brm.opcodes(mark)) == {SET_PRODUCT, SET_DISCOUNT, DEAL}
    assert starts(world.brm.bought(customer)[late.asset]) == {world.clock.now() + YEAR}


def test_lines_added_to_a_bundle_that_is_in_brm_join_its_service(world: Site, customer: Customer) -> None:
    n = world.number()
    first = phone(n, customer, mode=INITIATE)
    made = poids(world.bill(first))
    added = part(n, customer, SUBSCRIPTION, "item-data", name="data")
    later = replace(first, lines=(*first.lines, added), ebm_id=f"ebm-{n}-later")
    mark = world.brm.last_call()

    world.bill(later)

    assert world.brm.opcodes(mark) == [DEAL]
    assert bare(world.brm.bought(customer)[added.asset]["SERVICE_OBJ"]) == made[f"{n}.phone"]


def test_initiate_after_fulfill_is_contradictory(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer, mode=FULFILL)
    world.bill(order)
    before = world.brm.fees(customer)

    fault = world.refused(replace(order, mode=INITIATE))

    assert "BillingMode" in fault.text
    assert world.brm.fees(customer) == before


def test_a_service_alone_is_one_call_and_no_fee(world: Site, customer: Customer) -> None:
    mark = world.brm.last_call()

    world.bill(phone(world.number(), customer))

    assert world.brm.opcodes(mark) == [MODIFY]
    assert world.brm.fees(customer) == []
