"""FulfillmentOrderLine → line: what stands on the line, and its order's defaults for what does not. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from gateway.domain.billing import SCHEDULE
from gateway.domain.codes import (
    Action,
    BalanceGroupType,
    BillingMode,
    FulfillmentMode,
    PriceType,
    ProductType,
    known,
    read,
)
from gateway.domain.order import (
    ASSET,
    ORDER_PATH,
    PARENT,
    ROOT_PARENT,
    BalanceGroup,
    Charge,
    Dates,
    Line,
    Named,
    Parties,
)
from gateway.errors import Contradiction, InvalidMessage
from gateway.transforms.namespaces import core, ford
from gateway.transforms.reading import Children, Element, children, common_id, decimal, instant, named, text

CHARGE = ford("FulfillmentOrderScheduleCharge")
CLASS = ford("ClassificationCode")
ACCOUNT = "CustomerPartyAccountIdentification"
BILLING_TYPE = "BillingProductTypeCode"
PERMITTED_TYPE = "PermittedTypeCode"
_BALANCE_GROUP = re.compile(r"([0-9]+(?:\.[0-9]+){3} /balance_group [0-9]+)(?: [0-9]+)?")

_Mode = TypeVar("_Mode", BillingMode, FulfillmentMode)


@dataclass(frozen=True, slots=True)
class _LineReader:
    """One FulfillmentOrderLine being read: its children, its path, and its name for people."""

    parts: Children
    schedule: Children
    defaults: Children
    path: str
    line_id: str
    number: str

    @property
    def whose(self) -> str:
        return f"line {self.number} ({self.line_id})" if self.number else f"line {self.line_id}"

    def action(self) -> Action:
        return read(Action, text(self.parts.get(ford("ActionCode"))), f"{self.path}/ActionCode", self.whose)

    def mode(self, kind: type[_Mode], name: str) -> _Mode | None:
        """Read a code that stands on the line, or on the order for all lines that have none."""
        for parts, path in ((self.parts, self.path), (self.defaults, ORDER_PATH)):
            if token := text(parts.get(ford(name))):
                return read(kind, token, f"{path}/{name}", self.whose)
        return None

    def referred(self, name: str) -> str | None:
        """Read the line id of ``<…LineReference><FulfillmentOrderLineIdentification>…``."""
        reference = children(self.parts.get(ford(name)))
        return common_id(reference.get(ford("FulfillmentOrderLineIdentification"))) or None

    def asset(self) -> str | None:
        reference = children(self.parts.get(ford("InstalledProductReference")))
        found = named(reference.get(ford("InstalledProductIdentification")), f"{self.path}/{ASSET}")
        return None if found is None else found.id

    def service_id(self) -> str:
        """Read ``<FulfillmentOrderItemInstance><corecom:Identification><corecom:ID>447700900123``."""
        instance = children(self.schedule.get(ford("FulfillmentOrderItemInstance")))
        return text(children(instance.get(core("Identification"))).get(core("ID")))

    def balance_group(self, target: str) -> BalanceGroup | None:
        """Read the hint ``<BalanceGroupReference>``; an existing group is named by its key in the target BRM."""
        element = self.parts.get(ford("BalanceGroupReference"))
        if element is None:
            return None
        parts, path = children(element), f"{self.path}/BalanceGroupReference"
        identification = parts.get(ford("BalanceGroupIdentification"))
        if identification is not None:
            return BalanceGroup(poid=_balance_group_key(target, identification, f"{path}/BalanceGroupIdentification"))
        token, name = text(parts.get(ford("TypeCode"))), text(parts.get(ford("Name")))
        scope = read(BalanceGroupType, token, f"{path}/TypeCode", self.whose) if token else None
        if scope is BalanceGroupType.ACCOUNT or not (scope or name):
            return None
        return BalanceGroup(name=name or self.service_id(), own=scope is BalanceGroupType.SERVICE)

    def parties(self) -> Parties:
        payer = children(self.schedule.get(ford("BillToPartyReference")))
        profile = children(payer.get(ford("BillingProfileReference"))).get(ford("BillingProfileIdentification"))
        bill_to = f"{self.path}/{SCHEDULE}/BillToPartyReference"
        return Parties(
            self.account(children(self.schedule.get(ford("OwnerPartyReference"))), "OwnerPartyReference"),
            self.account(payer, "BillToPartyReference"),
            named(profile, f"{bill_to}/BillingProfileReference/BillingProfileIdentification"),
        )

    def account(self, party: Children, name: str) -> Named | None:
        return named(party.get(ford(ACCOUNT)), f"{self.path}/{SCHEDULE}/{name}/{ACCOUNT}")

    def dates(self) -> Dates:
        period = children(self.parts.get(ford("EffectiveTimePeriod")))
        names = ("PurchaseDate", "CycleStartDateTime", "ServiceUsageStartDateTime", "ActualDeliveryDateTime")
        purchase, cycle, usage, delivered = (
            instant(self.schedule.get(ford(name)), f"{self.path}/{SCHEDULE}/{name}") for name in names
        )
        end = instant(period.get(core("EndDateTime")), f"{self.path}/EffectiveTimePeriod/EndDateTime")
        return Dates(purchase, cycle, usage, delivered, end)

    def charges(self, schedule: Element | None) -> tuple[Charge, ...]:
        found = () if schedule is None else schedule.iterchildren(CHARGE)
        return tuple(self.charge(children(charge), number) for number, charge in enumerate(found, start=1))

    def charge(self, parts: Children, number: int) -> Charge:
        path = f"{self.path}/{SCHEDULE}/FulfillmentOrderScheduleCharge[{number}]"
        token = text(parts.get(ford("PriceTypeCode")))
        return Charge(
            price_type=read(PriceType, token, f"{path}/PriceTypeCode", self.whose) if token else None,
            override=decimal(parts.get(ford("PriceOverride")), f"{path}/PriceOverride"),
            discount_amount=decimal(parts.get(ford("DiscountAmount")), f"{path}/DiscountAmount"),
            discount_percent=decimal(parts.get(ford("DiscountPercent")), f"{path}/DiscountPercent"),
            path=path,
            currency=self.currency(parts, path),
        )

    def currency(self, parts: Children, path: str) -> str:
        """Return the currency of a charge's amounts; empty when there are none, or none says."""
        said = {
            name: amount.get("currencyCode", "")
            for name in ("PriceOverride", "DiscountAmount")
            if (amount := parts.get(ford(name))) is not None and text(amount)
        }
        if len(set(said.values())) > 1:
            text_ = f"{self.whose}: {' and '.join(said)} are in different currencies"
            raise Contradiction(text_, element=f"{path}/DiscountAmount/@currencyCode")
        return next(iter(said.values()), "")


def line(element: Element, position: int, defaults: Children, target: str) -> Line:
    """Read a line; ``defaults`` are the children of its order. Raises InvalidMessage, Contradiction."""
    parts = children(element)
    schedule = parts.get(ford(SCHEDULE))
    path = f"{ORDER_PATH}/FulfillmentOrderLine[{position}]"
    line_id, number = _identity(parts, path)
    reader = _LineReader(parts, children(schedule), defaults, path, line_id, number)
    product = _Item.read(parts.get(ford("ItemReference")), reader)
    quantity = decimal(parts.get(ford("OrderQuantity")), f"{path}/OrderQuantity")
    return Line(
        position=position,
        id=line_id,
        number=number,
        action=reader.action(),
        product=product.kind,
        fulfillment=reader.mode(FulfillmentMode, "FulfillmentModeCode") or FulfillmentMode.DO,
        billing=reader.mode(BillingMode, "BillingMode"),
        quantity=Decimal(1) if quantity is None else quantity,
        parent=common_id(parts.get(ford(PARENT))) or None,
        root=common_id(parts.get(ford(ROOT_PARENT))) or None,
        promotion=reader.referred("PromotionFulfillmentOrderLineReference"),
        original=reader.referred("OriginalFulfillmentOrderLineReference"),
        asset=reader.asset(),
        item=product.id,
        name=product.name,
        permitted_type=product.permitted_type,
        service_id=reader.service_id(),
        balance_group=reader.balance_group(target),
        parties=reader.parties(),
        dates=reader.dates(),
        charges=reader.charges(schedule),
    )


def _identity(parts: Children, path: str) -> tuple[str, str]:
    identification = parts.get(core("Identification"))
    line_id = common_id(identification)
    if not line_id:
        missing = f"{path}/Identification/BusinessComponentID"
        raise InvalidMessage(f"{missing} is missing", element=missing)
    return line_id, text(children(identification).get(core("ID")))


def _balance_group_key(system: str, identification: Element, path: str) -> str:
    """Read ``<ApplicationObjectKey><ID schemeAgencyID="BRM_01">0.0.0.1 /balance_group 9``, without its revision."""
    key = children(children(identification).get(core("ApplicationObjectKey"))).get(core("ID"))
    found = None if key is None or key.get("schemeAgencyID") != system else _BALANCE_GROUP.fullmatch(text(key))
    if found is None:
        wanted = f"{path}/ApplicationObjectKey/ID"
        raise InvalidMessage(f"{wanted}: must be the POID of a balance group in {system}", element=wanted)
    return found[1]


@dataclass(frozen=True, slots=True)
class _Item:
    """The ItemReference of a line: which product, and what kind of thing it is to billing."""

    id: str | None
    name: str
    permitted_type: str
    kind: ProductType

    @classmethod
    def read(cls, element: Element | None, line: _LineReader) -> _Item:
        parts = children(element)
        codes = (
            {code.get("listID", ""): text(code) for code in element.iterchildren(CLASS)} if element is not None else {}
        )
        return cls(
            id=common_id(parts.get(ford("ItemIdentification"))) or None,
            name=text(parts.get(ford("Name"))),
            permitted_type=codes.get(PERMITTED_TYPE, ""),
            kind=_kind(codes.get(BILLING_TYPE, ""), text(parts.get(ford("TypeCode"))), line),
        )


def _kind(billing_type: str, item_type: str, line: _LineReader) -> ProductType:
    """Tell the kind: a promotion has no billing type, its TypeCode says what it is; anything else must have one."""
    path = f"{line.path}/ItemReference/ClassificationCode[@listID='{BILLING_TYPE}']"
    if billing_type:
        return read(ProductType, billing_type, path, line.whose)
    if known(ProductType, item_type) is ProductType.PROMOTION:
        return ProductType.PROMOTION
    text_ = f"{line.whose}: {BILLING_TYPE} is missing, and TypeCode '{item_type}' is not {ProductType.PROMOTION}"
    raise Contradiction(text_, element=path)
