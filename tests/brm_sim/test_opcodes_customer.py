"""CUST_COMMIT_CUSTOMER and CUST_MODIFY_CUSTOMER: what they create, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from brm_sim.errors import Errno, ErrorClass
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes.profile_objects import cycle_end
from brm_sim.store import Store
from tests.brm_sim.brm import (
    FUTURE,
    GSM,
    NOW,
    Brm,
    array,
    customer,
    deal,
    failures,
    poid,
    refused,
    service,
    substruct,
    type_only,
)


@pytest.fixture
def brm(database_url: str) -> Iterator[Brm]:
    store = Store(database_url)
    yield Brm(store)
    store.close()


def test_an_account_comes_with_profile_payinfo_and_balance_group(brm: Brm) -> None:
    made = brm.customer()
    account, billinfo, group = (brm.read(each) for each in (made.account, made.billinfo, made.group))
    assert (account["ACCOUNT_NO"], account["STATUS"], account["CURRENCY"]) == ("ACC-1", 10100, 826)
    assert (billinfo["BILLINFO_ID"], billinfo["PAY_TYPE"], billinfo["BILL_WHEN"]) == ("BP", 10001, 1)
    assert [billinfo["ACCOUNT_OBJ"], billinfo["AR_BILLINFO_OBJ"]] == [made.account, made.billinfo]
    assert [account["BAL_GRP_OBJ"], billinfo["BAL_GRP_OBJ"], group["BILLINFO_OBJ"]] == [
        made.group,
        made.group,
        made.billinfo,
    ]
    assert brm.read(billinfo["PAYINFO_OBJ"])["ACCOUNT_OBJ"] == made.account
    assert made.balance() == 0


def test_what_the_account_was_made_for_can_be_found_again(brm: Brm) -> None:
    flist = customer()
    array(flist, "ACCTINFO")[0]["O2C_FLD_COMMON_ID"] = "acct-0001"
    array(flist, "BILLINFO")[0]["O2C_FLD_COMMON_ID"] = "billprof-0001"
    made = brm.call("CUST_COMMIT_CUSTOMER", flist)
    assert [made["ACCOUNT_OBJ"]] == [each["POID"] for each in brm.find("/account", O2C_FLD_COMMON_ID="acct-0001")]
    assert len(brm.find("/billinfo", O2C_FLD_COMMON_ID="billprof-0001")) == 1


def test_brm_makes_an_account_number_and_a_profile_when_none_is_given(brm: Brm) -> None:
    flist = customer()
    del array(flist, "ACCTINFO")[0]["ACCOUNT_NO"]
    del flist["BILLINFO"]
    made = brm.call("CUST_COMMIT_CUSTOMER", flist)
    account = poid(made, "ACCOUNT_OBJ")
    assert array(made, "ACCTINFO")[0]["ACCOUNT_NO"] == f"0.0.0.1-{account.id}"
    assert [each["BILLINFO_ID"] for each in brm.find("/billinfo", ACCOUNT_OBJ=account)] == ["Default"]


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"LAST_NAME": None}, ("PIN_FLD_LAST_NAME", 1, 1)),
        ({"ADDRESS": None}, ("PIN_FLD_ADDRESS", 1, 1)),
        ({"CITY": None}, ("PIN_FLD_CITY", 1, 1)),
        ({"COUNTRY": None}, ("PIN_FLD_COUNTRY", 1, 1)),
        ({"EMAIL_ADDR": "nonsense"}, ("PIN_FLD_EMAIL_ADDR", 1, 12)),
    ],
)
def test_names_are_validated(brm: Brm, change: Flist, failure: tuple[object, ...]) -> None:
    flist = customer()
    array(flist, "NAMEINFO")[1].update(change)
    assert failures(brm.call("CUST_COMMIT_CUSTOMER", flist)) == [failure]
    assert brm.find("/account", ACCOUNT_NO="ACC-1") == []


def test_several_failures_are_told_at_once(brm: Brm) -> None:
    flist = customer()
    array(flist, "ACCTINFO")[0]["CURRENCY"] = 999
    billinfo = array(flist, "BILLINFO")[0]
    billinfo |= {"PAY_TYPE": 77, "BILL_WHEN": 13}
    del billinfo["BILLINFO_ID"]
    found = failures(brm.call("CUST_COMMIT_CUSTOMER", flist))
    assert found == [
        ("PIN_FLD_CURRENCY", 0, 6),
        ("PIN_FLD_BILLINFO_ID", 0, 1),
        ("PIN_FLD_PAY_TYPE", 0, 6),
        ("PIN_FLD_BILL_WHEN", 0, 6),
    ]


def test_numbers_and_ids_too_long_are_refused(brm: Brm) -> None:
    flist = customer("1" * 256)
    array(flist, "BILLINFO")[0]["BILLINFO_ID"] = "1" * 256
    found = failures(brm.call("CUST_COMMIT_CUSTOMER", flist))
    assert found == [("PIN_FLD_ACCOUNT_NO", 0, 3), ("PIN_FLD_BILLINFO_ID", 0, 3)]


def test_an_account_number_is_given_once(brm: Brm) -> None:
    brm.customer("ACC-1")
    assert failures(brm.call("CUST_COMMIT_CUSTOMER", customer("ACC-1"))) == [("PIN_FLD_ACCOUNT_NO", 0, 5)]


def test_one_account_number_in_two_transactions_fails_at_prepare(brm: Brm) -> None:
    for trans_id in ("t1", "t2"):
        brm.store.open(trans_id)
        brm.call("CUST_COMMIT_CUSTOMER", customer("ACC-1"), trans_id=trans_id)
    brm.store.prepare("t1")
    with refused(Errno.DUPLICATE, "ACCOUNT_NO") as caught:
        brm.store.prepare("t2")
    assert caught.value.class_ is ErrorClass.SYSTEM_RETRYABLE


def test_elements_that_point_at_nothing_are_refused(brm: Brm) -> None:
    flist = customer()
    array(flist, "BILLINFO")[0]["PAYINFO"] = Array({7: {}})
    with refused(Errno.NONEXISTANT_ELEMENT, "PAYINFO"):
        brm.call("CUST_COMMIT_CUSTOMER", flist)


def test_card_numbers_are_cut_and_codes_not_kept(brm: Brm) -> None:
    card: Flist = {"NAME": "A JONES", "DEBIT_NUM": "4111111111111111", "DEBIT_EXP": "1230", "SECURITY_ID": "123"}
    payinfo: Flist = {
        "POID": type_only("/payinfo/cc"),
        "PAY_TYPE": 10003,
        "INHERITED_INFO": {"CC_INFO": Array({0: card})},
    }
    made = brm.call("CUST_COMMIT_CUSTOMER", customer() | {"PAYINFO": Array({0: payinfo})})
    kept = array(substruct(brm.read(array(made, "PAYINFO")[0]["POID"]), "INHERITED_INFO"), "CC_INFO")[0]
    assert kept == {"NAME": "A JONES", "DEBIT_NUM": "XXXXXXXXXXXX1111", "DEBIT_EXP": "1230"}


def test_a_subordinate_profile_is_paid_by_its_parents_payer(brm: Brm) -> None:
    parent = brm.customer("PARENT")
    flist = customer("CHILD") | {"GROUP_INFO": {"PARENT": parent.account}}
    array(flist, "BILLINFO")[0]["PARENT_BILLINFO_OBJ"] = parent.billinfo
    child = brm.call("CUST_COMMIT_CUSTOMER", flist)
    billinfo = brm.read(array(child, "BILLINFO")[0]["POID"])
    assert billinfo["AR_BILLINFO_OBJ"] == parent.billinfo
    lineage = brm.read(child["ACCOUNT_OBJ"])["LINEAGE"]
    assert lineage == f"/{parent.account.id}/{poid(child, 'ACCOUNT_OBJ').id}"


def test_an_unknown_parent_is_refused(brm: Brm) -> None:
    stranger = Poid("0.0.0.1", "/account", 99, 0)
    with refused(Errno.NOT_FOUND):
        brm.call("CUST_COMMIT_CUSTOMER", customer() | {"GROUP_INFO": {"PARENT": stranger}})


@pytest.mark.parametrize("field", ["PARENT_BILLINFO_OBJ", "AR_BILLINFO_OBJ"])
def test_a_parent_of_another_class_is_refused(brm: Brm, field: str) -> None:
    other = brm.customer("OTHER")
    with refused(Errno.BAD_POID_TYPE, "PARENT"):
        brm.call("CUST_COMMIT_CUSTOMER", customer() | {"GROUP_INFO": {"PARENT": other.billinfo}})
    flist = customer()
    array(flist, "BILLINFO")[0][field] = other.account
    with refused(Errno.BAD_POID_TYPE, field):
        brm.call("CUST_COMMIT_CUSTOMER", flist)


def test_a_discount_of_one_deal_reduces_the_fees_of_the_services_next(brm: Brm) -> None:
    made = brm.customer()
    first: Flist = {"DISCOUNTS": Array({0: brm.discounting("LOYALTY-10")})}
    second: Flist = {"PRODUCTS": Array({0: brm.buying("MOB-TARIFF-UNLIMITED")})}
    made.modify(service("ada", DEALS=Array({0: {"DEAL_INFO": first}, 1: {"DEAL_INFO": second}})))
    assert made.balance() == Decimal("31.50")


def test_a_plan_brings_its_services_and_deals(brm: Brm) -> None:
    plan = Poid("0.0.0.1", "/plan", 40001, 0)
    made = brm.call("CUST_COMMIT_CUSTOMER", customer() | {"POID": plan})
    added = array(made, "SERVICES")[0]
    assert poid(added, "SERVICE_OBJ").type == GSM
    bought = brm.find("/purchased_product", SERVICE_OBJ=poid(added, "SERVICE_OBJ"))
    assert [(each["PRODUCT_OBJ"], each["PLAN_OBJ"]) for each in bought] == [(brm.product("MOB-TARIFF-UNLIMITED"), plan)]


@pytest.mark.parametrize(
    ("now", "day", "months", "expected"),
    [
        ((2026, 11, 20), 20, 1, (2026, 12, 20)),
        ((2026, 11, 20), 25, 1, (2026, 11, 25)),
        ((2026, 11, 20), 1, 3, (2027, 2, 1)),
        ((2026, 12, 31), 28, 12, (2027, 12, 28)),
    ],
)
def test_cycles_end_on_the_accounting_day(
    now: tuple[int, int, int], day: int, months: int, expected: tuple[int, int, int]
) -> None:
    assert cycle_end(datetime(*now, 13, 5, tzinfo=UTC), day, months) == datetime(*expected, tzinfo=UTC)


# ── MODIFY_CUSTOMER ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_services_come_with_what_is_bought_for_them(brm: Brm) -> None:
    made = brm.customer()
    bundle = service(
        "447700900123",
        {
            "NAME": "Order line 1",
            "PRODUCTS": Array(
                {
                    5: brm.buying("MOB-TARIFF-UNLIMITED", CYCLE_FEE_AMT=Decimal("30.00"), O2C_FLD_COMMON_ID="asset-2"),
                    7: brm.buying("MOB-HANDSET-FEE", O2C_FLD_COMMON_ID="asset-3"),
                }
            ),
            "DISCOUNTS": Array({6: brm.discounting("LOYALTY-10", O2C_FLD_COMMON_ID="asset-4")}),
        },
        O2C_FLD_COMMON_ID="asset-1",
        ALIAS_LIST=Array({0: {"NAME": "447700900123"}}),
    )
    output = made.modify(bundle)
    assert (output["RESULT"], output["POID"], output["ACCOUNT_OBJ"]) == (1, made.account, made.account)
    added = array(output, "SERVICES")[0]
    stored = brm.read(added["SERVICE_OBJ"])
    assert (stored["LOGIN"], stored["STATUS"], stored["O2C_FLD_COMMON_ID"]) == ("447700900123", 10100, "asset-1")
    assert (stored["ACCOUNT_OBJ"], stored["BAL_GRP_OBJ"]) == (made.account, made.group)
    bought = deal(added)
    tariff, handset = (array(bought, "PRODUCTS")[element] for element in (5, 7))
    purchased = brm.read(tariff["OFFERING_OBJ"])
    assert (purchased["SERVICE_OBJ"], purchased["PACKAGE_ID"]) == (added["SERVICE_OBJ"], bought["PACKAGE_ID"])
    assert purchased["O2C_FLD_COMMON_ID"] == "asset-2"
    assert handset == {"PRODUCT_OBJ": brm.product("MOB-HANDSET-FEE")}
    assert brm.read(array(bought, "DISCOUNTS")[6]["OFFERING_OBJ"])["O2C_FLD_COMMON_ID"] == "asset-4"
    assert sorted(made.events(), key=str) == [
        ("cycle_forward_monthly", Decimal("-3.00")),
        ("cycle_forward_monthly", Decimal("30.00")),
        ("purchase", Decimal("120.00")),
    ]
    assert made.items() == {"/item/cycle_forward": Decimal("27.00"), "/item/purchase": Decimal("120.00")}
    assert made.balance() == Decimal("147.00")


def test_dates_in_the_future_make_objects_and_no_fee(brm: Brm) -> None:
    made = brm.customer()
    added = made.add_service(
        {
            0: brm.buying("MOB-TARIFF-UNLIMITED", PURCHASE_START_T=FUTURE, CYCLE_START_T=FUTURE),
            1: brm.buying("MOB-HANDSET-FEE", PURCHASE_START_T=FUTURE),
        }
    )
    products = array(deal(added), "PRODUCTS")
    assert [brm.read(each["OFFERING_OBJ"])["PURCHASE_START_T"] for each in products.values()] == [FUTURE, FUTURE]
    assert (made.events(), made.balance()) == ([], 0)


def test_services_join_the_balance_group_of_the_profile_named(brm: Brm) -> None:
    made = brm.customer()
    second: Flist = {"POID": type_only("/billinfo"), "BILLINFO_ID": "BP-2", "PAY_TYPE": 10001}
    new = array(made.modify(BILLINFO=Array({3: second})), "BILLINFO")[3]["POID"]
    output = made.modify(service("1"), BILLINFO=Array({0: {"POID": new}}))
    group = brm.read(array(output, "SERVICES")[0]["SERVICE_OBJ"])["BAL_GRP_OBJ"]
    assert brm.read(group)["BILLINFO_OBJ"] == new
    assert group != made.group


def test_a_balance_group_moves_to_another_profile(brm: Brm) -> None:
    made = brm.customer()
    new: Flist = {"POID": type_only("/billinfo"), "BILLINFO_ID": "BP-2", "PAY_TYPE": 10001}
    moved: Flist = {"POID": made.group, "BILLINFO": Array({0: {}})}
    output = made.modify(BILLINFO=Array({0: new}), BAL_INFO=Array({0: moved}))
    assert brm.read(made.group)["BILLINFO_OBJ"] == array(output, "BILLINFO")[0]["POID"]


def test_a_profile_of_another_account_is_refused(brm: Brm) -> None:
    made, other = brm.customer("ACC-1"), brm.customer("ACC-2")
    with refused(Errno.BAD_VALUE, "BILLINFO"):
        made.modify(service("1"), BILLINFO=Array({0: {"POID": other.billinfo}}))


def test_a_login_is_unique_in_its_class(brm: Brm) -> None:
    made = brm.customer()
    made.modify(service("447700900123"))
    assert failures(made.modify(service("1"), service("447700900123"))) == [("PIN_FLD_LOGIN", 1, 5)]
    assert brm.find("/service", LOGIN="1") == []
    other_class = service("447700900123") | {"SERVICE_OBJ": type_only("/service/broadband")}
    assert made.modify(other_class)["RESULT"] == 1


def test_a_login_twice_in_one_call_is_a_duplicate_twice(brm: Brm) -> None:
    made = brm.customer()
    assert failures(made.modify(service("1"), service("1"))) == [("PIN_FLD_LOGIN", 0, 5), ("PIN_FLD_LOGIN", 1, 5)]


def test_a_login_freed_by_an_abort_can_be_used(brm: Brm) -> None:
    made = brm.customer()
    brm.store.open("t1")
    made.modify(service("1"), trans_id="t1")
    assert failures(made.modify(service("1"), trans_id="t1")) == [("PIN_FLD_LOGIN", 0, 5)]
    brm.store.abort("t1")
    assert made.modify(service("1"))["RESULT"] == 1


def test_a_login_too_long_is_refused(brm: Brm) -> None:
    assert failures(brm.customer().modify(service("x" * 256))) == [("PIN_FLD_LOGIN", 0, 3)]


def test_a_closed_account_takes_nothing(brm: Brm) -> None:
    made = brm.customer()
    with brm.store.session(now=NOW) as session:
        session.update(made.account, {"STATUS": 10103})
    with refused(Errno.ACCT_CLOSED):
        made.modify(service("1"))


def test_an_unknown_account_is_not_found(brm: Brm) -> None:
    made = brm.customer()
    made.account = Poid("0.0.0.1", "/account", 99, 0)
    with refused(Errno.NOT_FOUND, "POID"):
        made.modify(service("1"))


def test_a_class_that_is_no_service_is_refused(brm: Brm) -> None:
    with refused(Errno.BAD_POID_TYPE, "SERVICE_OBJ"):
        brm.customer().modify(service("1") | {"SERVICE_OBJ": type_only("/service/pigeon")})


def test_an_aborted_transaction_leaves_nothing_of_a_purchase(brm: Brm) -> None:
    made = brm.customer()
    brm.store.open("t1")
    bought: Flist = {"PRODUCTS": Array({0: brm.buying("MOB-TARIFF-UNLIMITED")})}
    made.modify(service("1", bought), trans_id="t1")
    brm.store.prepare("t1")
    brm.store.abort("t1")
    left = [brm.find(each, ACCOUNT_OBJ=made.account) for each in ("/service", "/purchased_product", "/event", "/item")]
    assert left == [[], [], [], []]
    assert made.balance() == 0
