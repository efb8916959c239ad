"""Orders that are valid and unusual: what a partner's system may well send on a bad day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from gateway.messaging.queues import State
from tests.acceptance.answers import BILLING, Told, bare, poids, post
from tests.acceptance.orders import (
    FULFILL,
    ITEM,
    SUBSCRIPTION,
    Charge,
    Customer,
    Line,
    Order,
    alone,
    bundle,
    child,
    ebm,
    mobile,
)
from tests.acceptance.site import Site


def tariff_alone(world: Site, customer: Customer, *charges: Charge, **changes: Any) -> tuple[Order, Line]:
    n = world.number()
    phone = bundle(f"{n}.phone", customer, f"44{n}")
    tariff = replace(child(phone, "tariff", SUBSCRIPTION, "item-tariff", *charges), **changes)
    return Order(n, customer, (phone, tariff), mode=FULFILL), tariff


# ---- text


@pytest.mark.parametrize("service_id", ["O'Neill", 'a "b" c', "%", "x' or 'a'='a", "schön-ünïcode-日本", "a&amp;b"])
def test_a_service_id_is_what_it_is(world: Site, customer: Customer, service_id: str) -> None:
    n = world.number()

    world.bill(Order(n, customer, (bundle(f"{n}.phone", customer, f"{n} {service_id}"),)))

    [service] = world.brm.owned("/service", customer)
    assert service["LOGIN"] == f"{n} {service_id}".replace("&amp;", "&")


def test_an_asset_of_any_name_is_found_again(world: Site, customer: Customer) -> None:
    n = world.number()
    asset = f"{n} <ünï> & 'quoted' %"
    paper = alone(asset, customer, SUBSCRIPTION, "item-paper")
    order = Order(n, customer, (paper,))
    made = poids(world.bill(order))

    world.bill(order.fulfilled())

    assert set(made) == {asset}
    assert world.brm.made(customer) == made == world.xref(n)
    assert world.brm.fees(customer) == [("Paper Bill", "1.50")]


def test_comments_and_cdata_inside_text_do_not_cut_it_short(world: Site, customer: Customer) -> None:
    n = world.number()
    order = Order(n, customer, (bundle(f"{n}.phone", customer, f"44{n}77"),))
    written = ebm(order).replace(f"44{n}77".encode(), f"44<!-- a comment -->{n}<![CDATA[77]]>".encode())

    world.bill(written)

    [service] = world.brm.owned("/service", customer)
    assert service["LOGIN"] == f"44{n}77"


def test_white_space_around_ids_and_codes_does_not_matter(world: Site, customer: Customer) -> None:
    order, tariff = tariff_alone(world, customer)
    written = ebm(order).replace(b"<ActionCode>ADD<", b"<ActionCode>\n  ADD\n <")
    written = written.replace(f">{tariff.asset}<".encode(), f">\n   {tariff.asset}\t<".encode())

    world.bill(written)

    assert tariff.asset in world.brm.made(customer)


def test_a_message_in_another_encoding_is_read(world: Site, customer: Customer) -> None:
    n = world.number()
    order = Order(n, customer, (bundle(f"{n}.phone", customer, f"{n} Zoë"),))
    latin = ebm(order).decode().replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("latin-1")

    assert world.consumed(latin).state is State.DONE

    [service] = world.brm.owned("/service", customer)
    assert service["LOGIN"] == f"{n} Zoë"


def test_a_line_without_an_asset_is_known_by_its_own_id(world: Site, customer: Customer) -> None:
    order, tariff = tariff_alone(world, customer)
    document = etree.fromstring(ebm(order))
    for asset in document.findall(".//{*}FulfillmentOrderLine[2]/{*}InstalledProductReference"):
        asset.getparent().remove(asset)  # type: ignore[union-attr] # it has one

    world.bill(etree.tostring(document))

    assert set(world.brm.made(customer)) == {order.lines[0].asset, order.line_id(tariff.asset)}
    assert world.xref(f"line-{order.number}") != {}


# ---- dates and money


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-11-02T08:00:00+02:00", "2026-11-02T06:00:00+00:00"),
        ("2026-11-02T08:00:00.750Z", "2026-11-02T08:00:00+00:00"),
    ],
)
def test_dates_reach_brm_in_utc(world: Site, customer: Customer, given: str, kept: str) -> None:
    order, tariff = tariff_alone(world, customer, dates=(("PurchaseDate", given),))

    world.bill(order)

    held: Any = world.brm.bought(customer)[tariff.asset]
    assert held["PURCHASE_START_T"].replace(microsecond=0).isoformat() == kept


@pytest.mark.parametrize(
    "given", ["2026-11-02T08:00:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]
)
def test_a_date_without_zone_or_out_of_reach_is_read_or_refused_by_name(
    world: Site, customer: Customer, given: str
) -> None:
    order, _ = tariff_alone(world, customer, dates=(("PurchaseDate", given),))

    status, answer = post(f"{world.url}/services/{BILLING}", ebm(order))

    told = etree.tostring(answer).decode()
    assert status == 200 or ("PurchaseDate" in told and "soap:Client" in told), told


@pytest.mark.parametrize(
    ("charge", "fee"),
    [
        (Charge("RECURRING", override="0"), None),
        (Charge("RECURRING", override="0.00"), None),
        (Charge("RECURRING", override="+12"), "12.00"),
        (Charge("RECURRING", override="1000000.005"), "1000000.01"),
        (Charge("RECURRING", amount="99.00"), "0.00"),
        (Charge("RECURRING", percent="33.333"), "23.33"),
        (Charge("RECURRING", percent="0"), "35.00"),
    ],
)
def test_unusual_prices_are_charged_as_written(
    world: Site, customer: Customer, charge: Charge, fee: str | None
) -> None:
    order, _ = tariff_alone(world, customer, charge)

    world.bill(order)

    charged = [amount for _, amount in world.brm.fees(customer) if amount != "0.00"]
    assert charged == ([] if fee in (None, "0.00") else [fee])


@pytest.mark.parametrize("percent", ["101", "-1", "1000000"])
def test_a_percentage_out_of_range_is_refused(world: Site, customer: Customer, percent: str) -> None:
    order, _ = tariff_alone(world, customer, Charge("RECURRING", percent=percent))

    assert "DiscountPercent" in world.refused(order).text


def test_an_end_that_means_never_is_kept(world: Site, customer: Customer) -> None:
    order, tariff = tariff_alone(world, customer, end="9999-12-31T23:59:59Z")

    world.bill(order)

    held: Any = world.brm.bought(customer)[tariff.asset]
    assert held["PURCHASE_END_T"].year == 9999


# ---- accounts


def test_account_level_purchases_of_a_paid_account_join_its_subordinate_billinfo(world: Site) -> None:
    payer = world.customer()
    owner = world.customer(under=payer)
    n = world.number()
    paper = replace(alone(f"{n}.paper", owner, SUBSCRIPTION, "item-paper"), payer=payer)

    answer = world.bill(Order(n, payer, (paper,), mode=FULFILL))

    assert poids(answer) == world.brm.made(owner) != {}
    [item] = world.brm.owned("/item", owner)
    assert bare(item["BILLINFO_OBJ"]) == owner.billinfo


def test_orders_that_name_the_same_accounts_in_opposite_order_do_not_deadlock(world: Site) -> None:
    first, second = world.customer(), world.customer()
    orders = []
    for one, other in ((first, second), (second, first)) * 3:
        n = world.number()
        lines = (bundle(f"{n}a", one, f"44{n}a"), bundle(f"{n}b", other, f"44{n}b"))
        orders.append(Order(n, one, lines))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda order: post(f"{world.url}/services/{BILLING}", ebm(order)), orders))
    for order, (status, _) in zip(orders, answers, strict=True):
        if status != 200:
            world.bill(order)

    assert len(world.brm.made(first)) == len(world.brm.made(second)) == 6


def test_parties_may_be_left_out_of_children(world: Site, customer: Customer) -> None:
    order, tariff = tariff_alone(world, customer)
    document = etree.fromstring(ebm(order))
    for schedule in document.findall(".//{*}FulfillmentOrderLine[2]/{*}FulfillmentOrderSchedule"):
        schedule.getparent().remove(schedule)  # type: ignore[union-attr] # it has one

    world.bill(etree.tostring(document))

    assert tariff.asset in world.brm.made(customer)


# ---- order of things


def test_a_fulfilment_whose_initiation_failed_buys_straight_away_and_the_failed_one_stays_refused(
    world: Site, customer: Customer
) -> None:
    order = mobile(world.number(), customer)
    wrong = order.with_line(order.lines[4].asset, item="item-nowhere")
    initiated, fulfilled = world.put(wrong), world.put(order.fulfilled())
    world.drain()
    states = [world.gateway.admin.message(intake).state for intake in (initiated, fulfilled)]
    fees = world.brm.fees(customer)

    world.gateway.admin.resubmit([initiated], ebm(order))
    again = world.sit_out(initiated)

    assert states == [State.ERROR, State.DONE]
    assert len(fees) == 3
    assert (again.state, world.brm.fees(customer)) == (State.ERROR, fees)


def test_an_item_initiated_twice_and_fulfilled_twice_is_charged_once(world: Site, customer: Customer) -> None:
    n = world.number()
    order = Order(n, customer, (alone(f"{n}.fee", customer, ITEM, "item-admin-fee"),))
    for mode in (order, replace(order, ebm_id=f"x-{n}")):
        world.bill(mode)
    for mode in (order.fulfilled(), replace(order.fulfilled(), ebm_id=f"y-{n}")):
        world.bill(mode)

    assert world.brm.fees(customer) == [("Administration Fee", "7.50")]


def test_a_message_too_large_is_refused_and_named(world: Site, customer: Customer) -> None:
    order = mobile(world.number(), customer)
    huge = ebm(order).replace(
        b"</FulfillmentOrderLine>", b"<!--" + b"x" * 11_000_000 + b"--></FulfillmentOrderLine>", 1
    )

    status, answer = world.post(BILLING, huge)
    message = world.consumed(huge)

    assert (status, Told.read(answer).code) == (413, "Client")
    assert message.state is State.ERROR
    assert world.brm.made(customer) == {}
