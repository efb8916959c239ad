"""An order to bill, as frozen data, and what its lines take from one another.

Every reference keeps the path of the element that made it, so that a rule can name what broke it. Ids are COMMON ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gateway.domain.codes import Action, BillingMode, FulfillmentMode, PriceType, ProductType
from gateway.errors import Contradiction

ORDER_PATH = "/ProcessFulfillmentOrderBillingEBM/DataArea/ProcessFulfillmentOrderBilling"
PARENT = "ParentFulfillmentOrderLineIdentification"
ROOT_PARENT = "RootParentFulfillmentOrderLineIdentification"
ASSET = "InstalledProductReference/InstalledProductIdentification"


@dataclass(frozen=True, slots=True)
class Named:
    """Something a message names: its COMMON id, and the path of the element that names it."""

    id: str
    path: str


@dataclass(frozen=True, slots=True)
class Parties:
    """Who owns what a line delivers (service account), who pays for it, and through which billing profile."""

    service_account: Named | None = None
    billing_account: Named | None = None
    billing_profile: Named | None = None

    @property
    def owner(self) -> Named:
        """The service account, which the customer account of the order stands in for."""
        if self.service_account is None:
            raise Contradiction("OwnerPartyReference is missing, here and on the order", element=ORDER_PATH)
        return self.service_account

    def filled_from(self, other: Parties) -> Parties:
        """Return these parties, with the other's where one is missing."""
        return Parties(
            self.service_account or other.service_account,
            self.billing_account or other.billing_account,
            self.billing_profile or other.billing_profile,
        )


@dataclass(frozen=True, slots=True)
class BalanceGroup:
    """A hint: an existing balance group by its POID, or a new one by name; ``own`` = of this service alone."""

    poid: str = ""
    name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """One FulfillmentOrderScheduleCharge: a percentage from 0 to 100, money in ``currency`` (ISO 4217 letters)."""

    price_type: PriceType | None
    override: Decimal | None
    discount_amount: Decimal | None
    discount_percent: Decimal | None
    path: str
    currency: str = ""

    @property
    def changes_price(self) -> bool:
        """Whether the charge says anything that the price list does not."""
        return any(value is not None for value in (self.override, self.discount_amount, self.discount_percent))


@dataclass(frozen=True, slots=True)
class Dates:
    """When a line's charges begin and end; aware, UTC. What is missing is for ``billing`` to fill in."""

    purchase: datetime | None = None
    cycle: datetime | None = None
    usage: datetime | None = None
    delivered: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One FulfillmentOrderLine; ``position`` counts from 1, ``number`` is the line's number for people.

    ``promotion`` names the promotion line it belongs to, which need not be part of the order; ``original`` the line
    of an earlier revision that this one stands for.
    """

    position: int
    id: str
    number: str
    action: Action
    product: ProductType
    fulfillment: FulfillmentMode = FulfillmentMode.DO
    billing: BillingMode | None = None
    quantity: Decimal = Decimal(1)
    parent: str | None = None
    root: str | None = None
    promotion: str | None = None
    original: str | None = None
    asset: str | None = None
    item: str | None = None
    name: str = ""
    permitted_type: str = ""
    service_id: str = ""
    balance_group: BalanceGroup | None = None
    parties: Parties = field(default=Parties())
    dates: Dates = field(default=Dates())
    charges: tuple[Charge, ...] = ()

    @property
    def common(self) -> str:
        """The COMMON id of the thing the line is about: its installed product, or else the line itself."""
        return self.asset or self.id

    @property
    def who(self) -> str:
        """The line's name for people."""
        return f"line {self.number} ({self.id})" if self.number else f"line {self.id}"

    @property
    def above(self) -> str | None:
        """The line directly above: the parent, or the root when no parent is named; None for a root line."""
        if self.parent is not None:
            return self.parent
        return None if self.root == self.id else self.root

    def path(self, element: str = "") -> str:
        """Return the path of the line in its EBM, or of an element below it."""
        return "/".join(filter(None, (f"{ORDER_PATH}/FulfillmentOrderLine[{self.position}]", element)))


@dataclass(frozen=True, slots=True)
class Order:
    """A fulfillment order to bill: one EBM."""

    ebm_id: str
    sender: str
    target: str
    id: str
    number: str
    revision: str
    account: Named
    lines: tuple[Line, ...]
    reply_to: str = ""
    response_code: str = ""

    @property
    def title(self) -> str:
        """The order's name for people: its number, else its COMMON id."""
        return self.number or self.id


@dataclass(frozen=True, slots=True)
class Family:
    """How the lines of an order hang together, worked out once.

    ``parties``: each line's, with what it inherits. ``bundle``: the id of the nearest service bundle at or above a
    line; lines at account level are left out.
    """

    lines: Mapping[str, Line]
    parties: Mapping[str, Parties]
    bundle: Mapping[str, str]

    def bundle_of(self, line: Line) -> Line | None:
        """Return the service bundle a line belongs to (itself, for a bundle), or None at account level."""
        bundle = self.bundle.get(line.id)
        return None if bundle is None else self.lines[bundle]

    def referred(self, line: Line) -> tuple[Line, ...]:
        """Return the lines of this order that a line refers to: parent, root, promotion, service bundle."""
        ids = dict.fromkeys((line.parent, line.root, line.promotion, self.bundle.get(line.id)))
        return tuple(self.lines[i] for i in ids if i is not None and i != line.id and i in self.lines)


def family(order: Order) -> Family:
    """Relate the lines of an order to each other; cost per line is flat, whatever the depth.

    Raises Contradiction for a line id used twice, a parent that is not in the order, and parents in a circle.
    """
    lines = _by_id(order.lines)
    default = Parties(order.account, order.account)
    parties: dict[str, Parties] = {}
    bundle: dict[str, str] = {}
    for line in _parents_first(order.lines, lines):
        above = line.above
        parties[line.id] = line.parties.filled_from(default if above is None else parties[above])
        if line.product is ProductType.SERVICE_BUNDLE:
            bundle[line.id] = line.id
        elif above in bundle:
            bundle[line.id] = bundle[above]
    return Family(lines, parties, bundle)


def _by_id(lines: Sequence[Line]) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for line in lines:
        first = found.setdefault(line.id, line)
        if first is not line:
            text = f"Identification '{line.id}' names both line {first.position} and line {line.position}"
            raise Contradiction(text, element=line.path("Identification"))
    return found


def _parents_first(lines: Sequence[Line], by_id: Mapping[str, Line]) -> list[Line]:
    ordered: dict[str, Line] = {}
    for line in lines:
        climbed: dict[str, Line] = {}
        step: Line | None = line
        while step is not None and step.id not in ordered:
            if step.id in climbed:
                raise Contradiction(
                    f"{step.who}: its parents form a circle", element=step.path(PARENT if step.parent else ROOT_PARENT)
                )
            climbed[step.id] = step
            step = _above(step, by_id)
        ordered.update((up.id, up) for up in reversed(climbed.values()))
    return list(ordered.values())


def _above(line: Line, by_id: Mapping[str, Line]) -> Line | None:
    for element, reference in ((PARENT, line.parent), (ROOT_PARENT, line.root)):
        if reference is not None and reference not in by_id:
            text = f"{line.who}: {element} '{reference}' is not a line of this order"
            raise Contradiction(text, element=line.path(element))
    return None if line.above is None else by_id[line.above]
