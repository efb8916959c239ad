"""Buying a deal: its products and discounts become purchased ones, their fees are charged; one PACKAGE_ID a deal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from brm_sim.call import Call
from brm_sim.catalog import Deal, Discount, Product
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import given, offerings
from brm_sim.opcodes.accounts import identity
from brm_sim.opcodes.charges import Charges
from brm_sim.store import DATABASE_NUMBER


@dataclass(slots=True)
class Purchase:
    """A deal about to be bought for ``service``, or (None) the account; ``existing`` are discounts bought before."""

    call: Call
    charges: Charges
    service: Poid | None
    deal: Poid | None = None
    plan: Poid | None = None
    existing: list[Flist] = field(default_factory=list)

    @property
    def buyer(self) -> str:
        """The class that offers must be permitted for."""
        return self.service.type if self.service else "/account"

    def buy(self, info: Flist) -> Flist:
        """Buy ``{NAME, PRODUCTS[], DISCOUNTS[]}``; give DEAL_INFO {NAME, PACKAGE_ID, PRODUCTS[], DISCOUNTS[]}.

        Raises ErrorBuffer for unknown, expired or not permitted offers, and for terms that mean nothing; see offerings.
        """
        package = self.call.session.number()
        products = list(_checked_products(self.call, self.buyer, info))
        discounts = list(_checked_discounts(self.call, self.buyer, info))
        bought = Array({element: self._discount(offer, wanted, package) for element, offer, wanted in discounts})
        reducing = offerings.purchased_discounts(self.call.catalog, self.existing, self.call.now)
        result: Flist = {"NAME": given.text(info, "NAME") or None, "PACKAGE_ID": package}
        if products:
            result["PRODUCTS"] = Array(
                {element: self._product(offer, wanted, package, reducing) for element, offer, wanted in products}
            )
        return result | ({"DISCOUNTS": bought} if bought else {})

    def _product(
        self, product: Product, wanted: Flist, package: int, reducing: list[offerings.ActiveDiscount]
    ) -> Flist:
        terms = self._terms(wanted, package, PRODUCT_OBJ=product.poid)
        terms |= offerings.kept(wanted, offerings.PRICES)
        if product.is_item and _starts(terms) <= self.call.now:
            offerings.charge_due(self.charges, product, terms, (), None)
            return {"PRODUCT_OBJ": product.poid}
        offering = Poid(DATABASE_NUMBER, "/purchased_product", self.call.session.number(), 0)
        terms |= offerings.charge_due(self.charges, product, terms, reducing, offering)
        self.call.session.create(offering.type, terms, offering.id)
        return {"OFFERING_OBJ": offering, "PRODUCT_OBJ": product.poid}

    def _discount(self, discount: Discount, wanted: Flist, package: int) -> Flist:
        terms = self._terms(wanted, package, DISCOUNT_OBJ=discount.poid)
        offering = self.call.session.create("/purchased_discount", terms)
        self.existing.append(terms)
        return {"OFFERING_OBJ": offering, "DISCOUNT_OBJ": discount.poid}

    def _terms(self, wanted: Flist, package: int, **offer: Poid) -> Flist:
        return {
            "ACCOUNT_OBJ": identity(self.charges.account),
            "SERVICE_OBJ": self.service and identity(self.service),
            **offer,
            "DEAL_OBJ": self.deal,
            "PLAN_OBJ": self.plan,
            "PACKAGE_ID": package,
            "QUANTITY": given.decimal(wanted, "QUANTITY") or Decimal(1),
            "STATUS": given.integer(wanted, "STATUS") or offerings.ACTIVE,
            "STATUS_FLAGS": given.integer(wanted, "STATUS_FLAGS") or 0,
            "DESCR": given.text(wanted, "DESCR") or None,
            **offerings.dates(wanted, self.call.now),
            **offerings.custom(wanted),
        }


def deal_info(call: Call, wanted: Flist, buyer: str) -> tuple[Poid | None, Flist]:
    """Give the deal's POID (None for one made up on the spot) and its content, from DEAL_OBJ or DEAL_INFO."""
    poid = given.optional_poid(wanted, "DEAL_OBJ")
    if poid is None or poid.type_only:
        return None, given.substruct(wanted, "DEAL_INFO")
    deal = call.catalog.deal(poid)
    offerings.check_offer(deal, buyer, call.now, "DEAL_OBJ")
    return deal.poid, listed(call, deal)


def listed(call: Call, deal: Deal) -> Flist:
    """Word a deal of the price list as a DEAL_INFO."""
    one: Flist = {"QUANTITY": Decimal(1), "STATUS": offerings.ACTIVE}
    products = (call.catalog.coded(code, Product).poid for code in deal.products)
    discounts = (call.catalog.coded(code, Discount).poid for code in deal.discounts)
    return {
        "NAME": deal.name,
        "PRODUCTS": Array(enumerate({"PRODUCT_OBJ": poid, **one} for poid in products)),
        "DISCOUNTS": Array(enumerate({"DISCOUNT_OBJ": poid, **one} for poid in discounts)),
    }


def _checked_products(call: Call, buyer: str, info: Flist) -> Iterator[tuple[int, Product, Flist]]:
    for element, wanted in given.array(info, "PRODUCTS").items():
        product = call.catalog.product(given.poid(wanted, "PRODUCT_OBJ"))
        offerings.check_offer(product, buyer, call.now, "PRODUCT_OBJ")
        offerings.check_terms(wanted | offerings.dates(wanted, call.now))
        yield element, product, wanted


def _checked_discounts(call: Call, buyer: str, info: Flist) -> Iterator[tuple[int, Discount, Flist]]:
    for element, wanted in given.array(info, "DISCOUNTS").items():
        discount = call.catalog.discount(given.poid(wanted, "DISCOUNT_OBJ"))
        offerings.check_offer(discount, buyer, call.now, "DISCOUNT_OBJ")
        offerings.check_terms(wanted | offerings.dates(wanted, call.now))
        yield element, discount, wanted


def _starts(terms: Flist) -> datetime:
    start = terms["PURCHASE_START_T"]
    if not isinstance(start, datetime):
        raise TypeError("dates() gives every purchase a start")
    return start
