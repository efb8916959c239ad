"""Sales orders of what customers hold, paid for; and the work orders that put it in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from siebel_sim.seed.accounts import Account
from siebel_sim.seed.batch import Batch, Fields, moment
from siebel_sim.seed.customers import TODAY
from siebel_sim.seed.holdings import Holding

_ENGINEERS = ("M. Delaney", "S. Iyer", "T. Brandt", "K. Osei", "R. Pike")
_DAYS_TO_DELIVER = 3
_PAID_BY = {"Credit Card": "Credit Card", "Automatic Debit": "Direct Debit", "Bill Me": "Check"}


@dataclass(frozen=True, slots=True)
class Order:
    """An order to be made: its number in Siebel, the ordinal day, and whether it is under way or complete."""

    number: str
    day: int
    status: str = "Complete"

    @property
    def delivered(self) -> int:
        """The day on which it was, or is to be, delivered."""
        return min(self.day + _DAYS_TO_DELIVER, TODAY)


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a line stands: the record above it, what was promised, its number, the topmost line and the one above."""

    parent: str
    promotion: Holding
    number: str
    root: str | None = None
    above: str | None = None


def add_order(batch: Batch, account: Account, order: Order, held: Sequence[Holding]) -> str:
    """Add an order for everything in ``held``, with what was paid for it; its row id."""
    fields = {**_order(account, order), "Fulfillment Mode": "DELIVER"}
    row_id = batch.add("Order Entry - Orders", fields, created=moment(order.day))
    for number, promotion in enumerate(held, 1):
        _add_line(batch, account, order, promotion, _Line(row_id, promotion, str(number)))
    _add_payment(batch, account, order, held, row_id)
    return row_id


def _order(account: Account, order: Order) -> Fields:
    customer = account.customer
    return {
        "Integration Id": f"order-{order.number}",
        "Order Number": order.number,
        "Status": order.status,
        "Fulfillment Status Code": order.status,
        "Account Id": account.row_id,
        "Account": customer.name,
        "Account Loc": customer.location,
        "Contact Id": account.contact,
        "Billing Account Id": account.row_id,
        "Service Account Id": account.row_id,
        "Billing Profile Id": account.profile,
        "Billing Profile Name": account.billing_profile,
        "Price List Id": "1-PL1",
        "Primary Organization Id": "0-R9NH",
        "Order Date": moment(order.day),
        "Submitted Date": moment(order.day, 10),
        "Requested Ship Date": moment(order.delivered),
    }


def _add_line(batch: Batch, account: Account, order: Order, held: Holding, line: _Line) -> None:
    row_id = batch.new_id()
    root = line.root or row_id
    fields = {**_item(account, order, held), **_placed(line, root)}
    batch.add("Order Entry - Line Items", fields, created=moment(order.day), parent=line.parent, row_id=row_id)
    _add_attributes(batch, order, held, row_id)
    for number, each in enumerate(held.below, 1):
        below = _Line(row_id, line.promotion, f"{line.number}.{number}", root, row_id)
        _add_line(batch, account, order, each, below)


def _item(account: Account, order: Order, held: Holding) -> Fields:
    product = held.product
    return {
        "Integration Id": f"line-{order.number}-{held.key}",
        "Status": "Complete" if order.status == "Complete" else "In Progress",
        "Product Id": product.row_id,
        "Name": product.name,
        "Part Number": product.code,
        "Fulfillment Item Code": product.code,
        "Billing Type": product.kind,
        "Asset Integration Id": held.key,
        "Service Id": held.service,
        "Service Account Id": account.row_id,
        "Billing Account Id": account.row_id,
        "Billing Profile Id": account.profile,
        "Due Date": moment(order.delivered),
        "Price List Id": "1-PL1",
        "Price Type": product.fee and ("Recurring" if product.recurring else "One-Time"),
        "Unit Price": product.fee,
        "List Price": product.fee,
        "Current Price": product.fee,
        "MRC Cx Total": product.fee if product.recurring else None,
        "NRC Cx Total": None if product.recurring else product.fee,
    }


def _placed(line: _Line, root: str) -> Fields:
    promoted = line.promotion.product.kind == "Promotion"
    return {
        "Line Number": line.number,
        "Sequence Number": line.number.rpartition(".")[2],
        "Root Order Item Id": root,
        "Parent Order Item Id": line.above,
        "Root Asset Integration Id": line.promotion.key,
        "Prod Prom Id": line.promotion.product.row_id if promoted else None,
        "Prod Prom Instance Id": line.promotion.key if promoted else None,
        "Prod Prom Name": line.promotion.product.name if promoted else None,
    }


def _add_attributes(batch: Batch, order: Order, held: Holding, parent: str) -> None:
    for number, each in enumerate(held.attributes, 1):
        fields = {
            "Integration Id": f"line-{order.number}-{held.key}-xa-{number}",
            "Attribute": each.name,
            "Display Name": each.name,
            "Value": each.value,
            "Data Type": each.kind,
            "Sequence": str(number),
        }
        batch.add("Order Entry - Line Item XA", fields, created=moment(order.day), parent=parent)


def _add_payment(batch: Batch, account: Account, order: Order, held: Sequence[Holding], parent: str) -> None:
    fees = [each.product.fee for promotion in held for each in promotion.walk() if each.product.fee]
    fields = {
        "Integration Id": f"payment-{order.number}",
        "Payment Number": f"{order.number}-1",
        "Payment Type": "Payment",
        "Payment Method": _PAID_BY[account.paid_by],
        "Payment Status": "Submitted" if order.status == "Complete" else "New",
        "Payment Date": moment(order.day),
        "Transaction Amount": str(sum(map(Decimal, fees), Decimal("0.00"))),
        "Card Holder": account.customer.name if account.paid_by == "Credit Card" else None,
        "Billing Profile Id": account.profile,
        "Billing Profile Name": account.billing_profile,
        "Billing Account Id": account.row_id,
        "Billing Account Number": account.customer.number,
    }
    batch.add("Order Entry - Payments", fields, created=moment(order.day), parent=parent)


def add_work_order(batch: Batch, account: Account, number: str, order: Order, services: Sequence[Holding]) -> None:
    """Add the work order of a sales order: somebody goes there and puts ``services`` in place."""
    customer, address = account.customer, account.customer.addresses[0]
    fields = {
        "Integration Id": f"work-order-{number}",
        "Order Number": number,
        "Status": "Complete",
        "Account Id": account.row_id,
        "Account": customer.name,
        "Contact Id": account.contact,
        "Description": f"Install {', '.join(each.product.name for each in services)}"[:250],
        "Street Address": address.street,
        "City": address.city,
        "Postal Code": address.postcode,
        "Country": "GB",
        "Assigned To": _ENGINEERS[customer.ordinal % len(_ENGINEERS)],
        "Scheduled Start": moment(order.delivered, 9),
        "Scheduled End": moment(order.delivered, 12),
        "Completed Date": moment(order.delivered, 11),
        "Sales Order Number": order.number,
    }
    row_id = batch.add("Work Order", fields, created=moment(order.day))
    for place, each in enumerate(services, 1):
        item = {
            "Integration Id": f"work-order-{number}-{place}",
            "Line Number": str(place),
            "Status": "Complete",
            "Product Id": each.product.row_id,
            "Name": each.product.name,
            "Part Number": each.product.code,
            "Asset Integration Id": each.key,
            "Serial Number": each.service,
            "Service Id": each.service,
            "Due Date": moment(order.delivered),
        }
        batch.add("Work Order Line Items", item, created=moment(order.day), parent=row_id)
