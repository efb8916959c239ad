"""Cross-references (port ``XrefStore``): every method is one or two statements, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select

from gateway.domain.xref import COMMON, XrefRow
from gateway.errors import Conflict
from gateway.store.tables import xref

_X = xref.c
_EXACT = and_(
    _X.table_name == bindparam("at_table"),
    _X.common == bindparam("at_common"),
    _X.column_name == bindparam("at_column"),
    _X.value == bindparam("at_value"),
)


class XrefTableStore:
    """Cross-references within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def values(self, table: str, commons: Sequence[str], column: str) -> Mapping[str, str]:
        """Return COMMON id → value."""
        if column == COMMON:
            return {common: common for common in commons}
        wanted = select(_X.common, _X.value).where(
            _X.table_name == table, _X.column_name == column, _X.common.in_(list(commons))
        )
        return {row.common: row.value for row in self._connection.execute(wanted)} if commons else {}

    def commons(self, table: str, values: Sequence[str], column: str) -> Mapping[str, str]:
        """Return value → COMMON id."""
        wanted = select(_X.common, _X.value).where(
            _X.table_name == table, _X.column_name == column, _X.value.in_(list(values))
        )
        return {row.value: row.common for row in self._connection.execute(wanted)} if values else {}

    def populate(self, rows: Sequence[XrefRow], intake: int | None, now: datetime) -> int:
        """Insert what is new; the same row again is no error, the same place with another value is."""
        there = self._there(rows)
        new = [row for row in dict.fromkeys(rows) if there.get(_place(row)) != row.value]
        for row in new:
            if _place(row) in there:
                raise Conflict(
                    f"{row.table} {row.common}: {row.column} is {there[_place(row)]} already, not {row.value}",
                    code="O2C_XREF_CONFLICT",
                )
        if new:
            self._connection.execute(insert(xref), [_row(row, intake, now) for row in new])
        return len(new)

    def delete(self, rows: Sequence[XrefRow]) -> int:
        """Delete exactly these."""
        return (
            self._connection.execute(delete(xref).where(_EXACT), [_exact(row) for row in rows]).rowcount if rows else 0
        )

    def revoke(self, intake: int) -> None:
        """Delete what a message populated."""
        self._connection.execute(delete(xref).where(_X.intake == intake))

    def find(
        self, table: str | None, *, common: str | None, column: str | None, value: str | None, limit: int
    ) -> list[XrefRow]:
        """List rows; criteria left out match everything."""
        criteria = ((_X.table_name, table), (_X.common, common), (_X.column_name, column), (_X.value, value))
        wanted = select(xref).where(*(held == asked for held, asked in criteria if asked is not None))
        ordered = wanted.order_by(_X.table_name, _X.common, _X.column_name).limit(limit)
        return [_xref(row) for row in self._connection.execute(ordered)]

    def _there(self, rows: Iterable[XrefRow]) -> dict[tuple[str, str, str], str]:
        """Return place → value of what is stored for these COMMON ids; one query a table."""
        commons: dict[str, list[str]] = {}
        for row in rows:
            commons.setdefault(row.table, []).append(row.common)
        found: dict[tuple[str, str, str], str] = {}
        for table, wanted in commons.items():
            stored = select(xref).where(_X.table_name == table, _X.common.in_(wanted))
            found.update({_place(_xref(row)): row.value for row in self._connection.execute(stored)})
        return found


def _place(row: XrefRow) -> tuple[str, str, str]:
    return (str(row.table), row.common, row.column)


def _row(row: XrefRow, intake: int | None, now: datetime) -> dict[str, Any]:
    return {
        "table_name": str(row.table),
        "common": row.common,
        "column_name": row.column,
        "value": row.value,
        "intake": intake,
        "made_at": now,
    }


def _exact(row: XrefRow) -> dict[str, str]:
    return {"at_table": str(row.table), "at_common": row.common, "at_column": row.column, "at_value": row.value}


def _xref(row: Any) -> XrefRow:
    return XrefRow(row.table_name, row.common, row.column_name, row.value)
