"""What an order names and BRM calls otherwise: collected from all lines first, then looked up a table at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.domain.billing import ITEM, Task, Work
from gateway.domain.codes import ProductType
from gateway.domain.order import ASSET, Family, Line, Named, Parties
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import BusinessError, Contradiction, UnknownReference

NOT_SYNCED = "AIA_ERR_AIACOMBMPI_0002"
ALREADY_IN_BRM = "O2C_ALREADY_IN_BRM"

Wanted = Mapping[XrefTable, Mapping[str, Named]]
"""By table: COMMON id → the first place in the message that names it."""


@dataclass(frozen=True, slots=True)
class References:
    """What was looked up: by table, COMMON id → what BRM ``column`` calls it (POIDs without revision)."""

    column: str
    found: Mapping[XrefTable, Mapping[str, str]] = field(default_factory=dict)

    def account(self, named: Named) -> str:
        """Return an account's POID; raises UnknownReference naming element and id."""
        return self._synced(XrefTable.CUSTOMERPARTY_ACCOUNTID, named, "account")

    def billing_profile(self, named: Named) -> str:
        """Return the billinfo's POID of a billing profile; raises UnknownReference naming element and id."""
        return self._synced(XrefTable.CUSTOMERPARTY_BILLPROFILEID, named, "billing profile")

    def item(self, line: Line) -> str:
        """Return the POID of the product or discount that a line buys; raises UnknownReference."""
        found = None if line.item is None else self.found[XrefTable.ITEM_ITEMID].get(line.item)
        if found is None:
            text = f"{line.who}: product '{line.item}' has no cross-reference in {XrefTable.ITEM_ITEMID}.{self.column}"
            raise UnknownReference(text, element=line.path(ITEM))
        return found

    def installed(self, line: Line) -> str | None:
        """Return the POID of what a line is about, or None when BRM has nothing for it."""
        return self.found[XrefTable.INSTALLEDPRODUCT_ID].get(line.common)

    def _synced(self, table: XrefTable, named: Named, what: str) -> str:
        found = self.found[table].get(named.id)
        if found is None:
            text = (
                f"{named.path}: {what} '{named.id}' is not synchronised to {self.column} ({table} has no value for it)"
            )
            raise UnknownReference(text, code=NOT_SYNCED, element=named.path)
        return found


def wanted(work: Work, family: Family) -> Wanted:
    """Collect what the work needs, in one pass; the first element that names a thing stands for all."""
    tables: dict[XrefTable, dict[str, Named]] = {table: {} for table in _TABLES}
    for parties, with_payer in _parties(work):
        for table, named in _of_parties(parties, with_payer=with_payer):
            tables[table].setdefault(named.id, named)
    for line_id in work.tasks:
        line = family.lines[line_id]
        bundle = family.bundle_of(line)
        for about in (line, bundle) if bundle is not None else (line,):
            installed = Named(about.common, about.path(ASSET))
            tables[XrefTable.INSTALLEDPRODUCT_ID].setdefault(about.common, installed)
        if work.tasks[line_id] is Task.BUY and line.item and line.product is not ProductType.SERVICE_BUNDLE:
            tables[XrefTable.ITEM_ITEMID].setdefault(line.item, Named(line.item, line.path(ITEM)))
    return tables


_TABLES = (
    XrefTable.CUSTOMERPARTY_ACCOUNTID,
    XrefTable.CUSTOMERPARTY_BILLPROFILEID,
    XrefTable.ITEM_ITEMID,
    XrefTable.INSTALLEDPRODUCT_ID,
)


def _parties(work: Work) -> Iterator[tuple[Parties, bool]]:
    yield from ((group.parties, True) for group in work.services)
    yield from ((group.parties, group.service is None) for group in work.deals)
    yield from ((group.parties, False) for group in work.dates)


def _of_parties(parties: Parties, *, with_payer: bool) -> Iterable[tuple[XrefTable, Named]]:
    accounts = (parties.service_account, parties.billing_account if with_payer else None)
    yield from ((XrefTable.CUSTOMERPARTY_ACCOUNTID, account) for account in accounts if account is not None)
    if with_payer and parties.billing_profile is not None:
        yield XrefTable.CUSTOMERPARTY_BILLPROFILEID, parties.billing_profile


def pending(rows: Sequence[XrefRow], column: str) -> Mapping[str, Mapping[str, str]]:
    """Return rows of an XREFPopulate, not committed yet, by table and COMMON id."""
    tables: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.column == column:
            tables.setdefault(row.table, {})[row.common] = row.value
    return tables


def check_unused(work: Work, family: Family, references: References) -> None:
    """Check that what the order adds is not in BRM yet and is added once.

    Raises BusinessError for a thing that BRM has though the line ledger knows nothing of it, and Contradiction for two
    lines that add the same thing: buying it again would charge the customer twice.
    """
    first: dict[str, Line] = {}
    for line in (family.lines[line_id] for line_id, task in work.tasks.items() if task is Task.BUY):
        twin = first.setdefault(line.common, line)
        if twin is not line:
            text = f"{line.who}: InstalledProduct '{line.common}' is added by {twin.who} already"
            raise Contradiction(text, element=line.path(ASSET))
        poid = references.installed(line)
        if poid is not None:
            text = f"{line.who}: InstalledProduct '{line.common}' is in {references.column} already ({poid})"
            raise BusinessError(text, code=ALREADY_IN_BRM, element=line.path(ASSET))
