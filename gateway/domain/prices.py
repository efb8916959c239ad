"""What an order says against the price list, and which of it means nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gateway.domain.codes import PriceType, ProductType
from gateway.domain.currencies import NUMBERS, letters_of
from gateway.domain.order import Charge, Line
from gateway.errors import BusinessError, Contradiction

WHOLE = 100
DISCOUNT_TWICE = "PIN_ERR_DISC_AMT_AND_PERCENT"


@dataclass(frozen=True, slots=True)
class Prices:
    """What an order says against the price list: fees and amounts in the account's currency, percentages 0 to 100."""

    purchase_fee: Decimal | None = None
    cycle_fee: Decimal | None = None
    purchase_discount: Decimal = Decimal(0)
    cycle_discount: Decimal = Decimal(0)
    usage_discount: Decimal = Decimal(0)
    purchase_discount_amount: Decimal | None = None
    cycle_discount_amount: Decimal | None = None


def prices_of(line: Line) -> Prices:
    """Return what a line's charges say against the price list.

    Raises Contradiction for an override of what has no fee (usage, a discount), for two charges of one price type that
    both say something, and BusinessError (BRM's rule, errno 123) for a charge with discount amount and percentage.
    """
    said: dict[PriceType, Charge] = {}
    for charge in line.charges:
        if not charge.changes_price:
            continue
        kind = charge.price_type or (PriceType.ONE_TIME if line.product is ProductType.ITEM else PriceType.RECURRING)
        _check_charge(line, charge, kind)
        if kind in said:
            raise Contradiction(f"{line.who}: two charges override the price type {kind}", element=charge.path)
        said[kind] = charge
    return _prices(said)


def check_currency(line: Line, currency: str) -> None:
    """Refuse prices in another currency than the one the account is billed in (BRM's number, ``826``).

    Raises Contradiction: BRM takes amounts as they are, in the account's currency, so a price in another would be
    billed as the wrong money.
    """
    for charge in line.charges:
        if charge.currency and str(NUMBERS.get(charge.currency, "")) != currency:
            element = "PriceOverride" if charge.override is not None else "DiscountAmount"
            raise Contradiction(
                f"{line.who}: {element} is in {charge.currency}, the account is billed in {letters_of(currency)}",
                element=f"{charge.path}/{element}/@currencyCode",
            )


def _prices(said: Mapping[PriceType, Charge]) -> Prices:
    once, cycle, usage = said.get(PriceType.ONE_TIME), said.get(PriceType.RECURRING), said.get(PriceType.USAGE)
    nothing = Decimal(0)
    return Prices(
        purchase_fee=once.override if once else None,
        cycle_fee=cycle.override if cycle else None,
        purchase_discount=(once.discount_percent or nothing) if once else nothing,
        cycle_discount=(cycle.discount_percent or nothing) if cycle else nothing,
        usage_discount=(usage.discount_percent or nothing) if usage else nothing,
        purchase_discount_amount=once.discount_amount if once else None,
        cycle_discount_amount=cycle.discount_amount if cycle else None,
    )


def _check_charge(line: Line, charge: Charge, kind: PriceType) -> None:
    if charge.discount_amount is not None and charge.discount_percent is not None:
        raise BusinessError(
            f"{line.who}: DiscountAmount and DiscountPercent exclude each other (BRM errno 123)",
            code=DISCOUNT_TWICE,
            element=f"{charge.path}/DiscountPercent",
        )
    percent = charge.discount_percent
    if percent is not None and not 0 <= percent <= WHOLE:
        text = f"{line.who}: DiscountPercent {percent} is not between 0 and 100"
        raise Contradiction(text, element=f"{charge.path}/DiscountPercent")
    if line.product in {ProductType.DISCOUNT, ProductType.SERVICE_BUNDLE}:
        raise Contradiction(f"{line.who}: a {line.product} has no price to override", element=charge.path)
    if kind is PriceType.USAGE and (charge.override is not None or charge.discount_amount is not None):
        text = f"{line.who}: usage has no fee to override; only DiscountPercent applies to it"
        raise Contradiction(text, element=charge.path)
