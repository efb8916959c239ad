"""How the Add subprocess groups an order into calls (seed 003: one CUST_MODIFY_CUSTOMER per account and profile)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.acceptance.answers import bare, poids, statuses
from tests.acceptance.orders import (
    DISCOUNT,
    FULFILL,
    GSM,
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
from tests.acceptance.site import DEAL, MODIFY, Brm, Site


def services(call: Any) -> dict[str, set[str]]:
    """Give COMMON id of each service of a CUST_MODIFY_CUSTOMER → those of all that is bought inside it."""
    return {service["O2C_FLD_COMMON_ID"]: bought(service) for service in call["request"]["SERVICES"].values()}


def bought(service: Any) -> set[str]:
    deals = service.get("DEALS", {}).values()
    offers = [deal["DEAL_INFO"].get(kind, {}) for deal in deals for kind in ("PRODUCTS", "DISCOUNTS")]
    return {offer["O2C_FLD_COMMON_ID"] for each in offers for offer in each.values()}


def phone(name: str, owner: Customer, payer: Customer | None = None) -> tuple[Line, ...]:
    """Give a bundle with tariff and discount."""
    made = bundle(name, owner, f"44{name}", payer=payer)
    return (
        made,
        child(made, "tariff", SUBSCRIPTION, "item-tariff"),
        child(made, "loyalty", DISCOUNT, "item-loyalty"),
    )


def inside(name: str) -> dict[str, set[str]]:
    return {name: {f"{name}.tariff", f"{name}.loyalty"}}


def modified(brm: Brm, mark: int) -> list[Any]:
    return brm.calls(MODIFY, mark)


def test_all_bundles_of_an_account_and_profile_go_in_one_call_with_all_their_children(
    world: Site, customer: Customer
) -> None:
    n, mark = world.number(), world.brm.last_call()

    world.bill(Order(n, customer, (*phone(f"{n}a", customer), *phone(f"{n}b", customer), *phone(f"{n}c", customer))))

    [call] = modified(world.brm, mark)
    assert services(call) == inside(f"{n}a") | inside(f"{n}b") | inside(f"{n}c")
    assert bare(call["request"]["POID"]) == customer.account_poid
    assert [bare(each["POID"]) for each in call["request"]["BILLINFO"].values()] == [customer.billinfo]
    assert world.brm.opcodes(mark) == [MODIFY]


def test_two_billing_profiles_make_two_calls_each_naming_its_billinfo(world: Site, customer: Customer) -> None:
    n, second = world.number(), world.profile(customer)
    mark = world.brm.last_call()
    lines = (*phone(f"{n}a", customer), *phone(f"{n}b", customer, second), *phone(f"{n}c", customer))

    world.bill(Order(n, customer, lines))

    calls = {bare(call["request"]["BILLINFO"]["0"]["POID"]): services(call) for call in modified(world.brm, mark)}
    assert calls == {
        customer.billinfo: inside(f"{n}a") | inside(f"{n}c"),
        second.billinfo: inside(f"{n}b"),
    }
    groups = {str(each["LOGIN"]): bare(each["BAL_GRP_OBJ"]) for each in world.brm.owned("/service", customer)}
    assert groups[f"44{n}a"] == groups[f"44{n}c"] != groups[f"44{n}b"]


def test_two_service_accounts_make_two_calls(world: Site, customer: Customer) -> None:
    n, other = world.number(), world.customer()
    mark = world.brm.last_call()

    world.bill(Order(n, customer, (*phone(f"{n}a", customer), *phone(f"{n}b", other))))

    calls = {bare(call["request"]["POID"]): services(call) for call in modified(world.brm, mark)}
    assert calls == {customer.account_poid: inside(f"{n}a"), other.account_poid: inside(f"{n}b")}
    assert set(world.brm.made(other)) == {f"{n}b", f"{n}b.tariff", f"{n}b.loyalty"}


def test_nested_children_are_bought_for_the_service_they_stand_under(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()
    root = bundle(f"{n}p", customer, f"44{n}")
    tariff = child(root, "tariff", SUBSCRIPTION, "item-tariff")
    data = child(tariff, "data", SUBSCRIPTION, "item-data", root=root.asset)
    fee = child(data, "fee", ITEM, "item-activation", root=root.asset)

    world.bill(Order(n, customer, (root, tariff, data, fee)))

    [call] = modified(world.brm, mark)
    assert services(call) == {root.asset: {tariff.asset, data.asset, fee.asset}}
    made = world.brm.made(customer)
    held = {common: bare(each["SERVICE_OBJ"]) for common, each in world.brm.bought(customer).items()}
    assert held == dict.fromkeys((tariff.asset, data.asset, fee.asset), made[root.asset])


def test_children_may_stand_before_the_bundle_they_belong_to(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()

    answer = world.bill(Order(n, customer, phone(f"{n}a", customer)[::-1]))

    [call] = modified(world.brm, mark)
    assert services(call) == inside(f"{n}a")
    assert poids(answer) == world.brm.made(customer)


def test_account_level_purchases_go_through_purchase_deal(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()
    lines = (
        alone(f"{n}.paper", customer, SUBSCRIPTION, "item-paper"),
        alone(f"{n}.discount", customer, DISCOUNT, "item-bundle-discount"),
        alone(f"{n}.fee", customer, ITEM, "item-admin-fee", Charge("ONE-TIME")),
    )

    answer = world.bill(Order(n, customer, lines))

    assert set(world.brm.opcodes(mark)) == {DEAL}
    calls = world.brm.calls(DEAL, mark)
    assert {bare(call["request"]["POID"]) for call in calls} == {customer.account_poid}
    assert [call["request"].get("SERVICE_OBJ") for call in calls] == [None] * len(calls)
    assert set().union(*(bought({"DEALS": {0: call["request"]}}) for call in calls)) == {line.asset for line in lines}
    held = world.brm.bought(customer)
    assert {line.asset: held[line.asset].get("SERVICE_OBJ") for line in lines} == dict.fromkeys(
        [line.asset for line in lines]
    )
    assert poids(answer) == world.brm.made(customer) == world.xref(n)


def test_an_account_level_purchase_is_charged_to_the_profile_it_names(world: Site, customer: Customer) -> None:
    n, second = world.number(), world.profile(customer)
    paper = replace(alone(f"{n}.paper", customer, SUBSCRIPTION, "item-paper"), payer=second)

    world.bill(Order(n, customer, (paper,), mode=FULFILL))

    [item] = world.brm.owned("/item", customer)
    assert bare(item["BILLINFO_OBJ"]) == second.billinfo


def test_a_whole_order_takes_one_call_per_kind_of_purchase_in_one_transaction(world: Site, customer: Customer) -> None:
    mark = world.brm.last_call()

    world.bill(mobile(world.number(), customer))

    assert world.brm.opcodes(mark) == [MODIFY, DEAL]
    named = {call["transaction"] for opcode in (MODIFY, DEAL) for call in world.brm.calls(opcode, mark)}
    [opened] = world.brm.calls("PCM_OP_TRANS_OPEN", mark)
    assert named == {opened["response"]["TRANS_ID"]}


def test_an_order_of_one_account_paid_by_another_joins_the_subordinate_billinfo(world: Site) -> None:
    payer = world.customer()
    owner = world.customer(under=payer)
    n, mark = world.number(), world.brm.last_call()

    answer = world.bill(Order(n, payer, phone(f"{n}a", owner, payer), mode=FULFILL))

    [call] = modified(world.brm, mark)
    assert bare(call["request"]["POID"]) == owner.account_poid
    assert [bare(each["POID"]) for each in call["request"]["BILLINFO"].values()] == [owner.billinfo]
    assert poids(answer) == world.brm.made(owner) == world.xref(n)
    assert world.brm.made(payer) == {}
    [item] = world.brm.owned("/item", owner)
    assert bare(item["BILLINFO_OBJ"]) == owner.billinfo


def test_a_service_account_whose_payer_pays_for_nothing_of_it_is_not_synchronised(
    world: Site, customer: Customer
) -> None:
    stranger, n = world.customer(), world.number()

    fault = world.refused(Order(n, customer, phone(f"{n}a", stranger, customer)))

    assert fault.reason == "AIA_ERR_AIACOMBMPI_0002"
    assert world.brm.made(stranger) == world.brm.made(customer) == {}


def test_lines_with_nothing_to_bill_are_reported_so_and_make_nothing(world: Site, customer: Customer) -> None:
    n = world.number()
    promotion = replace(
        alone(f"{n}.promo", customer, "", "item-promo"), type_code="PROMOTION", quantity="1", charges=()
    )
    unchanged = replace(alone(f"{n}.old", customer, SUBSCRIPTION, "item-paper"), action="-")
    moved = replace(bundle(f"{n}.moved", customer, "449"), action="MOVE-DELETE")
    tariffs = tuple(replace(line, promotion=promotion.asset) for line in phone(f"{n}a", customer))

    answer = world.bill(Order(n, customer, (promotion, unchanged, moved, *tariffs)))

    assert [code for code, _ in statuses(answer)] == ["NO BILLING ACTION"] * 3 + ["COMPLETE"] * 3
    assert set(world.brm.made(customer)) == {line.asset for line in tariffs}


def test_codes_are_read_as_senders_write_them(world: Site, customer: Customer) -> None:
    n = world.number()
    root = replace(bundle(f"{n}a", customer, f"44{n}"), kind="SERVICE_BUNDLE", action="Add", mode="Initiate Billing")
    other = replace(bundle(f"{n}b", customer, f"45{n}"), kind="Service Bundle", mode="INITIATE_BILLING")

    world.bill(Order(n, customer, (root, other)))

    assert set(world.brm.made(customer)) == {root.asset, other.asset}
    assert {bare(each["POID"]).split()[1] for each in world.brm.owned("/service", customer)} == {GSM}


def test_an_empty_order_is_answered(world: Site, customer: Customer) -> None:
    answer = world.bill(Order(world.number(), customer))

    assert statuses(answer) == []
    assert answer.findtext(".//{*}ProcessFulfillmentOrderBillingResponse/{*}Status/{*}Code") is not None


def test_an_order_of_many_lines_is_still_one_call(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()
    root = bundle(f"{n}a", customer, f"44{n}")
    children = tuple(child(root, f"data-{i}", SUBSCRIPTION, "item-data") for i in range(60))

    answer = world.bill(Order(n, customer, (root, *children)))

    [call] = modified(world.brm, mark)
    assert len(services(call)[root.asset]) == 60
    assert len(poids(answer)) == 61
    assert len(world.brm.made(customer)) == 61
