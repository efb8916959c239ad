"""The Add subprocess over a recording unit: which opcodes are called with what, and what comes of the answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from gateway.domain.codes import Action, BillingMode, PriceType, ProductType
from gateway.domain.order import BalanceGroup, Charge, Dates, Line, Order
from gateway.domain.references import ALREADY_IN_BRM, NOT_SYNCED
from gateway.domain.xref import XrefTable
from gateway.errors import BrmRefused, BusinessError, Contradiction, SystemFailure, UnknownReference
from gateway.transforms.flists import MODIFY_CUSTOMER, PURCHASE_DEAL, READ_FLDS, SEARCH, SET_DISCOUNTINFO, SET_PRODINFO
from tests.unit.orders.canonical import SAMPLES, call_body, canonical, sample
from tests.unit.orders.doubles import NOW, row
from tests.unit.orders.orders import fulfilled, line, named, order, parties, under
from tests.unit.orders.services import Bench

BUNDLE, SUBSCRIPTION = ProductType.SERVICE_BUNDLE, ProductType.SUBSCRIPTION
ITEM, DISCOUNT = ProductType.ITEM, ProductType.DISCOUNT
INITIATE, FULFILL = BillingMode.INITIATE, BillingMode.FULFILL
INITIATED = "process_fulfillment_order_billing.add.initiate.xml"
FULFILLED = "process_fulfillment_order_billing.add.fulfill.xml"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def mobile() -> Order:
    """One bundle with a tariff, a fee and a discount; one account-level subscription."""
    bundle = line(1, BUNDLE)
    children = (under(bundle, 2, SUBSCRIPTION), under(bundle, 3, ITEM), under(bundle, 4, DISCOUNT))
    return order(bundle, *children, line(5, SUBSCRIPTION, item="item-paper-bill", parties=parties(5, 1)))


def assert_golden(bench: Bench, stem: str) -> None:
    """Compare the calls that write with their golden flists, and see that there are no others."""
    written = [call for call in bench.world.brm.calls if call[0] not in {READ_FLDS, SEARCH}]
    names = [f"{stem}.{n}.{opcode.lower()}.xml" for n, (opcode, _) in enumerate(written, start=1)]
    assert sorted(path.name for path in (SAMPLES / "orders").glob(f"{stem}.?.pcm_op_*.xml")) == names
    for name, (opcode, flist) in zip(names, written, strict=True):
        assert canonical(sample(f"orders/{name}")) == canonical(etree.tostring(call_body(opcode, flist)))


def test_initiating_buys_with_dates_ahead_and_cross_references_everything(bench: Bench) -> None:
    effects = bench.run(sample(INITIATED))
    assert_golden(bench, "add.initiate")
    assert effects.xref_populate == (
        row("asset-0001", "0.0.0.1 /service/telco/gsm/telephony 1001"),
        row("asset-0002", "0.0.0.1 /purchased_product 1002"),
        row("asset-0003", "0.0.0.1 /purchased_product 1003"),
        row("asset-0004", "0.0.0.1 /purchased_discount 1004"),
        row("asset-0005", "0.0.0.1 /purchased_product 1005"),
    )
    assert [(r.key.line_id, r.poid) for r in effects.lines] == [
        (f"line-{n:04}", x.value) for n, x in enumerate(effects.xref_populate, 1)
    ]


def test_fulfilling_what_was_initiated_sets_the_real_dates_on_what_is_there(bench: Bench) -> None:
    bench.run(sample(INITIATED))
    before = bench.world.installed()
    bench.world.brm.calls.clear()
    effects = bench.run(sample(FULFILLED))
    assert_golden(bench, "add.fulfill_after_initiate")
    assert (effects.xref_populate, bench.world.installed()) == ((), before)
    assert {record.key.billing_mode for record in effects.lines} == {"FULFILL BILLING"}


def test_fulfilling_straight_away_buys_with_real_dates_and_an_item_leaves_nothing(bench: Bench) -> None:
    bench.clock.time = bench.world.brm.now = NOW + timedelta(days=5)
    effects = bench.run(sample(FULFILLED))
    assert_golden(bench, "add.fulfill")
    assert [x.common for x in effects.xref_populate] == ["asset-0001", "asset-0002", "asset-0004", "asset-0005"]
    assert [r.poid for r in effects.lines if r.key.line_id == "line-0003"] == [""]


def test_work_that_is_done_is_not_done_twice_and_answers_the_same(bench: Bench) -> None:
    first = bench.run(mobile())
    bench.world.brm.calls.clear()
    again = bench.run(replace(mobile(), ebm_id="ebm-0009"))
    assert bench.world.brm.calls == []
    assert (again.xref_populate, again.lines) == ((), ())
    poids = [etree.tostring(e) for e in etree.fromstring(first.result).iter("{*}ApplicationObjectKey")]
    assert [etree.tostring(e) for e in etree.fromstring(again.result).iter("{*}ApplicationObjectKey")] == poids


def test_a_revision_of_the_order_does_not_buy_again_and_is_recorded(bench: Bench) -> None:
    bench.run(mobile())
    bench.world.brm.calls.clear()
    revised = replace(mobile(), ebm_id="ebm-0009", revision="2")
    renamed = replace(
        revised, lines=tuple(replace(one, id=f"r2-{one.id}", original=one.id) for one in _rehung(revised))
    )
    assert {record.key.revision for record in bench.run(renamed).lines} == {"2"}
    assert bench.world.brm.calls == []


def _rehung(made: Order) -> tuple[Line, ...]:
    new = {None: None} | {one.id: f"r2-{one.id}" for one in made.lines}
    return tuple(replace(one, parent=new[one.parent], root=new[one.root]) for one in made.lines)


def test_an_order_may_mix_what_is_new_initiated_and_done(bench: Bench) -> None:
    bench.run(mobile())
    bench.world.brm.calls.clear()
    tariff, item, discount, paper = mobile().lines[1:]
    mixed = order(
        mobile().lines[0],
        replace(tariff, billing=FULFILL),
        item,
        replace(discount, billing=FULFILL),
        paper,
        under(mobile().lines[0], 6, SUBSCRIPTION),
        line(7, BUNDLE, billing=FULFILL, parties=parties(7, 2)),
        ebm_id="ebm-0003",
    )
    bench.run(mixed)
    assert bench.world.brm.opcodes == [MODIFY_CUSTOMER, PURCHASE_DEAL, SET_DISCOUNTINFO, SET_PRODINFO]
    assert bench.world.brm.inputs(PURCHASE_DEAL)[0]["SERVICE_OBJ"] == "0.0.0.1 /service/telco/gsm/telephony 1001"
    assert bench.world.brm.inputs(SET_PRODINFO)[0]["PRODUCTS"][0]["OFFERING_OBJ"] == "0.0.0.1 /purchased_product 1002"


def test_phases_are_the_ledgers_never_the_dates(bench: Bench) -> None:
    bench.run(mobile())
    bench.world.shelf.records.clear()
    with pytest.raises(BusinessError, match="'asset-0001' is in BRM_01 already") as refused:
        bench.run(fulfilled(mobile()))
    assert refused.value.code == ALREADY_IN_BRM


def test_every_payer_has_one_call_for_all_its_bundles(bench: Bench) -> None:
    lines = [line(n, BUNDLE, parties=parties(n, account=1 + n % 2)) for n in range(1, 7)]
    lines += [under(bundle, bundle.position + 6, SUBSCRIPTION) for bundle in lines]
    bench.run(order(*lines))
    calls = bench.world.brm.inputs(MODIFY_CUSTOMER)
    assert [(call["POID"], call["BILLINFO"][0]["POID"], len(call["SERVICES"])) for call in calls] == [
        ("0.0.0.1 /account 102", "0.0.0.1 /billinfo 202", 3),
        ("0.0.0.1 /account 101", "0.0.0.1 /billinfo 201", 3),
    ]


def test_account_level_purchases_of_a_payer_are_one_deal_on_its_balance_group(bench: Bench) -> None:
    lines = [line(n, kind, parties=parties(n, 2)) for n, kind in enumerate((SUBSCRIPTION, ITEM, DISCOUNT), start=1)]
    bench.run(order(*lines))
    assert bench.world.brm.opcodes == [READ_FLDS, PURCHASE_DEAL]
    (deal,) = bench.world.brm.inputs(PURCHASE_DEAL)
    assert (deal["POID"], deal["BAL_GRP_OBJ"]) == ("0.0.0.1 /account 102", "0.0.0.1 /balance_group 7202")
    assert (len(deal["DEAL_INFO"]["PRODUCTS"]), len(deal["DEAL_INFO"]["DISCOUNTS"])) == (2, 1)


def test_without_a_billing_profile_brm_chooses_the_accounts_default(bench: Bench) -> None:
    bench.run(order(line(1, BUNDLE, parties=replace(parties(1), billing_profile=None)), line(2, SUBSCRIPTION)))
    assert "BILLINFO" not in bench.world.brm.inputs(MODIFY_CUSTOMER)[0]
    assert "BAL_GRP_OBJ" not in bench.world.brm.inputs(PURCHASE_DEAL)[0]
    assert bench.world.brm.opcodes == [MODIFY_CUSTOMER, PURCHASE_DEAL]


def billinfo(number: int, **links: str) -> dict[str, Any]:
    group = f"0.0.0.1 /balance_group {number} 0"
    poid = f"0.0.0.1 /billinfo {number} 5"
    return {"POID": poid, "ACCOUNT_OBJ": "0.0.0.1 /account 102", "BAL_GRP_OBJ": group, **links}


@pytest.mark.parametrize("link", ["PARENT_BILLINFO_OBJ", "AR_BILLINFO_OBJ"])
def test_a_service_account_others_pay_for_is_billed_on_its_subordinate_profile(bench: Bench, link: str) -> None:
    theirs = {link: "0.0.0.1 /billinfo 201 3"}
    bench.world.brm.billinfos = [billinfo(930, **theirs), billinfo(901), billinfo(920, **theirs)]
    shared = parties(1, account=2, payer=1)
    bench.run(order(line(1, BUNDLE, parties=shared), line(2, SUBSCRIPTION, parties=shared)))
    assert bench.world.brm.opcodes == [SEARCH, MODIFY_CUSTOMER, PURCHASE_DEAL]
    services, deal = bench.world.brm.inputs(MODIFY_CUSTOMER)[0], bench.world.brm.inputs(PURCHASE_DEAL)[0]
    assert (services["POID"], services["BILLINFO"][0]["POID"]) == ("0.0.0.1 /account 102", "0.0.0.1 /billinfo 920")
    assert (deal["POID"], deal["BAL_GRP_OBJ"]) == ("0.0.0.1 /account 102", "0.0.0.1 /balance_group 920")


def test_a_service_account_without_a_subordinate_profile_is_not_synchronised(bench: Bench) -> None:
    bench.world.brm.billinfos = [billinfo(901, PARENT_BILLINFO_OBJ="0.0.0.1 /billinfo 203 1")]
    bundle = line(1, BUNDLE, parties=parties(1, account=2, payer=1))
    with pytest.raises(
        UnknownReference, match="'billprof-0001' of account 'acct-0001' pays for no billing profile"
    ) as no:
        bench.run(order(bundle))
    assert (no.value.code, no.value.element) == (NOT_SYNCED, named(1, "profile", "").path)


def test_prices_of_the_order_are_written_as_fees_and_shares(bench: Bench) -> None:
    charges = (
        Charge(PriceType.ONE_TIME, Decimal("9.90"), None, Decimal(25), "/c1"),
        Charge(PriceType.RECURRING, Decimal("30.00"), Decimal("2.50"), None, "/c2"),
        Charge(PriceType.USAGE, None, None, Decimal("12.5"), "/c3"),
    )
    bench.run(order(line(1, SUBSCRIPTION, charges=charges, quantity=Decimal(3))))
    (deal,) = bench.world.brm.inputs(PURCHASE_DEAL)
    product = deal["DEAL_INFO"]["PRODUCTS"][0]
    assert {name: value for name, value in product.items() if isinstance(value, Decimal)} == {
        "QUANTITY": Decimal(3),
        "PURCHASE_FEE_AMT": Decimal("9.90"),
        "CYCLE_FEE_AMT": Decimal("30.00"),
        "PURCHASE_DISCOUNT": Decimal("0.25"),
        "CYCLE_DISCOUNT": Decimal(0),
        "CYCLE_DISC_AMT": Decimal("2.50"),
        "USAGE_DISCOUNT": Decimal("0.125"),
    }
    call_body(PURCHASE_DEAL, deal)


def test_balance_groups_are_made_by_name_or_joined_by_poid(bench: Bench) -> None:
    hints = [BalanceGroup(name="Shared"), BalanceGroup(name="Shared"), BalanceGroup(name="Shared", own=True)]
    hints += [BalanceGroup(poid="0.0.0.1 /balance_group 77")]
    bundles = [line(n, BUNDLE, balance_group=hint, parties=parties(n, 1)) for n, hint in enumerate(hints, start=1)]
    alone = line(5, SUBSCRIPTION, balance_group=hints[3], parties=parties(5, 1))
    bench.run(order(*bundles, line(6, BUNDLE, parties=parties(6, 1)), alone))
    (flist,) = bench.world.brm.inputs(MODIFY_CUSTOMER)
    new = {"POID": "0.0.0.1 /balance_group -1 0", "NAME": "Shared", "BILLINFO": {0: {}}}
    assert flist["BAL_INFO"] == {0: new, 1: new}
    chosen = [(one.get("BAL_INFO"), one.get("BAL_GRP_OBJ")) for one in flist["SERVICES"].values()]
    joined = "0.0.0.1 /balance_group 77"
    assert chosen == [({0: {}}, None), ({0: {}}, None), ({1: {}}, None), (None, joined), (None, None)]
    assert bench.world.brm.inputs(PURCHASE_DEAL)[0]["BAL_GRP_OBJ"] == joined
    call_body(MODIFY_CUSTOMER, flist)


def test_things_without_an_asset_are_known_by_their_line(bench: Bench) -> None:
    effects = bench.run(order(line(1, SUBSCRIPTION, asset=None)))
    assert [x.common for x in effects.xref_populate] == ["line-0001"]
    deal = bench.world.brm.inputs(PURCHASE_DEAL)[0]["DEAL_INFO"]
    assert deal["PRODUCTS"][0]["O2C_FLD_COMMON_ID"] == "line-0001"


def test_what_is_added_to_an_existing_service_is_bought_for_it(bench: Bench) -> None:
    bench.world.shelf.put(XrefTable.INSTALLEDPRODUCT_ID, "asset-0001", "0.0.0.1 /service/telco/gsm/telephony 55")
    existing = line(1, BUNDLE, action=Action.NONE)
    bench.run(order(existing, under(existing, 2, SUBSCRIPTION)))
    (deal,) = bench.world.brm.inputs(PURCHASE_DEAL)
    assert (deal["SERVICE_OBJ"], "BAL_GRP_OBJ" in deal) == ("0.0.0.1 /service/telco/gsm/telephony 55", False)
    assert bench.world.brm.opcodes == [PURCHASE_DEAL]


def test_questions_and_calls_do_not_grow_with_the_lines() -> None:
    counts = []
    for lines in (10, 1000):
        several = Bench()
        bundle = line(1, BUNDLE)
        several.run(
            order(bundle, *(under(bundle, n, SUBSCRIPTION) for n in range(2, lines)), line(lines, SUBSCRIPTION))
        )
        counts.append((several.world.brm.opcodes, sorted(several.world.shelf.queries), len(several.world.story.steps)))
    assert counts[0] == counts[1]


def at_line(position: int, element: str) -> str:
    return line(position, SUBSCRIPTION).path(element)


ACCOUNTS = "CustomerPartyAccountIdentification"


@pytest.mark.parametrize(
    ("bad", "element", "said", "code"),
    [
        (
            order(line(1, BUNDLE, parties=parties(1, account=9))),
            at_line(1, f"FulfillmentOrderSchedule/OwnerPartyReference/{ACCOUNTS}"),
            "account 'acct-0009' is not synchronised to BRM_01",
            NOT_SYNCED,
        ),
        (
            order(line(1, BUNDLE, parties=parties(1, account=1, payer=9))),
            at_line(1, f"FulfillmentOrderSchedule/BillToPartyReference/{ACCOUNTS}"),
            "account 'acct-0009'",
            NOT_SYNCED,
        ),
        (
            order(line(1, BUNDLE, parties=parties(1, profile=9))),
            named(1, "profile", "").path,
            "billing profile 'billprof-0009' is not synchronised to BRM_01",
            NOT_SYNCED,
        ),
        (
            order(line(1, SUBSCRIPTION), account=named(1, "owner", "acct-0404")),
            "/ProcessFulfillmentOrderBillingEBM/DataArea/ProcessFulfillmentOrderBilling/CustomerPartyReference/"
            + ACCOUNTS,
            "account 'acct-0404'",
            NOT_SYNCED,
        ),
        (
            order(line(1, BUNDLE), under(line(1, BUNDLE), 2, SUBSCRIPTION, item="item-unknown")),
            at_line(2, "ItemReference/ItemIdentification"),
            "line 2 (line-0002): product 'item-unknown' has no cross-reference in ITEM_ITEMID.BRM_01",
            UnknownReference.code,
        ),
        (
            order(line(1, BUNDLE, action=Action.NONE), under(line(1, BUNDLE), 2, SUBSCRIPTION)),
            at_line(1, "InstalledProductReference/InstalledProductIdentification"),
            "InstalledProduct 'asset-0001' has no cross-reference in BRM_01",
            UnknownReference.code,
        ),
        (
            order(line(1, SUBSCRIPTION), line(2, SUBSCRIPTION, asset="asset-0001")),
            at_line(2, "InstalledProductReference/InstalledProductIdentification"),
            "InstalledProduct 'asset-0001' is added by line 1 (line-0001) already",
            Contradiction.code,
        ),
        (
            order(line(1, BUNDLE, service_id="")),
            at_line(1, "FulfillmentOrderSchedule/FulfillmentOrderItemInstance/Identification/ID"),
            "a service needs its service id",
            Contradiction.code,
        ),
    ],
)
def test_a_bad_order_is_refused_naming_element_and_rule_before_brm_is_changed(
    bench: Bench, bad: Order, element: str, said: str, code: str
) -> None:
    with pytest.raises(BusinessError) as refused:
        bench.run(bad)
    assert (refused.value.element, refused.value.code) == (element, code)
    assert said in refused.value.text
    assert bench.world.brm.calls == []


def test_a_refusal_by_brm_names_the_lines_of_the_call(bench: Bench) -> None:
    bench.world.brm.refuse[MODIFY_CUSTOMER] = BrmRefused(
        "Duplicate value.", opcode=MODIFY_CUSTOMER, code="PIN_ERR_DUPLICATE", field="PIN_FLD_LOGIN"
    )
    with pytest.raises(BrmRefused, match=r"Duplicate value. \(lines 1, 2, 3, 4\)") as refused:
        bench.run(mobile())
    assert (refused.value.code, refused.value.field) == ("PIN_ERR_DUPLICATE", "PIN_FLD_LOGIN")
    assert refused.value.element == at_line(1, "")


def test_an_answer_without_the_offering_is_brms_failure(bench: Bench) -> None:
    bench.world.brm.omit_offerings = True
    with pytest.raises(SystemFailure, match="PCM_OP_SUBSCRIPTION_PURCHASE_DEAL answered no OFFERING_OBJ for line 1"):
        bench.run(order(line(1, ITEM)))


def test_real_dates_reach_brm_as_given(bench: Bench) -> None:
    dates = Dates(NOW.replace(hour=1), NOW.replace(hour=2), NOW.replace(hour=3), end=NOW.replace(year=2028))
    bench.run(order(line(1, SUBSCRIPTION, billing=FULFILL, dates=dates)))
    product = bench.world.brm.inputs(PURCHASE_DEAL)[0]["DEAL_INFO"]["PRODUCTS"][0]
    assert [product[f"{kind}_START_T"] for kind in ("PURCHASE", "CYCLE", "USAGE")] == [
        dates.purchase,
        dates.cycle,
        dates.usage,
    ]
    assert {product[f"{kind}_END_T"] for kind in ("PURCHASE", "CYCLE", "USAGE")} == {dates.end}
