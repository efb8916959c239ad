"""Which work is left for a line, from when it is charged, and at what price."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.billing import (
    USUAL_DATES,
    DateRules,
    Task,
    check_new,
    dates_of,
    line_key,
    task_of,
)
from gateway.domain.codes import BillingMode, PriceType, ProductType
from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.order import Charge, Dates
from gateway.domain.prices import DISCOUNT_TWICE, Prices, check_currency, prices_of
from gateway.errors import BusinessError, Contradiction
from tests.unit.orders.doubles import BRM, NOW
from tests.unit.orders.orders import line, order

INITIATE, FULFILL = BillingMode.INITIATE, BillingMode.FULFILL
SUBSCRIPTION, ITEM, DISCOUNT = ProductType.SUBSCRIPTION, ProductType.ITEM, ProductType.DISCOUNT
DAY = timedelta(days=1)


def record(mode: str, brm: str = BRM, revision: str = "1") -> LineRecord:
    return LineRecord(LineKey("line-0001", revision, mode, "DO"), brm, "ADD", "COMPLETE", "0.0.0.1 /x 1")


@pytest.mark.parametrize(
    ("mode", "done", "task"),
    [
        (INITIATE, [], Task.BUY),
        (FULFILL, [], Task.BUY),
        (FULFILL, [record(INITIATE)], Task.REDATE),
        (INITIATE, [record(INITIATE)], Task.DONE),
        (FULFILL, [record(FULFILL)], Task.DONE),
        (INITIATE, [record(INITIATE), record(FULFILL)], Task.DONE),
        (INITIATE, [record(INITIATE, revision="0")], Task.DONE),
        (FULFILL, [record(INITIATE, brm="BRM_02")], Task.BUY),
    ],
)
def test_the_ledger_tells_what_is_left_to_do(mode: BillingMode, done: list[LineRecord], task: Task) -> None:
    assert task_of(line(1, SUBSCRIPTION, billing=mode), done, BRM) is task


def test_a_line_that_was_fulfilled_straight_away_cannot_be_initiated() -> None:
    with pytest.raises(Contradiction, match="BillingMode 'INITIATE BILLING' comes after 'FULFILL BILLING'"):
        task_of(line(1, SUBSCRIPTION), [record(FULFILL)], BRM)


def test_work_is_known_by_line_revision_and_modes() -> None:
    assert line_key(order(), line(7, ITEM)) == LineKey("line-0007", "1", "INITIATE BILLING", "DO")


def test_initiated_lines_are_dated_a_year_ahead_without_an_end() -> None:
    given = Dates(purchase=NOW, delivered=NOW, end=NOW + DAY)
    ahead = NOW + timedelta(days=365)
    assert dates_of(line(1, SUBSCRIPTION, dates=given), NOW, USUAL_DATES) == Dates(ahead, ahead, ahead)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Dates(), Dates(NOW, NOW, NOW)),
        (Dates(delivered=NOW - DAY), Dates(NOW - DAY, NOW - DAY, NOW - DAY)),
        (Dates(NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY, NOW), Dates(NOW - 3 * DAY, NOW - 2 * DAY, NOW - DAY)),
        (Dates(cycle=NOW + DAY, end=NOW + 2 * DAY), Dates(NOW, NOW + DAY, NOW, end=NOW + 2 * DAY)),
        (Dates(purchase=NOW + 360 * DAY), Dates(NOW + 360 * DAY, NOW, NOW)),
    ],
)
def test_fulfilled_lines_have_their_own_dates_then_delivery_then_now(given: Dates, expected: Dates) -> None:
    assert dates_of(line(1, SUBSCRIPTION, billing=FULFILL, dates=given), NOW, USUAL_DATES) == expected


@pytest.mark.parametrize(
    ("given", "element", "rule"),
    [
        (Dates(purchase=NOW + 361 * DAY), "PurchaseDate", "FutureTimeThresholdForBillingDates"),
        (Dates(usage=NOW + 361 * DAY), "ServiceUsageStartDateTime", "FutureTimeThresholdForBillingDates"),
        (Dates(end=NOW), "EndDateTime", "is not after PurchaseDate"),
        (Dates(cycle=NOW + 2 * DAY, end=NOW + DAY), "EndDateTime", "is not after CycleStartDateTime"),
    ],
)
def test_real_dates_that_mean_nothing_are_refused(given: Dates, element: str, rule: str) -> None:
    with pytest.raises(Contradiction, match=rule) as refused:
        dates_of(line(1, SUBSCRIPTION, billing=FULFILL, dates=given), NOW, USUAL_DATES)
    assert (refused.value.element or "").endswith(f"/{element}")


def test_initiated_dates_must_lie_beyond_the_threshold() -> None:
    with pytest.raises(ValueError, match="FutureTimeThresholdForBillingDates"):
        DateRules(initiate_after=timedelta(hours=8640))


def charge(kind: PriceType | None, **given: Any) -> Charge:
    values = {"override": None, "discount_amount": None, "discount_percent": None, **given}
    return Charge(price_type=kind, path="/charge", **values)


@pytest.mark.parametrize(
    ("product", "charges", "expected"),
    [
        (SUBSCRIPTION, (), Prices()),
        (SUBSCRIPTION, (charge(PriceType.RECURRING),), Prices()),
        (SUBSCRIPTION, (charge(PriceType.RECURRING, override=Decimal(30)),), Prices(cycle_fee=Decimal(30))),
        (SUBSCRIPTION, (charge(None, override=Decimal(30)),), Prices(cycle_fee=Decimal(30))),
        (ITEM, (charge(None, override=Decimal(0)),), Prices(purchase_fee=Decimal(0))),
        (
            SUBSCRIPTION,
            (
                charge(PriceType.ONE_TIME, override=Decimal(5), discount_percent=Decimal(10)),
                charge(PriceType.RECURRING, discount_amount=Decimal(2)),
                charge(PriceType.USAGE, discount_percent=Decimal(50)),
            ),
            Prices(
                purchase_fee=Decimal(5),
                purchase_discount=Decimal(10),
                cycle_discount_amount=Decimal(2),
                usage_discount=Decimal(50),
            ),
        ),
    ],
)
def test_overrides_and_discounts_become_prices(
    product: ProductType, charges: tuple[Charge, ...], expected: Prices
) -> None:
    assert prices_of(line(1, product, charges=charges)) == expected


@pytest.mark.parametrize("kind", PriceType)
def test_a_discount_is_an_amount_or_a_percentage_never_both(kind: PriceType) -> None:
    both = charge(kind, discount_amount=Decimal(1), discount_percent=Decimal(1))
    with pytest.raises(
        BusinessError, match=r"DiscountAmount and DiscountPercent exclude each other.*errno 123"
    ) as refused:
        prices_of(line(1, SUBSCRIPTION, charges=(both,)))
    assert (refused.value.code, refused.value.element) == (DISCOUNT_TWICE, "/charge/DiscountPercent")


@pytest.mark.parametrize(
    ("product", "charges", "rule"),
    [
        (DISCOUNT, (charge(None, override=Decimal(1)),), "a DISCOUNT has no price to override"),
        (SUBSCRIPTION, (charge(PriceType.USAGE, override=Decimal(1)),), "usage has no fee to override"),
        (SUBSCRIPTION, (charge(PriceType.USAGE, discount_amount=Decimal(1)),), "usage has no fee to override"),
        (
            SUBSCRIPTION,
            (charge(None, override=Decimal(1)), charge(PriceType.RECURRING, override=Decimal(2))),
            "two charges override the price type RECURRING",
        ),
        (SUBSCRIPTION, (charge(None, discount_percent=Decimal(101)),), "DiscountPercent 101 is not between 0 and 100"),
        (SUBSCRIPTION, (charge(None, discount_percent=Decimal(-1)),), "DiscountPercent -1 is not between 0 and 100"),
    ],
)
def test_prices_that_mean_nothing_are_refused(product: ProductType, charges: tuple[Charge, ...], rule: str) -> None:
    with pytest.raises(Contradiction, match=rule) as refused:
        prices_of(line(1, product, charges=charges))
    assert (refused.value.element or "").startswith("/charge")


@pytest.mark.parametrize(
    ("product", "given", "element"),
    [
        (SUBSCRIPTION, {"quantity": Decimal(0)}, "OrderQuantity"),
        (SUBSCRIPTION, {"item": None}, "ItemReference/ItemIdentification/BusinessComponentID"),
        (ProductType.SERVICE_BUNDLE, {"quantity": Decimal(2)}, "OrderQuantity"),
        (
            ProductType.SERVICE_BUNDLE,
            {"service_id": ""},
            "FulfillmentOrderSchedule/FulfillmentOrderItemInstance/Identification/ID",
        ),
        (
            ProductType.SERVICE_BUNDLE,
            {"permitted_type": "telephony"},
            "ItemReference/ClassificationCode[@listID='PermittedTypeCode']",
        ),
    ],
)
def test_what_a_purchase_needs_is_asked_for_by_name(product: ProductType, given: dict[str, Any], element: str) -> None:
    lacking = line(1, product, **given)
    with pytest.raises(Contradiction, match=r"line 1 \(line-0001\): ") as refused:
        check_new(lacking)
    assert refused.value.element == lacking.path(element)


@pytest.mark.parametrize(
    ("element", "amounts"),
    [("PriceOverride", {"override": Decimal(30)}), ("DiscountAmount", {"discount_amount": Decimal(2)})],
)
def test_a_price_in_another_currency_than_the_accounts_is_refused(element: str, amounts: dict[str, Any]) -> None:
    given = {"override": None, "discount_amount": None, "discount_percent": None, **amounts}
    tariff = line(1, SUBSCRIPTION, charges=(Charge(PriceType.RECURRING, path="/charge", currency="USD", **given),))
    with pytest.raises(Contradiction, match=f"{element} is in USD, the account is billed in GBP") as refused:
        check_currency(tariff, "826")
    assert refused.value.element == f"/charge/{element}/@currencyCode"
    check_currency(tariff, "840")
