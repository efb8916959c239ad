"""Records gathered by business component, to be written many at a time.

Fields are said by Siebel's names, values as they are stored; what a record leaves out gets its component's default. A
team may serve contracts that hold less than the shipped ones: a component or a field that is not there is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache

from siebel_sim.components import SYSTEM, BusinessComponent, column_of
from siebel_sim.store import Row, Session

_IDS_AT_ONCE = 4096

Fields = Mapping[str, str | None]


def moment(day: int, hour: int = 9) -> str:
    """Give an hour of an ordinal day, as it is stored."""
    return f"{date.fromordinal(day).isoformat()}T{hour:02}:30:00"


class Batch:
    """What one transaction is to write."""

    def __init__(self, session: Session, ids: Iterator[str]) -> None:
        self._session = session
        self._ids = ids
        self._rows: dict[str, list[dict[str, str | None]]] = {}
        self.accounts: dict[str, str] = {}
        """Row ids of this batch's accounts by their numbers: accounts below name them."""

    def new_id(self) -> str:
        """Take a row id."""
        return next(self._ids)

    def add(
        self, component: str, fields: Fields, *, created: str, parent: str | None = None, row_id: str | None = None
    ) -> str:
        """Add a record, under a row id taken before or a new one; its row id."""
        identity = row_id or self.new_id()
        row = {_column(name): value for name, value in fields.items()}
        row |= {"row_id": identity, "parent_row_id": parent, "created": created, "updated": created}
        self._rows.setdefault(component, []).append(row)
        return identity

    def write(self) -> dict[str, int]:
        """Write everything; how many records of each business component."""
        written = {}
        for component, rows in self._rows.items():
            business = self._business(component)
            if business is not None:
                self._session.insert_many(business, _complete(business, rows))
                written[component] = len(rows)
        return written

    def _business(self, name: str) -> BusinessComponent | None:
        try:
            return self._session.business(name)
        except KeyError:
            return None


def new_ids(session: Session) -> Iterator[str]:
    """Give row ids that nobody else has, without end."""
    while True:
        yield from session.row_ids(_IDS_AT_ONCE)


_column = cache(column_of)


def _complete(business: BusinessComponent, rows: Sequence[Row]) -> list[dict[str, str | None]]:
    """Give every row the same columns, all of them there: its own over the defaults."""
    said = {column for row in rows for column in row}
    unknown = said - set(business.fields) - set(SYSTEM)
    usual = {column: each.default for column, each in business.fields.items() if column in said or each.default}
    complete = [{**usual, **row} for row in rows]
    if unknown:
        complete = [{column: row[column] for column in row.keys() - unknown} for row in complete]
    return complete
