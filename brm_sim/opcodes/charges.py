"""Fees: events with balance impacts, pending items, and balances, written once for all the charges of a call.

Until rating is built a fee event carries the full amount of the price list or of the order, without proration
(DECISIONS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from brm_sim.call import Call, Session
from brm_sim.flist import Array, Flist, Poid
from brm_sim.opcodes import given
from brm_sim.opcodes.accounts import identity

PENDING = 1
RATED, DISCOUNTED = 1, 128
PURCHASE_FEE = "/event/billing/product/fee/purchase"
CYCLE_FEES = {
    1: "/event/billing/product/fee/cycle/cycle_forward_monthly",
    3: "/event/billing/product/fee/cycle/cycle_forward_quarterly",
    12: "/event/billing/product/fee/cycle/cycle_forward_annual",
}
_ITEM = {PURCHASE_FEE: "/item/purchase"} | dict.fromkeys(CYCLE_FEES.values(), "/item/cycle_forward")
_ITEM_NAME = {"/item/purchase": "Purchase fees", "/item/cycle_forward": "Cycle forward fees"}
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a purchased discount takes off a fee (a positive amount)."""

    discount: Poid
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee: ``amount`` is for all of ``quantity``, after the product's own price discount, before ``reductions``."""

    event: str
    name: str
    product: Poid
    amount: Decimal
    quantity: Decimal
    start: datetime
    service: Poid | None = None
    offering: Poid | None = None
    package: int | None = None
    reductions: tuple[Reduction, ...] = ()
    common_id: str | None = None

    @property
    def total(self) -> Decimal:
        """What is charged in the end."""
        return self.amount - sum((each.amount for each in self.reductions), Decimal(0))


@dataclass(slots=True)
class _Item:
    poid: Poid
    total: Decimal


@dataclass(slots=True)
class Charges:
    """The fees of one call to one balance group; :meth:`settle` writes items and balance, once."""

    call: Call
    account: Poid
    balance_group: Poid
    currency: int
    program: str
    _items: dict[str, _Item] = field(default_factory=dict)
    _billinfo: Poid | None = None

    def __post_init__(self) -> None:
        """Find who is billed, and the items that are open for more; opcodes look before they write."""
        group = self.session.read(self.balance_group)
        self._billinfo = given.optional_poid(group, "BILLINFO_OBJ")
        if self._billinfo is not None:
            for item in self.session.find("/item", BILLINFO_OBJ=self._billinfo):
                if item.get("STATUS") == PENDING:
                    poid = given.poid(item, "POID")
                    self._items[poid.type] = _Item(poid, Decimal(0))

    @property
    def session(self) -> Session:
        """The call's session."""
        return self.call.session

    def charge(self, fee: Fee) -> None:
        """Store the event of a fee; one of nothing leaves no event."""
        if fee.amount == 0:
            return
        item = self._item(_ITEM[fee.event])
        item.total += fee.total
        event: Flist = {
            "ACCOUNT_OBJ": identity(self.account),
            "SERVICE_OBJ": fee.service and identity(fee.service),
            "ITEM_OBJ": identity(item.poid),
            "PROGRAM_NAME": self.program,
            "NAME": fee.name,
            "START_T": fee.start,
            "END_T": fee.start,
            "PRODUCT_OBJ": fee.product,
            "OFFERING_OBJ": fee.offering and identity(fee.offering),
            "PACKAGE_ID": fee.package,
            "BAL_IMPACTS": self._impacts(fee, item.poid),
            "O2C_FLD_COMMON_ID": fee.common_id,
        }
        self.session.create(fee.event, event)

    def settle(self) -> None:
        """Add what was charged to the items and to the balance."""
        charged = Decimal(0)
        for item in self._items.values():
            if item.total:
                totals = self.session.read(item.poid)
                before = given.decimal(totals, "ITEM_TOTAL") or Decimal(0)
                due = given.decimal(totals, "DUE") or Decimal(0)
                self.session.update(item.poid, {"ITEM_TOTAL": before + item.total, "DUE": due + item.total})
                charged += item.total
                item.total = Decimal(0)
        if charged:
            balance = given.array(self.session.read(self.balance_group), "BALANCES").get(self.currency, {})
            current = (given.decimal(balance, "CURRENT_BAL") or Decimal(0)) + charged
            self.session.update(self.balance_group, {"BALANCES": Array({self.currency: {"CURRENT_BAL": current}})})

    def _impacts(self, fee: Fee, item: Poid) -> Array:
        shared: Flist = {
            "RESOURCE_ID": self.currency,
            "BAL_GRP_OBJ": identity(self.balance_group),
            "ITEM_OBJ": identity(item),
            "PRODUCT_OBJ": fee.product,
        }
        impacts: list[Flist] = [
            {"IMPACT_TYPE": RATED, "AMOUNT": fee.amount, "QUANTITY": fee.quantity, **shared},
            *(
                {"IMPACT_TYPE": DISCOUNTED, "AMOUNT": -each.amount, "DISCOUNT_OBJ": each.discount, **shared}
                for each in fee.reductions
            ),
        ]
        return Array(enumerate(impacts))

    def _item(self, type_: str) -> _Item:
        if type_ not in self._items:
            self._items[type_] = _Item(self._new_item(type_), Decimal(0))
        return self._items[type_]

    def _new_item(self, type_: str) -> Poid:
        fields: Flist = {
            "ACCOUNT_OBJ": identity(self.account),
            "BILLINFO_OBJ": self._billinfo,
            "BAL_GRP_OBJ": identity(self.balance_group),
            "NAME": _ITEM_NAME[type_],
            "ITEM_NO": f"I1-{self.session.number()}",
            "ITEM_TOTAL": Decimal(0),
            "DUE": Decimal(0),
            "STATUS": PENDING,
            "CURRENCY": self.currency,
            "EFFECTIVE_T": self.call.now,
        }
        return self.session.create(type_, fields)


def money(amount: Decimal) -> Decimal:
    """Round to a cent, half up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)
