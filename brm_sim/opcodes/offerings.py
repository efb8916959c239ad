"""Purchased products and discounts: what they are made of, whether they may be bought, and the fees that fall due.

A purchase whose dates lie in the future makes its objects and no fee; the fee falls due when the date comes to be now
or past (SET_PRODINFO moves it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, DecimalException

from brm_sim.catalog import Discount, Offer, PriceCatalog, Product
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import given
from brm_sim.opcodes.charges import CYCLE_FEES, PURCHASE_FEE, Charges, Fee, Reduction, money

ACTIVE, CANCELLED = 1, 3
COMMON_ID = "O2C_FLD_COMMON_ID"
DATES = tuple(f"{phase}_{end}_T" for phase in ("PURCHASE", "CYCLE", "USAGE") for end in ("START", "END"))
PRICES = (
    "PURCHASE_FEE_AMT",
    "CYCLE_FEE_AMT",
    "PURCHASE_DISCOUNT",
    "PURCHASE_DISC_AMT",
    "CYCLE_DISCOUNT",
    "CYCLE_DISC_AMT",
    "USAGE_DISCOUNT",
)


@dataclass(frozen=True, slots=True)
class ActiveDiscount:
    """A purchased discount that may reduce fees: from when, and what it takes off."""

    offer: Discount
    start: datetime

    def reduction(self, amount: Decimal) -> Decimal:
        """Give what it takes off a fee of ``amount``; never more than the fee."""
        off = amount * self.offer.percent / 100 if self.offer.percent is not None else self.offer.amount
        return min(money(off or Decimal(0)), amount)


def check_offer(offer: Offer, type_: str, now: datetime, field: str) -> None:
    """Refuse what is not sold now (180, 181), or not for services of class ``type_`` (198)."""
    if offer.valid_from is not None and now < offer.valid_from:
        raise ErrorBuffer(Errno.PURCHASE_FUTURE_DEAL, f"{offer.name} is not sold yet", field=field)
    if offer.valid_to is not None and now >= offer.valid_to:
        raise ErrorBuffer(Errno.PURCHASE_EXPIRED_DEAL, f"{offer.name} is no longer sold", field=field)
    if not offer.permits(type_):
        raise ErrorBuffer(Errno.VALIDATION_FAILED, f"{offer.name} is not permitted for {type_}", field=field)


def check_terms(wanted: Flist) -> None:
    """Refuse quantities, states, dates and discounts that mean nothing."""
    quantity = given.decimal(wanted, "QUANTITY")
    if quantity is not None and quantity <= 0:
        raise ErrorBuffer(Errno.BAD_VALUE, "a quantity is positive", field="QUANTITY")
    if (status := given.integer(wanted, "STATUS")) is not None and not ACTIVE <= status <= CANCELLED:
        raise ErrorBuffer(Errno.BAD_VALUE, f"{status} is no status of an offering", field="STATUS")
    for phase in ("PURCHASE", "CYCLE", "USAGE"):
        start, end = given.moment(wanted, f"{phase}_START_T"), given.moment(wanted, f"{phase}_END_T")
        if start is not None and end is not None and end < start:
            raise ErrorBuffer(Errno.BAD_VALUE, "the end lies before the start", field=f"{phase}_END_T")
    for kind in ("PURCHASE", "CYCLE"):
        share = given.decimal(wanted, f"{kind}_DISCOUNT")
        if share and given.decimal(wanted, f"{kind}_DISC_AMT"):
            raise ErrorBuffer(Errno.DISC_AMT_AND_PERCENT, "amount and percentage together", field=f"{kind}_DISCOUNT")
        if share is not None and not 0 <= share <= 1:
            raise ErrorBuffer(Errno.BAD_VALUE, "a discount is a share from 0 to 1", field=f"{kind}_DISCOUNT")


def dates(wanted: Flist, now: datetime) -> Flist:
    """Give the six dates of a purchase: starts default to now, a cycle or usage start to the purchase's."""
    purchase = given.moment(wanted, "PURCHASE_START_T") or now
    starts = {
        "PURCHASE_START_T": purchase,
        "CYCLE_START_T": given.moment(wanted, "CYCLE_START_T") or purchase,
        "USAGE_START_T": given.moment(wanted, "USAGE_START_T") or purchase,
    }
    return {name: starts.get(name) or given.moment(wanted, name) for name in DATES}


def charge_due(
    charges: Charges, product: Product, terms: Flist, discounts: Iterable[ActiveDiscount], offering: Poid | None
) -> Flist:
    """Charge the fees of a purchase that are due and not charged yet; give the fields that say so.

    ``terms`` is the /purchased_product as it is, or would be. Only active ones are charged.
    """
    now = charges.call.now
    charged: Flist = {}
    if terms.get("STATUS") != ACTIVE:
        return charged
    for phase, mark in (("PURCHASE", "PURCHASE_CHARGED_T"), ("CYCLE", "CYCLE_CHARGED_T")):
        start = given.moment(terms, f"{phase}_START_T") or now
        if start <= now and terms.get(mark) is None:
            reducing = [each for each in discounts if each.start <= now] if phase == "CYCLE" else []
            charges.charge(_fee(phase, product, terms, discounts=reducing, offering=offering, start=start))
            charged[mark] = now
    return charged


def _fee(
    phase: str,
    product: Product,
    terms: Flist,
    *,
    discounts: Iterable[ActiveDiscount],
    offering: Poid | None,
    start: datetime,
) -> Fee:
    quantity = given.decimal(terms, "QUANTITY") or Decimal(1)
    amount = _amount(phase, product, terms, quantity)
    reductions = []
    left = amount
    for each in discounts:
        off = min(each.reduction(amount), left)
        left -= off
        if off:
            reductions.append(Reduction(each.offer.poid, off))
    return Fee(
        event=PURCHASE_FEE if phase == "PURCHASE" else CYCLE_FEES[product.cycle],
        name=product.name,
        product=product.poid,
        amount=amount,
        quantity=quantity,
        start=start,
        service=given.optional_poid(terms, "SERVICE_OBJ"),
        offering=offering,
        package=given.integer(terms, "PACKAGE_ID"),
        reductions=tuple(reductions),
        common_id=given.text(terms, COMMON_ID) or None,
    )


def _amount(phase: str, product: Product, terms: Flist, quantity: Decimal) -> Decimal:
    try:
        return money(_after_own_discount(phase, terms, _price(phase, product, terms) * quantity))
    except DecimalException as error:
        raise ErrorBuffer(Errno.BAD_VALUE, "the fee has too many digits", field=f"{phase}_FEE_AMT") from error


def _price(phase: str, product: Product, terms: Flist) -> Decimal:
    override = given.decimal(terms, f"{phase}_FEE_AMT")
    listed = product.purchase_fee if phase == "PURCHASE" else product.cycle_fee
    return listed if override is None else override


def _after_own_discount(phase: str, terms: Flist, amount: Decimal) -> Decimal:
    share = given.decimal(terms, f"{phase}_DISCOUNT") or Decimal(0)
    off = given.decimal(terms, f"{phase}_DISC_AMT") or Decimal(0)
    return max(amount * (1 - share) - off, Decimal(0)) if amount > 0 else amount


def purchased_discounts(
    catalog: PriceCatalog, purchased: Iterable[Flist], now: datetime, with_start: datetime | None = None
) -> list[ActiveDiscount]:
    """Pick the /purchased_discount objects that reduce a fee charged now.

    A discount counts when it is active and has begun, or was to begin no later than the product itself
    (``with_start``): an initiated order's product and discount are given their real dates one after the other.
    """
    active = []
    for each in purchased:
        start = given.moment(each, "PURCHASE_START_T") or now
        end = given.moment(each, "PURCHASE_END_T")
        together = with_start is not None and start <= with_start
        if each.get("STATUS") == ACTIVE and (start <= now or together) and (end is None or end > now):
            active.append(ActiveDiscount(catalog.discount(given.poid(each, "DISCOUNT_OBJ")), min(start, now)))
    return active


def kept(wanted: Flist, names: Iterable[str]) -> Flist:
    """Pick the fields given, null ones too."""
    return {name: wanted[name] for name in names if name in wanted}


def custom(wanted: Flist) -> Mapping[str, str]:
    """Give the COMMON id the object is made for, when there is one."""
    common = given.text(wanted, COMMON_ID)
    return {COMMON_ID: common} if common else {}
