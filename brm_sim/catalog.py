"""The price list: read from a TOML file, kept in memory for the opcodes, and loaded into BRM as storable objects.

The file's form is told at its top. POID ids are fixed by the file, so that cross-references survive a reset.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import DATABASE_NUMBER, Store

ROOT_ACCOUNT = Poid(DATABASE_NUMBER, "/account", 1, 0)
PRODUCT_TYPES = {"item": 601, "subscription": 602, "system": 603}
ITEM = PRODUCT_TYPES["item"]
_ACTIVE = 1


class PriceListError(Exception):
    """The price list cannot be used: the file, and what is wrong in it."""


class Offer(BaseModel):
    """What everything on the list has; ``permitted`` are classes of services, or ``/account``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int = Field(ge=2, lt=100_000)
    code: str = Field(min_length=1)
    name: str = Field(min_length=1)
    permitted: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def permits(self, type_: str) -> bool:
        """Whether it may be bought for a service of class ``type_`` (``/account``: for the account itself)."""
        return any(type_ == each or type_.startswith(f"{each}/") for each in self.permitted)

    def fields(self) -> Flist:
        """Word what every offer has."""
        return {
            "CODE": self.code,
            "NAME": self.name,
            "STATUS": _ACTIVE,
            "PERMITTED": ",".join(self.permitted) or None,
            "PURCHASE_START_T": self.valid_from,
            "PURCHASE_END_T": self.valid_to,
        }


class Product(Offer):
    """A charge offer: fees are per unit, in the list's currency; ``cycle`` is months between cycle fees."""

    type: Literal["item", "subscription", "system"]
    purchase_fee: Decimal = Decimal(0)
    cycle_fee: Decimal = Decimal(0)
    cycle: Literal[1, 3, 12] = 1

    @property
    def poid(self) -> Poid:
        """Its POID."""
        return Poid(DATABASE_NUMBER, "/product", self.id, 0)

    @property
    def is_item(self) -> bool:
        """Whether it is charged once and then over."""
        return self.type == "item"

    def flist(self, currency: int) -> Flist:
        """Word it as a /product object."""
        return self.fields() | {
            "PRODUCT_TYPE": PRODUCT_TYPES[self.type],
            "PURCHASE_FEE_AMT": self.purchase_fee,
            "CYCLE_FEE_AMT": self.cycle_fee,
            "CYCLE_FREQUENCY": self.cycle,
            "CURRENCY": currency,
        }


class Discount(Offer):
    """A discount offer on cycle fees: a percentage (10 is a tenth), or an amount a fee."""

    percent: Decimal | None = Field(default=None, gt=0, le=100)
    amount: Decimal | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_of_both(self) -> Discount:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a discount has either percent or amount")
        return self

    @property
    def poid(self) -> Poid:
        """Its POID."""
        return Poid(DATABASE_NUMBER, "/discount", self.id, 0)

    def flist(self, currency: int) -> Flist:
        """Word it as a /discount object."""
        return self.fields() | {
            "DISCOUNT_PERCENT": self.percent,
            "DISCOUNT_AMT": self.amount,
            "CURRENCY": currency,
        }


class Deal(Offer):
    """Products and discounts bought together, by their codes."""

    products: tuple[str, ...] = ()
    discounts: tuple[str, ...] = ()

    @property
    def poid(self) -> Poid:
        """Its POID."""
        return Poid(DATABASE_NUMBER, "/deal", self.id, 0)


class PlanService(BaseModel):
    """A service of a plan, and the deals bought with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    deals: tuple[str, ...] = ()


class Plan(Offer):
    """Services bought together."""

    services: tuple[PlanService, ...] = ()

    @property
    def poid(self) -> Poid:
        """Its POID."""
        return Poid(DATABASE_NUMBER, "/plan", self.id, 0)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: int
    services: tuple[str, ...]
    products: tuple[Product, ...] = ()
    discounts: tuple[Discount, ...] = ()
    deals: tuple[Deal, ...] = ()
    plans: tuple[Plan, ...] = ()


AnyOffer = TypeVar("AnyOffer", bound=Offer)


class PriceCatalog:
    """The price list in memory, by POID and by code. Lookups raise ErrorBuffer NOT_FOUND or BAD_POID_TYPE."""

    def __init__(self, file: _File) -> None:
        self.currency = file.currency
        self.services = file.services
        self.products = {each.id: each for each in file.products}
        self.discounts = {each.id: each for each in file.discounts}
        self.deals = {each.id: each for each in file.deals}
        self.plans = {each.id: each for each in file.plans}
        self.by_code: Mapping[str, Offer] = {each.code: each for each in self._offers()}
        self._check(file)

    @classmethod
    def load(cls, path: Path | None = None) -> PriceCatalog:
        """Read the file at ``path``, or the one that comes with the simulator; PriceListError when it is wrong."""
        source = path or files("brm_sim").joinpath("price_list.toml")
        try:
            return cls(_File.model_validate(tomllib.loads(source.read_text(encoding="utf-8"))))
        except (tomllib.TOMLDecodeError, ValidationError, ValueError) as error:
            raise PriceListError(f"{source}: {error}") from error

    def product(self, poid: Poid) -> Product:
        """Find a product by POID."""
        return _found(self.products, poid, "/product", "PRODUCT_OBJ")

    def discount(self, poid: Poid) -> Discount:
        """Find a discount by POID."""
        return _found(self.discounts, poid, "/discount", "DISCOUNT_OBJ")

    def deal(self, poid: Poid) -> Deal:
        """Find a deal by POID."""
        return _found(self.deals, poid, "/deal", "DEAL_OBJ")

    def plan(self, poid: Poid) -> Plan:
        """Find a plan by POID."""
        return _found(self.plans, poid, "/plan", "POID")

    def is_service(self, type_: str) -> bool:
        """Whether there are services of class ``type_`` here."""
        return any(type_ == each or type_.startswith(f"{each}/") for each in self.services)

    def objects(self) -> Iterator[tuple[Poid, Flist]]:
        """Word the whole list, and the root account, as storable objects."""
        yield ROOT_ACCOUNT, {"ACCOUNT_NO": "ROOT.0.0.0.1", "CURRENCY": self.currency, "STATUS": 10100}
        for product in self.products.values():
            yield product.poid, product.flist(self.currency)
        for discount in self.discounts.values():
            yield discount.poid, discount.flist(self.currency)
        for deal in self.deals.values():
            yield deal.poid, self._deal(deal)
        for plan in self.plans.values():
            yield plan.poid, self._plan(plan)

    def _offers(self) -> Iterator[Offer]:
        for offers in (self.products, self.discounts, self.deals, self.plans):
            yield from offers.values()

    def _check(self, file: _File) -> None:
        offers = (*file.products, *file.discounts, *file.deals, *file.plans)
        for what, number in (("id", len({each.id for each in offers})), ("code", len({each.code for each in offers}))):
            if number != len(offers):
                raise ValueError(f"two entries have the same {what}")
        named = [code for deal in file.deals for code in (*deal.products, *deal.discounts)]
        named += [code for plan in file.plans for service in plan.services for code in service.deals]
        for code in named:
            if code not in self.by_code:
                raise ValueError(f"there is no entry with the code {code}")

    def _deal(self, deal: Deal) -> Flist:
        one = Decimal(1)
        products: list[Flist] = [
            {"PRODUCT_OBJ": self.coded(code, Product).poid, "QUANTITY": one} for code in deal.products
        ]
        discounts: list[Flist] = [
            {"DISCOUNT_OBJ": self.coded(code, Discount).poid, "QUANTITY": one} for code in deal.discounts
        ]
        return {**deal.fields(), "PRODUCTS": _array(products), "DISCOUNTS": _array(discounts)}

    def _plan(self, plan: Plan) -> Flist:
        services: list[Flist] = [
            {
                "SERVICE_OBJ": Poid(DATABASE_NUMBER, service.type, -1, 0),
                "DEALS": _array([{"DEAL_OBJ": self.coded(code, Deal).poid} for code in service.deals]),
            }
            for service in plan.services
        ]
        return {"CODE": plan.code, "NAME": plan.name, "STATUS": _ACTIVE, "SERVICES": _array(services)}

    def coded(self, code: str, kind: type[AnyOffer]) -> AnyOffer:
        """Find an entry by its code; KeyError when there is none of that kind."""
        offer = self.by_code[code]
        if not isinstance(offer, kind):
            raise KeyError(code)
        return offer


def load_into(store: Store, catalog: PriceCatalog, now: datetime | None = None) -> None:
    """Store the price list and the root account; what is there already is brought up to date. Repeat as you like.

    Several workers may start at once: whoever comes second finds a conflict, looks again and finds it done.
    """
    for attempts_left in reversed(range(3)):
        try:
            return _load(store, catalog, now or datetime.now(UTC))
        except ErrorBuffer as error:
            if error.class_ is not ErrorClass.SYSTEM_RETRYABLE or not attempts_left:
                raise
    return None


def _load(store: Store, catalog: PriceCatalog, now: datetime) -> None:
    with store.session(now=now) as session:
        wanted = dict(catalog.objects())
        present = session.read_many(wanted.keys())
        for poid, fields in wanted.items():
            old = present.get(poid.id)
            if old is None:
                session.create(poid.type, fields, poid.id)
            elif any(old.get(name) != value for name, value in fields.items()):
                if emptied := _without_elements(old):
                    session.update(poid, emptied)  # an update merges: what a deal no longer holds would stay
                session.update(poid, fields)


def _without_elements(old: Flist) -> Flist:
    """Give the change that empties every array of an object: a null element removes."""
    return {name: Array({element: {} for element in value}) for name, value in old.items() if isinstance(value, Array)}


def _found(offers: Mapping[int, AnyOffer], poid: Poid, type_: str, field: str) -> AnyOffer:
    if poid.type != type_:
        raise ErrorBuffer(Errno.BAD_POID_TYPE, f"{poid} is no {type_}", field=field)
    if poid.id not in offers:
        raise ErrorBuffer(Errno.NOT_FOUND, f"the price list has no {type_} {poid.id}", field=field)
    return offers[poid.id]


def _array(elements: list[Flist]) -> Array:
    return Array(enumerate(elements))
