"""Orders as a partner writes them: text, straight from the published schema, sharing nothing with the product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape

FORD = "http://xmlns.oracle.com/EnterpriseObjects/Core/EBO/FulfillmentOrder/V1"
CORE = "http://xmlns.oracle.com/EnterpriseObjects/Core/Common/V2"
CUSTOM = "http://xmlns.oracle.com/EnterpriseObjects/Core/Custom/EBO/FulfillmentOrder/V1"
SUBPROCESS = "http://xmlns.oracle.com/ProcessFulfillmentOrderBillingBRMCommsSubprocess"

INITIATE, FULFILL = "INITIATE BILLING", "FULFILL BILLING"
BUNDLE, SUBSCRIPTION, ITEM, DISCOUNT = "SERVICE BUNDLE", "SUBSCRIPTION", "ITEM", "DISCOUNT"
ALL_ERRORS = "REQUIRED_FOR_BUSINESS_AND_SYSTEM_ERRORS"
BUSINESS_ERRORS = "REQUIRED_FOR_BUSINESS_ERRORS"
GSM = "/service/telco/gsm/telephony"
REPLY_TO = "ProcessFulfillmentOrderBillingResponseOSMCFSCommsJMSProducer"


@dataclass(frozen=True, slots=True)
class Customer:
    """COMMON ids of an account and a billing profile that BRM and the cross-references know, and their POIDs."""

    account: str
    profile: str
    account_poid: str
    billinfo: str


@dataclass(frozen=True, slots=True)
class Charge:
    """A FulfillmentOrderScheduleCharge; what is empty is left out."""

    kind: str
    override: str = ""
    amount: str = ""
    percent: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line; ``parent`` and ``root`` are the assets of other lines, ``payer`` whoever pays for ``owner``."""

    asset: str
    kind: str
    item: str
    owner: Customer
    payer: Customer
    parent: str = ""
    root: str = ""
    action: str = "ADD"
    fulfillment: str = ""
    mode: str = ""
    quantity: str = "1"
    service_id: str = ""
    service_type: str = GSM
    charges: tuple[Charge, ...] = ()
    dates: tuple[tuple[str, str], ...] = ()
    end: str = ""
    type_code: str = ""
    promotion: str = ""
    balance_group: str = ""
    custom: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """An order; the ids of its lines follow from its number and their assets."""

    number: str
    customer: Customer
    lines: tuple[Line, ...] = field(default=())
    mode: str = INITIATE
    revision: int = 1
    ebm_id: str = ""
    target: str = "BRM_01"
    response_code: str = ALL_ERRORS
    custom: str = ""

    @property
    def message_id(self) -> str:
        return self.ebm_id or f"ebm-{self.number}-{self.revision}-{self.mode.split()[0]}"

    def fulfilled(self) -> Order:
        """Give the order's second message."""
        return replace(self, mode=FULFILL)

    def line_id(self, asset: str) -> str:
        return f"line-{self.number}-{asset}"

    def with_line(self, asset: str, **changes: object) -> Order:
        """Give the same order, one line of it changed."""
        lines = tuple(replace(line, **changes) if line.asset == asset else line for line in self.lines)  # type: ignore[arg-type] # fields of Line
        return replace(self, lines=lines)


def bundle(asset: str, owner: Customer, service_id: str, *, payer: Customer | None = None) -> Line:
    """Give a mobile service."""
    return Line(asset, BUNDLE, "item-mobile-service", owner, payer or owner, service_id=service_id)


def child(of: Line, name: str, kind: str, item: str, *charges: Charge, root: str = "") -> Line:
    """Give something bought inside a bundle, named after it."""
    return Line(
        f"{of.asset}.{name}", kind, item, of.owner, of.payer, parent=of.asset, root=root or of.asset, charges=charges
    )  # fmt: skip


def alone(asset: str, owner: Customer, kind: str, item: str, *charges: Charge) -> Line:
    """Give something bought at account level."""
    return Line(asset, kind, item, owner, owner, charges=charges)


def mobile(number: str, customer: Customer, **changes: object) -> Order:
    """Give the order of the issue's demo: a mobile bundle with tariff, handset fee and discount, and a paper bill."""
    phone = bundle(f"{number}.phone", customer, f"4477{number}")
    lines = (
        phone,
        child(phone, "tariff", SUBSCRIPTION, "item-tariff", Charge("RECURRING", override="30.00")),
        child(phone, "handset", ITEM, "item-handset", Charge("ONE-TIME")),
        child(phone, "loyalty", DISCOUNT, "item-loyalty"),
        alone(f"{number}.paper", customer, SUBSCRIPTION, "item-paper"),
    )
    return replace(Order(number, customer, lines), **changes)  # type: ignore[arg-type] # fields of Order


# ---- the text


def ebm(order: Order) -> bytes:
    """Write the message of an order."""
    return ('<?xml version="1.0" encoding="UTF-8"?>' + _ebm(order)).encode()


def subprocess_message(order: Order, *, populate: str = "", delete: str = "") -> bytes:
    """Write a message of the subprocess around the same order."""
    inner = _ebm(order)
    name = "ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage"
    changes = f"<XREFPopulate>{populate}</XREFPopulate><XREFDelete>{delete}</XREFDelete>"
    return f'<{name} xmlns="{SUBPROCESS}">{inner}{changes}</{name}>'.encode()


def xref_data(kind: str, table: str, common: str, column: str, value: str) -> str:
    """Write an ``XREFPopulateData`` or ``XREFDeleteData`` of a subprocess message."""
    return (
        f"<{kind}><XREFTableName>{table}</XREFTableName><Common>{common}</Common>"
        f"<ColumnName>{column}</ColumnName><Value>{value}</Value></{kind}>"
    )


def _ebm(order: Order) -> str:
    return f"""<ProcessFulfillmentOrderBillingEBM xmlns="{FORD}" xmlns:c="{CORE}" xmlns:x="{CUSTOM}">
<c:EBMHeader><c:EBMID>{order.message_id}</c:EBMID><c:CreationDateTime>2026-11-20T10:00:00Z</c:CreationDateTime>
<c:Sender><c:ID>OSMCFS_01</c:ID><c:WSAddress><c:ReplyTo>{REPLY_TO}</c:ReplyTo></c:WSAddress></c:Sender>
<c:Target><c:ID>{order.target}</c:ID></c:Target></c:EBMHeader>
<DataArea{f' responseCode="{order.response_code}"' if order.response_code else ""}><c:Process/>
<ProcessFulfillmentOrderBilling>
<c:Identification>{_common("SALESORDER_ID", f"order-{order.number}")}
<c:ID schemeID="SALESORDER_NUMBER" schemeAgencyID="SEBL_01">{order.number}</c:ID>
<c:Revision><c:Number>{order.revision}</c:Number></c:Revision></c:Identification>
<OrderDateTime>2026-11-20T09:58:00Z</OrderDateTime><FulfillmentModeCode>DELIVER</FulfillmentModeCode>
<BillingMode>{order.mode}</BillingMode>
<CustomerPartyReference>{_account(order.customer)}</CustomerPartyReference>
{"".join(_line(order, line) for line in order.lines)}{_custom(order.custom)}
</ProcessFulfillmentOrderBilling></DataArea></ProcessFulfillmentOrderBillingEBM>"""


def _line(order: Order, line: Line) -> str:
    parent, root = "ParentFulfillmentOrderLineIdentification", "RootParentFulfillmentOrderLineIdentification"
    promotion = "PromotionFulfillmentOrderLineReference"
    referred = f"<FulfillmentOrderLineIdentification>{_line_id(order, line.promotion)}"
    return "".join(
        (
            f"<FulfillmentOrderLine><c:Identification>{_line_id(order, line.asset)}",
            f'<c:ID schemeAgencyID="SEBL_01">{order.lines.index(line) + 1}</c:ID></c:Identification>',
            _given("ActionCode", line.action),
            _given("FulfillmentModeCode", line.fulfillment),
            _given("BillingMode", line.mode),
            _given("OrderQuantity", line.quantity),
            f"<{parent}>{_line_id(order, line.parent)}</{parent}>" if line.parent else "",
            f"<{root}>{_line_id(order, line.root)}</{root}>" if line.root else "",
            f"<{promotion}>{referred}</FulfillmentOrderLineIdentification></{promotion}>" if line.promotion else "",
            "<InstalledProductReference><InstalledProductIdentification>",
            _common("INSTALLEDPRODUCT_ID", line.asset),
            "</InstalledProductIdentification></InstalledProductReference>",
            _item(line),
            _schedule(line),
            f"<EffectiveTimePeriod><c:EndDateTime>{line.end}</c:EndDateTime></EffectiveTimePeriod>" if line.end else "",
            _given("BalanceGroupReference", line.balance_group),
            _custom(line.custom),
            "</FulfillmentOrderLine>",
        )
    )


def _item(line: Line) -> str:
    service = line.service_type if line.kind.upper().startswith("SERVICE") else ""
    codes: Iterable[tuple[str, str]] = (("PermittedTypeCode", service), ("BillingProductTypeCode", line.kind))
    written = (f'<ClassificationCode listID="{name}">{code}</ClassificationCode>' for name, code in codes if code)
    return (
        f"<ItemReference><ItemIdentification>{_common('ITEM_ITEMID', line.item)}</ItemIdentification>"
        f"<Name>{line.item}</Name>{_given('TypeCode', line.type_code)}{''.join(written)}</ItemReference>"
    )


def _schedule(line: Line) -> str:
    instance = f"<c:Identification><c:ID>{line.service_id}</c:ID></c:Identification>"
    profile = _common("CUSTOMERPARTY_BILLPROFILEID", line.payer.profile)
    return "".join(
        (
            f"<FulfillmentOrderSchedule><OwnerPartyReference>{_account(line.owner)}</OwnerPartyReference>",
            f"<BillToPartyReference>{_account(line.payer)}<BillingProfileReference><BillingProfileIdentification>",
            f"{profile}</BillingProfileIdentification></BillingProfileReference></BillToPartyReference>",
            _given("FulfillmentOrderItemInstance", instance) if line.service_id else "",
            *(_given(name, date) for name, date in line.dates),
            *(_charge(charge) for charge in line.charges),
            "</FulfillmentOrderSchedule>",
        )
    )


def _charge(charge: Charge) -> str:
    amounts = (("PriceOverride", charge.override), ("DiscountAmount", charge.amount))
    written = (f'<{name} currencyCode="GBP">{value}</{name}>' for name, value in amounts if value)
    inner = f"<PriceTypeCode>{charge.kind}</PriceTypeCode>{''.join(written)}{_given('DiscountPercent', charge.percent)}"
    return f"<FulfillmentOrderScheduleCharge>{inner}</FulfillmentOrderScheduleCharge>"


def _account(customer: Customer) -> str:
    identification = _common("CUSTOMERPARTY_ACCOUNTID", customer.account)
    return f"<CustomerPartyAccountIdentification>{identification}</CustomerPartyAccountIdentification>"


def _line_id(order: Order, asset: str) -> str:
    return _common("SALESORDER_LINEID", order.line_id(asset))


def _common(scheme: str, value: str) -> str:
    return f'<c:BusinessComponentID schemeID="{scheme}" schemeAgencyID="COMMON">{escape(value)}</c:BusinessComponentID>'


def _given(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>" if inner else ""


def _custom(inner: str) -> str:
    return f"<Custom>{inner}</Custom>" if inner else ""
