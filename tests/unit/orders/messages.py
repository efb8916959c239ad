"""Orders as messages: writes a ProcessFulfillmentOrderBillingEBM of an order, so that it decodes to the same order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lxml import etree

from gateway.domain.codes import ProductType
from gateway.domain.order import BalanceGroup, Charge, Line, Named, Order, Parties
from gateway.transforms.namespaces import NSMAP, core, ford
from gateway.transforms.reading import Element
from gateway.transforms.writing import put


def message(order: Order) -> Element:
    """Return the EBM of an order; valid against its contract."""
    root = etree.Element(ford("ProcessFulfillmentOrderBillingEBM"), nsmap=NSMAP)
    head = etree.SubElement(root, core("EBMHeader"))
    put(head, core("EBMID"), order.ebm_id)
    sender = etree.SubElement(head, core("Sender"))
    put(sender, core("ID"), order.sender)
    if order.reply_to:
        put(etree.SubElement(sender, core("WSAddress")), core("ReplyTo"), order.reply_to)
    put(etree.SubElement(head, core("Target")), core("ID"), order.target)
    area = etree.SubElement(
        root, ford("DataArea"), {"responseCode": order.response_code} if order.response_code else {}
    )
    body = etree.SubElement(area, ford("ProcessFulfillmentOrderBilling"))
    identification = etree.SubElement(body, core("Identification"))
    put(identification, core("BusinessComponentID"), order.id, schemeAgencyID="COMMON")
    put(identification, core("ID"), order.number)
    put(etree.SubElement(identification, core("Revision")), core("Number"), order.revision)
    _account(etree.SubElement(body, ford("CustomerPartyReference")), order.account)
    for line in order.lines:
        _line(body, line, order.target)
    return root


def body(order: Order) -> bytes:
    """Return the EBM of an order as bytes."""
    return etree.tostring(message(order))


def _line(body: Element, line: Line, target: str) -> None:
    element = etree.SubElement(body, ford("FulfillmentOrderLine"))
    _identified(element, core("Identification"), line.id, line.number)
    put(element, ford("ActionCode"), line.action)
    put(element, ford("FulfillmentModeCode"), line.fulfillment)
    if line.billing is not None:
        put(element, ford("BillingMode"), line.billing)
    put(element, ford("OrderQuantity"), f"{line.quantity:f}")
    for name, above in (("Parent", line.parent), ("RootParent", line.root)):
        if above is not None:
            _identified(element, ford(f"{name}FulfillmentOrderLineIdentification"), above)
    for name, other in (("Promotion", line.promotion), ("Original", line.original)):
        if other is not None:
            reference = etree.SubElement(element, ford(f"{name}FulfillmentOrderLineReference"))
            _identified(reference, ford("FulfillmentOrderLineIdentification"), other)
    if line.asset is not None:
        reference = etree.SubElement(element, ford("InstalledProductReference"))
        _identified(reference, ford("InstalledProductIdentification"), line.asset)
    _item(element, line)
    _schedule(element, line)
    if line.dates.end is not None:
        period = etree.SubElement(element, ford("EffectiveTimePeriod"))
        put(period, core("EndDateTime"), line.dates.end.isoformat())
    if line.balance_group is not None:
        _balance_group(element, line.balance_group, target)


def _identified(parent: Element, name: str, common: str, number: str = "") -> Element:
    element = etree.SubElement(parent, name)
    put(element, core("BusinessComponentID"), common, schemeAgencyID="COMMON")
    if number:
        put(element, core("ID"), number)
    return element


def _item(element: Element, line: Line) -> None:
    reference = etree.SubElement(element, ford("ItemReference"))
    identification = etree.SubElement(reference, ford("ItemIdentification"))
    if line.item is not None:
        put(identification, core("BusinessComponentID"), line.item)
    if line.name:
        put(reference, ford("Name"), line.name)
    if line.product is ProductType.PROMOTION:
        put(reference, ford("TypeCode"), "PROMOTION")
    if line.permitted_type:
        put(reference, ford("ClassificationCode"), line.permitted_type, listID="PermittedTypeCode")
    if line.product is not ProductType.PROMOTION:
        put(reference, ford("ClassificationCode"), line.product, listID="BillingProductTypeCode")


def _schedule(element: Element, line: Line) -> None:
    schedule = etree.SubElement(element, ford("FulfillmentOrderSchedule"))
    _parties(schedule, line.parties)
    if line.service_id:
        instance = etree.SubElement(schedule, ford("FulfillmentOrderItemInstance"))
        put(etree.SubElement(instance, core("Identification")), core("ID"), line.service_id)
    for name, date in (
        ("PurchaseDate", line.dates.purchase),
        ("CycleStartDateTime", line.dates.cycle),
        ("ServiceUsageStartDateTime", line.dates.usage),
        ("ActualDeliveryDateTime", line.dates.delivered),
    ):
        _date(schedule, name, date)
    for charge in line.charges:
        _charge(schedule, charge)


def _parties(schedule: Element, parties: Parties) -> None:
    if parties.service_account is not None:
        _account(etree.SubElement(schedule, ford("OwnerPartyReference")), parties.service_account)
    if parties.billing_account is not None or parties.billing_profile is not None:
        payer = etree.SubElement(schedule, ford("BillToPartyReference"))
        if parties.billing_account is not None:
            _account(payer, parties.billing_account)
        if parties.billing_profile is not None:
            reference = etree.SubElement(payer, ford("BillingProfileReference"))
            _identified(reference, ford("BillingProfileIdentification"), parties.billing_profile.id)


def _account(parent: Element, account: Named) -> None:
    _identified(parent, ford("CustomerPartyAccountIdentification"), account.id)


def _date(schedule: Element, name: str, date: datetime | None) -> None:
    if date is not None:
        put(schedule, ford(name), date.isoformat())


def _charge(schedule: Element, charge: Charge) -> None:
    element = etree.SubElement(schedule, ford("FulfillmentOrderScheduleCharge"))
    if charge.price_type is not None:
        put(element, ford("PriceTypeCode"), charge.price_type)
    amounts: tuple[tuple[str, Decimal | None], ...] = (
        ("PriceOverride", charge.override),
        ("DiscountAmount", charge.discount_amount),
        ("DiscountPercent", charge.discount_percent),
    )
    for name, amount in amounts:
        if amount is not None:
            put(element, ford(name), f"{amount:f}")


def _balance_group(element: Element, group: BalanceGroup, target: str) -> None:
    reference = etree.SubElement(element, ford("BalanceGroupReference"))
    if group.poid:
        identification = etree.SubElement(reference, ford("BalanceGroupIdentification"))
        key = etree.SubElement(identification, core("ApplicationObjectKey"))
        put(key, core("ID"), group.poid, schemeAgencyID=target)
        return
    put(reference, ford("Name"), group.name)
    if group.own:
        put(reference, ford("TypeCode"), "SERVICE")
