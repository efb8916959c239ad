"""The reads that every call needs, compiled once: by the values of columns, and below parents, each by index.

SQLAlchemy writes their text; the driver runs it. All else (search specifications, writes) is SQLAlchemy's as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Dialect, Select, Table, bindparam, select

from siebel_sim.components import MOD_ID, PARENT
from siebel_sim.store.changes import Row
from siebel_sim.store.tables import SEQUENCE

PARENTS = (1, 4, 16, 64, 256)
"""How many parents are asked about at once; what is left over is filled up with the last one."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled query: its text, the names of its parameters where they have an order, and what columns come back."""

    text: str
    order: Sequence[str] | None
    columns: tuple[str, ...]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Run it in the transaction of ``connection``."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.text, values if self.order is None else [values[name] for name in self.order])
            found: list[Row] = [self._row(values) for values in cursor.fetchall()]
        finally:
            cursor.close()
        return found

    def _row(self, values: Sequence[Any]) -> Row:
        row = dict(zip(self.columns, values, strict=True))
        row[MOD_ID] = str(row[MOD_ID])
        return row


class Prepared:
    """The statements of one database, by what they ask; made when they are first needed."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[tuple[object, ...], Statement] = {}

    def by_columns(self, table: Table, columns: tuple[str, ...], nulls: tuple[str, ...]) -> Statement:
        """Ask for records whose ``columns`` have the values v0, v1 … and whose ``nulls`` have none; limit, offset."""
        return self._statement((table, columns, nulls), lambda: _by_columns(table, columns, nulls))

    def below(self, table: Table, count: int) -> Statement:
        """Ask for records below the parents v0, v1 …; ``count`` is one of PARENTS."""
        return self._statement((table, count), lambda: _below(table, count))

    def _statement(self, key: tuple[object, ...], make: Callable[[], Select[Any]]) -> Statement:
        known = self._known.get(key)
        if known is None:
            query = make()
            compiled = query.compile(dialect=self._dialect)
            order = compiled.positiontup if compiled.positional else None
            known = Statement(str(compiled), order, tuple(column.name for column in query.selected_columns))
            self._known[key] = known
        return known


def _by_columns(table: Table, columns: tuple[str, ...], nulls: tuple[str, ...]) -> Select[Any]:
    wanted = [table.c[name] == bindparam(f"v{number}") for number, name in enumerate(columns)]
    missing = [table.c[name].is_(None) for name in nulls]
    limit, offset = bindparam("limit", type_=BigInteger), bindparam("offset", type_=BigInteger)
    return _all(table).where(*wanted, *missing).order_by(table.c[SEQUENCE]).limit(limit).offset(offset)


def _below(table: Table, count: int) -> Select[Any]:
    parents: list[BindParameter[str]] = [bindparam(f"v{number}") for number in range(count)]
    above = table.c[PARENT]
    asked = _all(table).where(above == parents[0] if count == 1 else above.in_(parents))
    return asked.order_by(above, table.c[SEQUENCE])


def _all(table: Table) -> Select[Any]:
    return select(*(column for column in table.columns if column.name != SEQUENCE))
