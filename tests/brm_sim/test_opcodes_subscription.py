"""SUBSCRIPTION_PURCHASE_DEAL, SET_PRODINFO, SET_DISCOUNTINFO: objects, fees, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brm_sim.errors import Errno
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import Store
from tests.brm_sim.brm import FUTURE, NOW, Brm, Customer, array, deal, poid, refused

PAPER_BILL = "ACC-PAPER-BILL"


@pytest.fixture
def brm(tmp_path: Path) -> Iterator[Brm]:
    store = Store(f"sqlite:///{tmp_path / 'brm.db'}")
    yield Brm(store)
    store.close()


@pytest.fixture
def made(brm: Brm) -> Customer:
    return brm.customer()


def set_product(made: Customer, offering: object, **changes: object) -> Flist:
    assert isinstance(offering, Poid)
    element: Flist = {"OFFERING_OBJ": offering, **changes}  # type: ignore[dict-item]  # checked by the registry
    flist: Flist = {"POID": made.account, "PROGRAM_NAME": "test", "PRODUCTS": Array({0: element})}
    return made.brm.call("SUBSCRIPTION_SET_PRODINFO", flist)


def set_discount(made: Customer, offering: object, **changes: object) -> Flist:
    assert isinstance(offering, Poid)
    element: Flist = {"OFFERING_OBJ": offering, **changes}  # type: ignore[dict-item]  # checked by the registry
    flist: Flist = {"POID": made.account, "PROGRAM_NAME": "test", "DISCOUNTS": Array({0: element})}
    return made.brm.call("SUBSCRIPTION_SET_DISCOUNTINFO", flist)


def test_an_account_level_subscription(brm: Brm, made: Customer) -> None:
    bought = made.purchase({3: brm.buying(PAPER_BILL, O2C_FLD_COMMON_ID="asset-5")})
    purchased = brm.read(array(bought, "PRODUCTS")[3]["OFFERING_OBJ"])
    assert (purchased["ACCOUNT_OBJ"], purchased["SERVICE_OBJ"], purchased["STATUS"]) == (made.account, None, 1)
    assert (purchased["PURCHASE_START_T"], purchased["CYCLE_START_T"]) == (NOW, NOW)
    assert made.events() == [("cycle_forward_monthly", Decimal("1.50"))]
    assert made.balance() == Decimal("1.50")


def test_an_event_names_account_item_offering_and_program(brm: Brm, made: Customer) -> None:
    bought = made.purchase({0: brm.buying(PAPER_BILL, O2C_FLD_COMMON_ID="asset-5")})
    (event,) = brm.find("/event", ACCOUNT_OBJ=made.account)
    assert (event["PROGRAM_NAME"], event["NAME"], event["O2C_FLD_COMMON_ID"]) == ("test", "Paper Bill", "asset-5")
    assert (event["OFFERING_OBJ"], event["PACKAGE_ID"]) == (
        array(bought, "PRODUCTS")[0]["OFFERING_OBJ"],
        bought["PACKAGE_ID"],
    )
    impact = array(event, "BAL_IMPACTS")[0]
    assert (impact["IMPACT_TYPE"], impact["RESOURCE_ID"], impact["BAL_GRP_OBJ"]) == (1, 826, made.group)
    assert brm.read(event["ITEM_OBJ"])["ITEM_TOTAL"] == Decimal("1.50")


def test_fees_of_a_billinfo_gather_in_one_pending_item_a_kind(brm: Brm, made: Customer) -> None:
    for _ in range(3):
        made.purchase({0: brm.buying(PAPER_BILL)})
    assert len(brm.find("/item", BILLINFO_OBJ=made.billinfo)) == 1
    assert made.items() == {"/item/cycle_forward": Decimal("4.50")}


def test_each_deal_has_its_own_package(brm: Brm, made: Customer) -> None:
    packages = [made.purchase({0: brm.buying(PAPER_BILL)})["PACKAGE_ID"] for _ in range(2)]
    assert packages[0] != packages[1]


@pytest.mark.parametrize(
    ("terms", "amounts"),
    [
        ({}, ["35.00"]),
        ({"QUANTITY": Decimal(2)}, ["70.00"]),
        ({"CYCLE_FEE_AMT": Decimal("30.00")}, ["30.00"]),
        ({"CYCLE_FEE_AMT": Decimal(0)}, []),
        ({"CYCLE_DISCOUNT": Decimal("0.25")}, ["26.25"]),
        ({"CYCLE_DISC_AMT": Decimal("5.00")}, ["30.00"]),
        ({"CYCLE_DISC_AMT": Decimal("50.00")}, []),
        ({"PURCHASE_FEE_AMT": Decimal("7.00")}, ["7.00", "35.00"]),
        ({"PURCHASE_FEE_AMT": Decimal("7.00"), "PURCHASE_DISCOUNT": Decimal("0.5")}, ["3.50", "35.00"]),
        ({"STATUS": 2}, []),
        ({"CYCLE_START_T": FUTURE, "PURCHASE_FEE_AMT": Decimal("7.00")}, ["7.00"]),
    ],
)
def test_the_orders_price_wins_over_the_price_list(
    brm: Brm, made: Customer, terms: dict[str, Decimal], amounts: list[str]
) -> None:
    made.add_service({0: brm.buying("MOB-TARIFF-UNLIMITED", **terms)})
    assert [Decimal(each) for each in amounts] == [amount for _, amount in made.events()]


@pytest.mark.parametrize(
    ("codes", "amounts"),
    [
        (["LOYALTY-10"], ["35.00", "-3.50"]),
        (["WELCOME-5"], ["35.00", "-5.00"]),
        (["STAFF-50", "STUDENT-20"], ["35.00", "-17.50", "-7.00"]),
        (["STAFF-50", "STAFF-50", "LOYALTY-10"], ["35.00", "-17.50", "-17.50"]),
    ],
)
def test_discounts_reduce_cycle_fees_never_below_nothing(
    brm: Brm, made: Customer, codes: list[str], amounts: list[str]
) -> None:
    discounts = {element: brm.discounting(code) for element, code in enumerate(codes)}
    made.add_service({0: brm.buying("MOB-TARIFF-UNLIMITED")}, discounts)
    assert [Decimal(each) for each in amounts] == [amount for _, amount in made.events()]


def test_a_discount_bought_before_counts_and_one_of_another_service_does_not(brm: Brm, made: Customer) -> None:
    with_discount = made.add_service({}, {0: brm.discounting("LOYALTY-10")}, login="1")
    without = made.add_service({}, login="2")
    for each in (with_discount, without):
        made.purchase({0: brm.buying("MOB-TARIFF-SMALL")}, service=poid(each, "SERVICE_OBJ"))
    assert [amount for _, amount in made.events()] == [Decimal("12.00"), Decimal("-1.20"), Decimal("12.00")]


def test_the_frequency_is_in_the_events_class(brm: Brm, made: Customer) -> None:
    made.add_service({0: brm.buying("MOB-TARIFF-ANNUAL")})
    assert made.events() == [("cycle_forward_annual", Decimal("120.00"))]


def test_a_deal_of_the_price_list(brm: Brm, made: Customer) -> None:
    deal_obj = Poid("0.0.0.1", "/deal", 30006, 0)
    flist: Flist = {"POID": made.account, "PROGRAM_NAME": "test", "DEAL_OBJ": deal_obj}
    brm.call("SUBSCRIPTION_PURCHASE_DEAL", flist)
    assert [each["DEAL_OBJ"] for each in brm.find("/purchased_product", ACCOUNT_OBJ=made.account)] == [deal_obj]


def test_the_calls_dates_stand_where_an_offering_names_none(brm: Brm, made: Customer) -> None:
    info: Flist = {"PRODUCTS": Array({0: brm.buying(PAPER_BILL)})}
    flist: Flist = {"POID": made.account, "PROGRAM_NAME": "test", "START_T": FUTURE, "DEAL_INFO": info}
    brm.call("SUBSCRIPTION_PURCHASE_DEAL", flist)
    assert [each["CYCLE_START_T"] for each in brm.find("/purchased_product", ACCOUNT_OBJ=made.account)] == [FUTURE]
    assert made.events() == []


@pytest.mark.parametrize(
    ("code", "terms", "refusal"),
    [
        ("MOB-TARIFF-UNLIMITED", {}, (Errno.VALIDATION_FAILED, "PRODUCT_OBJ")),
        (PAPER_BILL, {"QUANTITY": Decimal(0)}, (Errno.BAD_VALUE, "QUANTITY")),
        (PAPER_BILL, {"STATUS": 9}, (Errno.BAD_VALUE, "STATUS")),
        (PAPER_BILL, {"CYCLE_DISCOUNT": Decimal("1.5")}, (Errno.BAD_VALUE, "CYCLE_DISCOUNT")),
        (
            PAPER_BILL,
            {"CYCLE_DISCOUNT": Decimal("0.5"), "CYCLE_DISC_AMT": Decimal(1)},
            (Errno.DISC_AMT_AND_PERCENT, "CYCLE_DISCOUNT"),
        ),
        (
            PAPER_BILL,
            {"PURCHASE_START_T": FUTURE, "PURCHASE_END_T": NOW},
            (Errno.BAD_VALUE, "PURCHASE_END_T"),
        ),
        (PAPER_BILL, {"PURCHASE_END_T": NOW - timedelta(days=1)}, (Errno.BAD_VALUE, "PURCHASE_END_T")),
        (PAPER_BILL, {"QUANTITY": Decimal("9" * 40)}, (Errno.BAD_VALUE, "CYCLE_FEE_AMT")),
        (PAPER_BILL, {"PURCHASE_FEE_AMT": Decimal("1" * 60)}, (Errno.BAD_VALUE, "PURCHASE_FEE_AMT")),
    ],
)
def test_terms_that_mean_nothing_are_refused_with_their_field(
    brm: Brm, made: Customer, code: str, terms: dict[str, Decimal], refusal: tuple[Errno, str]
) -> None:
    with refused(*refusal):
        made.purchase({0: brm.buying(PAPER_BILL), 1: brm.buying(code, **terms)})
    assert brm.find("/purchased_product", ACCOUNT_OBJ=made.account) == []


@pytest.mark.parametrize(
    ("code", "errno"), [("OLD-PAGER", Errno.PURCHASE_EXPIRED_DEAL), ("NEXT-HOLOGRAM", Errno.PURCHASE_FUTURE_DEAL)]
)
def test_what_is_not_sold_now_is_refused(brm: Brm, made: Customer, code: str, errno: Errno) -> None:
    with refused(errno, "PRODUCT_OBJ"):
        made.add_service({0: brm.buying(code)})


def test_an_unknown_product_is_not_found(brm: Brm, made: Customer) -> None:
    unknown = brm.buying(PAPER_BILL) | {"PRODUCT_OBJ": Poid("0.0.0.1", "/product", 9, 0)}
    with refused(Errno.NOT_FOUND, "PRODUCT_OBJ"):
        made.purchase({0: unknown})


def test_a_service_of_another_account_is_refused(brm: Brm, made: Customer) -> None:
    other = brm.customer("ACC-2").add_service({})
    with refused(Errno.BAD_VALUE, "SERVICE_OBJ"):
        made.purchase({0: brm.buying("MOB-TARIFF-SMALL")}, service=poid(other, "SERVICE_OBJ"))


# ── SET_PRODINFO and SET_DISCOUNTINFO ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def initiated(brm: Brm, made: Customer) -> tuple[Flist, Flist, Flist]:
    """Buy a tariff, a handset and a discount a year ahead; give their elements."""
    later = {"PURCHASE_START_T": FUTURE, "CYCLE_START_T": FUTURE, "USAGE_START_T": FUTURE}
    products = {0: brm.buying("MOB-TARIFF-UNLIMITED", **later), 1: brm.buying("MOB-HANDSET-FEE", **later)}
    bought = deal(made.add_service(products, {0: brm.discounting("LOYALTY-10", **later)}))
    tariff, handset = array(bought, "PRODUCTS").values()
    return tariff, handset, array(bought, "DISCOUNTS")[0]


NOWISH = {"PURCHASE_START_T": NOW, "CYCLE_START_T": NOW, "USAGE_START_T": NOW}


@pytest.mark.parametrize("discount_first", [True, False])
def test_real_dates_make_the_fees_fall_due(
    made: Customer, initiated: tuple[Flist, Flist, Flist], discount_first: bool
) -> None:
    tariff, handset, discount = initiated
    if discount_first:
        set_discount(made, discount["OFFERING_OBJ"], **NOWISH)
    set_product(made, tariff["OFFERING_OBJ"], **NOWISH)
    set_product(made, handset["OFFERING_OBJ"], **NOWISH)
    if not discount_first:
        set_discount(made, discount["OFFERING_OBJ"], **NOWISH)
    amounts = [amount for _, amount in made.events()]
    assert amounts == [Decimal("35.00"), Decimal("-3.50"), Decimal("120.00")]
    assert made.balance() == Decimal("151.50")


def test_a_fee_is_charged_once(made: Customer, initiated: tuple[Flist, Flist, Flist]) -> None:
    tariff, _, _ = initiated
    for _ in range(2):
        output = set_product(made, tariff["OFFERING_OBJ"], **NOWISH)
    assert len(made.events()) == 2
    changed = poid(array(output, "PRODUCTS")[0], "OFFERING_OBJ")
    assert changed == made.brm.read(changed)["POID"]


def test_a_new_price_counts_from_the_next_fee(brm: Brm, made: Customer) -> None:
    bought = deal(made.add_service({0: brm.buying("MOB-TARIFF-UNLIMITED")}))
    offering = array(bought, "PRODUCTS")[0]["OFFERING_OBJ"]
    set_product(made, offering, CYCLE_FEE_AMT=Decimal("20.00"))
    assert brm.read(offering)["CYCLE_FEE_AMT"] == Decimal("20.00")
    assert made.balance() == Decimal("35.00")


def test_an_end_date_can_be_set_and_taken_back(brm: Brm, made: Customer) -> None:
    bought = deal(made.add_service({}, {0: brm.discounting("LOYALTY-10")}))
    offering = array(bought, "DISCOUNTS")[0]["OFFERING_OBJ"]
    set_discount(made, offering, PURCHASE_END_T=FUTURE)
    assert brm.read(offering)["PURCHASE_END_T"] == FUTURE
    set_discount(made, offering, PURCHASE_END_T=None)
    assert brm.read(offering)["PURCHASE_END_T"] is None


def test_an_end_before_the_start_is_refused(made: Customer, initiated: tuple[Flist, Flist, Flist]) -> None:
    with refused(Errno.BAD_VALUE, "PURCHASE_END_T"):
        set_product(made, initiated[0]["OFFERING_OBJ"], PURCHASE_END_T=NOW)


def test_another_accounts_offering_is_refused(brm: Brm, initiated: tuple[Flist, Flist, Flist]) -> None:
    with refused(Errno.BAD_VALUE, "OFFERING_OBJ"):
        set_product(brm.customer("ACC-2"), initiated[0]["OFFERING_OBJ"], **NOWISH)


def test_a_cancelled_offering_is_refused(brm: Brm, made: Customer, initiated: tuple[Flist, Flist, Flist]) -> None:
    offering = poid(initiated[0], "OFFERING_OBJ")
    with brm.store.session() as session:
        session.update(offering, {"STATUS": 3})
    with refused(Errno.BAD_VALUE, "OFFERING_OBJ"):
        set_product(made, offering, **NOWISH)


def test_an_unknown_offering_is_not_found(made: Customer) -> None:
    with refused(Errno.NOT_FOUND):
        set_product(made, Poid("0.0.0.1", "/purchased_product", 9, 0), **NOWISH)


def test_a_discount_that_is_over_reduces_nothing(brm: Brm, made: Customer) -> None:
    added = made.add_service({}, {0: brm.discounting("LOYALTY-10", PURCHASE_END_T=NOW + timedelta(days=1))})
    brm.now = NOW + timedelta(days=2)
    made.purchase({0: brm.buying("MOB-TARIFF-SMALL")}, service=poid(added, "SERVICE_OBJ"))
    assert [amount for _, amount in made.events()] == [Decimal("12.00")]
