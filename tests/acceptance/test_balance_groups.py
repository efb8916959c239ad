"""The balance-group hint of a service line: the bill's own group, one of its own, a named one, one that exists."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from brm_sim.flist import Array
from tests.acceptance.answers import bare
from tests.acceptance.orders import CORE, FULFILL, SUBSCRIPTION, Customer, Line, Order, bundle, child
from tests.acceptance.site import MODIFY, Site

OWN = "<TypeCode>SERVICE</TypeCode>"
SHARED = "<TypeCode>ACCOUNT</TypeCode>"


def existing(poid: str) -> str:
    key = f'<c:ID xmlns:c="{CORE}" schemeAgencyID="BRM_01">{poid}</c:ID>'
    inner = f"<c:ApplicationObjectKey>{key}</c:ApplicationObjectKey>"
    return f"<BalanceGroupIdentification>{inner}</BalanceGroupIdentification>"


def named(name: str) -> str:
    return f"<Name>{name}</Name>"


def phones(n: str, owner: Customer, *hints: str) -> tuple[Line, ...]:
    return tuple(
        replace(bundle(f"{n}.{i}", owner, f"44{n}{i}"), balance_group=hint) for i, hint in enumerate(hints)
    )  # fmt: skip


def groups(world: Site, customer: Customer) -> list[str]:
    """Give the balance group of each service, in the order of their logins."""
    services = sorted(world.brm.owned("/service", customer), key=lambda each: str(each["LOGIN"]))
    return [bare(each["BAL_GRP_OBJ"]) for each in services]


def test_without_a_hint_services_share_the_group_of_their_bill(world: Site, customer: Customer) -> None:
    n = world.number()

    world.bill(Order(n, customer, phones(n, customer, "", SHARED)))

    [billinfo] = world.brm.find("/billinfo", BILLINFO_ID=customer.profile)
    assert groups(world, customer) == [bare(billinfo["BAL_GRP_OBJ"])] * 2


def test_a_service_may_have_a_group_of_its_own_in_the_same_call(world: Site, customer: Customer) -> None:
    n, mark = world.number(), world.brm.last_call()

    world.bill(Order(n, customer, phones(n, customer, OWN, OWN, "")))

    first, second, shared = groups(world, customer)
    assert len({first, second, shared}) == 3
    assert len(world.brm.calls(MODIFY, mark)) == 1
    held = world.brm.owned("/balance_group", customer)
    assert {bare(each["BILLINFO_OBJ"]) for each in held} == {customer.billinfo}


def test_services_that_name_one_group_share_it(world: Site, customer: Customer) -> None:
    n = world.number()

    world.bill(Order(n, customer, phones(n, customer, named("Family"), named("Family"), named("Work"))))

    first, second, third = groups(world, customer)
    assert first == second != third
    assert {str(each["NAME"]) for each in world.brm.owned("/balance_group", customer)} >= {"Family", "Work"}


def test_a_service_joins_a_group_that_exists(world: Site, customer: Customer) -> None:
    n, m = world.number(), world.number()
    world.bill(Order(n, customer, phones(n, customer, OWN)))
    [own] = groups(world, customer)

    world.bill(Order(m, customer, phones(m, customer, existing(own))))

    assert groups(world, customer) == [own, own]


def test_a_group_of_another_account_is_refused(world: Site, customer: Customer) -> None:
    n, m, other = world.number(), world.number(), world.customer()
    world.bill(Order(n, other, phones(n, other, OWN)))
    [foreign] = groups(world, other)

    world.refused(Order(m, customer, phones(m, customer, existing(foreign))))

    assert world.brm.made(customer) == {}


def test_what_is_no_balance_group_is_refused_by_name(world: Site, customer: Customer) -> None:
    n = world.number()

    fault = world.refused(Order(n, customer, phones(n, customer, existing("0.0.0.1 /account 1"))))

    assert "BalanceGroupIdentification" in fault.text


def test_fees_go_to_the_group_of_their_service(world: Site, customer: Customer) -> None:
    n = world.number()
    own, plain = phones(n, customer, OWN, "")
    lines = (own, plain, child(own, "tariff", SUBSCRIPTION, "item-tariff"))

    world.bill(Order(n, customer, lines, mode=FULFILL))

    first, _ = groups(world, customer)
    [event] = world.brm.owned("/event", customer)
    impacts = cast("Array", event["BAL_IMPACTS"])
    assert {bare(each["BAL_GRP_OBJ"]) for each in impacts.values()} == {first}
