"""A unit of work that records: cross-references and ledger in dicts, a BRM that answers plausible flists.

The BRM knows just enough to be answered by: POIDs count up, output arrays have the element ids of the input, an item
charged at once leaves no offering. What really happens in BRM is the simulator's to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from gateway.domain.brm import Elements, Flist
from gateway.domain.ledger import LineRecord
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import GatewayError
from gateway.messaging.unit import Effects, Unit

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BRM = "BRM_01"


@dataclass(slots=True)
class StoppedClock:
    """Time that moves when told."""

    time: datetime = NOW

    def now(self) -> datetime:
        """Return the time."""
        return self.time


@dataclass(slots=True)
class RecordingBrm:
    """Port ``Opcodes``: ``calls`` are what came; ``refuse`` maps an opcode to the error it answers."""

    now: datetime = NOW
    calls: list[tuple[str, Flist]] = field(default_factory=list)
    refuse: dict[str, GatewayError] = field(default_factory=dict)
    billinfos: list[dict[str, Any]] = field(default_factory=list)
    omit_offerings: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: count(1001))

    def call(self, opcode: str, flist: Flist, flags: int = 0) -> Flist:
        """Record and answer."""
        assert flags == 0
        self.calls.append((opcode, flist))
        if opcode in self.refuse:
            raise self.refuse[opcode]
        return _ANSWERS[opcode](self, flist)

    @property
    def opcodes(self) -> list[str]:
        """The opcodes called, in order."""
        return [opcode for opcode, _ in self.calls]

    def inputs(self, opcode: str) -> list[Any]:
        """Return the input flists of an opcode, in order."""
        return [flist for called, flist in self.calls if called == opcode]

    def poid(self, kind: str) -> str:
        """Make a POID, with a revision as BRM answers them."""
        return f"0.0.0.1 {kind} {next(self._ids)} 1"

    def modify_customer(self, flist: Any) -> Flist:
        """Create services."""
        services = {n: self.service(service) for n, service in flist["SERVICES"].items()}
        return {"POID": flist["POID"], "ACCOUNT_OBJ": flist["POID"], "RESULT": 1, "SERVICES": services}

    def service(self, service: Any) -> Flist:
        """Create a service with its deals."""
        made: Flist = {"SERVICE_OBJ": self.poid(service["SERVICE_OBJ"].split()[1])}
        if "DEALS" in service:
            deals: Elements = {k: {"DEAL_INFO": self.deal(deal["DEAL_INFO"])} for k, deal in service["DEALS"].items()}
            made["DEALS"] = deals
        return made

    def purchase_deal(self, flist: Any) -> Flist:
        return {"POID": flist["POID"], "DEAL_INFO": self.deal(flist["DEAL_INFO"])}

    def deal(self, deal: Any) -> Flist:
        """Buy a deal; an item (a product whose number ends in 601) that is due leaves no offering behind."""
        answer: dict[str, Any] = {"NAME": deal["NAME"], "PACKAGE_ID": 1}
        for array, kind, obj in (
            ("PRODUCTS", "/purchased_product", "PRODUCT_OBJ"),
            ("DISCOUNTS", "/purchased_discount", "DISCOUNT_OBJ"),
        ):
            for n, bought in deal.get(array, {}).items():
                offering: Flist = {obj: bought[obj]}
                item = bought[obj].endswith("601")
                if not self.omit_offerings and not (item and bought["PURCHASE_START_T"] <= self.now):
                    offering["OFFERING_OBJ"] = self.poid(kind)
                answer.setdefault(array, {})[n] = offering
        return answer

    def changed(self, flist: Any) -> Flist:
        return {"POID": flist["POID"]}

    def search(self, flist: Any) -> Flist:
        account = flist["ARGS"][1]["ACCOUNT_OBJ"]
        found = [row for row in self.billinfos if row["ACCOUNT_OBJ"] == account]
        return {"POID": flist["POID"], "RESULTS": {n: {**row} for n, row in enumerate(found)}}

    def read_flds(self, flist: Any) -> Flist:
        number = flist["POID"].split()[2]
        return {"POID": flist["POID"] + " 3", "BAL_GRP_OBJ": f"0.0.0.1 /balance_group 7{number} 2"}


_ANSWERS: Mapping[str, Callable[[RecordingBrm, Any], Flist]] = {
    "PCM_OP_CUST_MODIFY_CUSTOMER": RecordingBrm.modify_customer,
    "PCM_OP_SUBSCRIPTION_PURCHASE_DEAL": RecordingBrm.purchase_deal,
    "PCM_OP_SUBSCRIPTION_SET_PRODINFO": RecordingBrm.changed,
    "PCM_OP_SUBSCRIPTION_SET_DISCOUNTINFO": RecordingBrm.changed,
    "PCM_OP_SEARCH": RecordingBrm.search,
    "PCM_OP_READ_FLDS": RecordingBrm.read_flds,
}


@dataclass(slots=True)
class Shelf:
    """Ports ``Xref`` and ``Lines`` over dicts; ``queries`` counts the questions."""

    rows: dict[tuple[str, str, str], str] = field(default_factory=dict)
    records: list[LineRecord] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)

    def value(self, table: str, common: str, column: str) -> str | None:
        self.queries.append(table)
        return self.rows.get((table, common, column))

    def values(self, table: str, commons: Sequence[str], column: str) -> Mapping[str, str]:
        self.queries.append(table)
        keys = ((common, (table, common, column)) for common in commons)
        return {common: self.rows[key] for common, key in keys if key in self.rows}

    def common(self, table: str, column: str, value: str) -> str | None:
        self.queries.append(table)
        return next((k[1] for k, v in self.rows.items() if (k[0], k[2], v) == (table, column, value)), None)

    def of(self, line_ids: Sequence[str]) -> Mapping[str, tuple[LineRecord, ...]]:
        self.queries.append("lines")
        asked = set(line_ids)
        found: dict[str, tuple[LineRecord, ...]] = {}
        for record in self.records:
            if record.key.line_id in asked:
                found[record.key.line_id] = (*found.get(record.key.line_id, ()), record)
        return found

    def put(self, table: XrefTable, common: str, value: str, column: str = BRM) -> None:
        """Add a cross-reference."""
        self.rows[table.value, common, column] = value

    def apply(self, effects: Effects) -> None:
        """Commit what a unit leaves, as the commit protocol would."""
        for row in effects.xref_delete:
            self.rows.pop((row.table, row.common, row.column), None)
        for row in effects.xref_populate:
            assert self.rows.setdefault((row.table, row.common, row.column), row.value) == row.value
        assert not {record.key for record in self.records} & {record.key for record in effects.lines}
        self.records.extend(effects.lines)


@dataclass(slots=True)
class Told:
    """Port ``Story``."""

    steps: list[tuple[str, str, bytes]] = field(default_factory=list)

    def tell(self, step: str, text: str = "", detail: bytes = b"") -> None:
        self.steps.append((step, text, detail))


@dataclass(slots=True)
class World:
    """Everything a service sees, with some customers and products known."""

    brm: RecordingBrm = field(default_factory=RecordingBrm)
    shelf: Shelf = field(default_factory=Shelf)
    story: Told = field(default_factory=Told)

    def unit(self) -> Unit:
        """Open a unit."""
        return Unit(brm=BRM, opcodes=self.brm, xref=self.shelf, lines=self.shelf, story=self.story)

    def installed(self) -> dict[str, str]:
        """Return the cross-references of installed products."""
        table = XrefTable.INSTALLEDPRODUCT_ID.value
        return {common: value for (name, common, _), value in self.shelf.rows.items() if name == table}


def world(accounts: int = 3, products: Sequence[str] = ()) -> World:
    """Return a world with accounts, each with a billing profile, and with products."""
    made = World()
    for n in range(1, accounts + 1):
        made.shelf.put(XrefTable.CUSTOMERPARTY_ACCOUNTID, f"acct-{n:04}", f"0.0.0.1 /account {100 + n}")
        made.shelf.put(XrefTable.CUSTOMERPARTY_BILLPROFILEID, f"billprof-{n:04}", f"0.0.0.1 /billinfo {200 + n}")
    for item, poid in {**PRODUCTS, **{p: f"0.0.0.1 /product {n}602" for n, p in enumerate(products, 50)}}.items():
        made.shelf.put(XrefTable.ITEM_ITEMID, item, poid)
    return made


PRODUCTS = {
    "item-mobile-tariff": "0.0.0.1 /product 11602",
    "item-paper-bill": "0.0.0.1 /product 12602",
    "item-handset-fee": "0.0.0.1 /product 13601",
    "item-setup-fee": "0.0.0.1 /product 14601",
    "item-loyalty-discount": "0.0.0.1 /discount 21",
}


def row(common: str, value: str) -> XrefRow:
    """Return a cross-reference of an installed product."""
    return XrefRow(XrefTable.INSTALLEDPRODUCT_ID.value, common, BRM, value)
