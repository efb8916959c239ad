"""Orders as a few words: a description becomes a ProcessFulfillmentOrderBillingEBM, for the demo, the bench and tests.

The result is what an order manager would put on ``AIA_CRTBO_OUT_JMSQ``: valid against ``xsd/ebm``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from lxml import etree
from lxml.builder import ElementMaker

FORD = "http://xmlns.oracle.com/EnterpriseObjects/Core/EBO/FulfillmentOrder/V1"
CORE = "http://xmlns.oracle.com/EnterpriseObjects/Core/Common/V2"
INITIATE = "INITIATE BILLING"
FULFILL = "FULFILL BILLING"


class _Maker(Protocol):
    """What lxml's ElementMaker is, for the type checker."""

    def __getattr__(self, tag: str) -> Callable[..., etree._Element]: ...


_F: _Maker = ElementMaker(namespace=FORD, nsmap={None: FORD, "corecom": CORE})
_C: _Maker = ElementMaker(namespace=CORE)


@dataclass(frozen=True, slots=True)
class Line:
    """One order line. ``item`` is the product's COMMON id, ``parent`` the asset of the line it hangs under."""

    asset: str
    item: str
    kind: str
    name: str = ""
    parent: str = ""
    action: str = "ADD"
    service_type: str = ""
    service_id: str = ""
    price_type: str = ""
    price_override: Decimal | None = None
    account: str = ""
    billing_profile: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order for one customer. COMMON ids of lines derive from the order's number and the assets."""

    number: str
    account: str
    billing_profile: str
    lines: Sequence[Line] = field(default=())
    mode: str = INITIATE
    target: str = "BRM_01"
    revision: int = 1
    attempt: int = 1
    currency: str = "GBP"

    @property
    def ebm_id(self) -> str:
        """A message id that is the same for the same order, mode and attempt to send it."""
        return str(uuid5(NAMESPACE_URL, f"{self.number}/{self.revision}/{self.mode}/{self.attempt}"))

    def fulfilled(self) -> Order:
        """Return the order's second message: the same lines, now with real dates."""
        return replace(self, mode=FULFILL)


def mobile_order(number: str, account: str, billing_profile: str, service_id: str) -> Order:
    """Order a mobile bundle with tariff, handset fee and discount, and an account-level paper bill."""
    root = f"asset-{number}-mobile"
    tariff = Line(f"{root}-tariff", "item-mobile-tariff", "SUBSCRIPTION", "Mobile Tariff Unlimited", root)
    lines = (
        _mobile(root, service_id),
        replace(tariff, price_type="RECURRING", price_override=Decimal("30.00")),
        Line(f"{root}-handset", "item-handset-fee", "ITEM", "Handset Fee", root, price_type="ONE-TIME"),
        Line(f"{root}-loyalty", "item-loyalty-discount", "DISCOUNT", "Loyalty Discount 10%", root),
        Line(f"asset-{number}-paper", "item-paper-bill", "SUBSCRIPTION", "Paper Bill"),
    )
    return Order(number, account, billing_profile, lines)


def long_order(number: str, account: str, billing_profile: str, lines: int, service_id: str) -> Order:
    """Order one mobile bundle with as many subscriptions under it as it takes to have ``lines`` lines."""
    root = f"asset-{number}-mobile"
    children = (
        Line(f"{root}-{n}", "item-mobile-tariff", "SUBSCRIPTION", "Mobile Tariff Unlimited", root)
        for n in range(1, lines)
    )
    return Order(number, account, billing_profile, (_mobile(root, service_id), *children))


def _mobile(asset: str, service_id: str) -> Line:
    kind, service = "SERVICE BUNDLE", "/service/telco/gsm/telephony"
    return Line(asset, "item-mobile-service", kind, "Mobile Service", service_type=service, service_id=service_id)


def ebm(order: Order) -> bytes:
    """Return the message, UTF-8 with its XML declaration."""
    root = _F.ProcessFulfillmentOrderBillingEBM(
        _header(order),
        _F.DataArea(_C.Process(), _body(order), responseCode="REQUIRED_FOR_BUSINESS_AND_SYSTEM_ERRORS"),
        versionID="1.0",
        languageCode="en",
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _header(order: Order) -> etree._Element:
    return _C.EBMHeader(
        _C.EBMID(order.ebm_id),
        _C.EBMName(f"{{{FORD}}}ProcessFulfillmentOrderBillingEBM"),
        _C.CreationDateTime("2026-11-20T10:00:00Z"),
        _C.VerbCode("Process"),
        _C.Sender(
            _C.ID("OSMCFS_01"),
            _C.ObjectCrossReference(_C.SenderObjectIdentification(*_order_ids(order))),
            _C.WSAddress(_C.ReplyTo("ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer")),
        ),
        _C.Target(_C.ID(order.target)),
    )


def _order_ids(order: Order) -> Iterator[etree._Element]:
    yield _common("SALESORDER_ID", f"order-{order.number}")
    yield _C.ID(order.number, schemeID="SALESORDER_NUMBER", schemeAgencyID="SEBL_01")


def _body(order: Order) -> etree._Element:
    revision = _C.Revision(_C.Number(str(order.revision)))
    return _F.ProcessFulfillmentOrderBilling(
        _C.Identification(*_order_ids(order), revision),
        _F.OrderDateTime("2026-11-20T09:58:00Z"),
        _F.FulfillmentModeCode("DELIVER"),
        _F.BillingMode(order.mode),
        _F.CustomerPartyReference(_account(order.account)),
        *(_line(order, line) for line in order.lines),
    )


def _line(order: Order, line: Line) -> etree._Element:
    root = line.parent and _root_of(order, line)
    return _F.FulfillmentOrderLine(
        _C.Identification(_line_id(order, line.asset)),
        _F.ActionCode(line.action),
        _F.OrderQuantity("1"),
        *([_F.ParentFulfillmentOrderLineIdentification(_line_id(order, line.parent))] if line.parent else []),
        *([_F.RootParentFulfillmentOrderLineIdentification(_line_id(order, root))] if root else []),
        _F.InstalledProductReference(_F.InstalledProductIdentification(_common("INSTALLEDPRODUCT_ID", line.asset))),
        _item(line),
        _schedule(order, line),
    )


def _root_of(order: Order, line: Line) -> str:
    by_asset = {each.asset: each for each in order.lines} if order.lines[0].asset != line.parent else {}
    asset = line.parent
    while asset in by_asset and by_asset[asset].parent:
        asset = by_asset[asset].parent
    return asset


def _line_id(order: Order, asset: str) -> etree._Element:
    return _common("SALESORDER_LINEID", f"{order.number}/{asset}")


def _item(line: Line) -> etree._Element:
    codes = [_F.ClassificationCode(line.service_type, listID="PermittedTypeCode")] if line.service_type else []
    return _F.ItemReference(
        _F.ItemIdentification(_common("ITEM_ITEMID", line.item)),
        *([_F.Name(line.name)] if line.name else []),
        *codes,
        _F.ClassificationCode(line.kind, listID="BillingProductTypeCode"),
    )


def _schedule(order: Order, line: Line) -> etree._Element:
    account = line.account or order.account
    profile = _F.BillingProfileReference(
        _F.BillingProfileIdentification(
            _common("CUSTOMERPARTY_BILLPROFILEID", line.billing_profile or order.billing_profile)
        )
    )
    return _F.FulfillmentOrderSchedule(
        _F.OwnerPartyReference(_account(account)),
        _F.BillToPartyReference(_account(account), profile),
        *([_F.FulfillmentOrderItemInstance(_C.Identification(_C.ID(line.service_id)))] if line.service_id else []),
        *([_charge(order, line)] if line.price_type else []),
    )


def _charge(order: Order, line: Line) -> etree._Element:
    price = line.price_override
    override = [_F.PriceOverride(f"{price:f}", currencyCode=order.currency)] if price is not None else []
    return _F.FulfillmentOrderScheduleCharge(_F.PriceTypeCode(line.price_type), *override)


def _account(common: str) -> etree._Element:
    return _F.CustomerPartyAccountIdentification(_common("CUSTOMERPARTY_ACCOUNTID", common))


def _common(scheme: str, value: str) -> etree._Element:
    return _C.BusinessComponentID(value, schemeID=scheme, schemeAgencyID="COMMON")
