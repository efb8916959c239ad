"""Records, read and written within one transaction. Rows are mappings of columns to text; nothing is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Select, delete, func, insert, select, update

from siebel_sim.components import MOD_ID, PARENT, ROW_ID, BusinessComponent, table_of
from siebel_sim.repository import Component
from siebel_sim.row_id import number_of, row_id
from siebel_sim.search import ANYTHING, Condition, Order
from siebel_sim.store.changes import Change, Did, Listener, Row
from siebel_sim.store.conditions import Scope, equalities, ordered, where
from siebel_sim.store.database import Database
from siebel_sim.store.prepared import PARENTS
from siebel_sim.store.tables import SEQUENCE

_CHUNK = 500
"""Values in one IN list."""

_MOST_TAKEN = 256
_MOST = 2**62
"""Records, where there is no limit."""


class Session:
    """One transaction; ``now`` is the time that records get, as it is stored.

    ``connection`` is for tables that are not business components, an outbox's. ``changes`` gathers what is written for
    those who listen, None when nobody does.
    """

    def __init__(
        self,
        connection: Connection,
        database: Database,
        business: Mapping[str, BusinessComponent],
        now: str,
        changes: list[Change] | None = None,
    ) -> None:
        self.connection = connection
        self.now = now
        self._changes = changes
        self._connection = connection
        self._database = database
        self._tables = database.tables
        self._business = business
        self._free: Iterator[int] = iter(())
        self._taken = 1

    def insert(self, business: BusinessComponent, values: Row, parent: str | None = None) -> Row:
        """Make a record; returns all of it."""
        number = self._number()
        row: dict[str, Any] = {
            SEQUENCE: number,
            ROW_ID: row_id(number),
            PARENT: parent,
            "created": self.now,
            "updated": self.now,
            MOD_ID: 0,
            "conflict_id": "0",
            **values,
        }
        self._connection.execute(insert(self._tables[business]), row)
        made = _row(dict.fromkeys(business.fields) | row)
        self._note(business, Did.INSERT, made, (column for column, value in values.items() if value is not None))
        return made

    def insert_many(self, business: BusinessComponent, rows: Sequence[Row]) -> None:
        """Make many records at once, for seeds: no rules, no events.

        Each row has a ``row_id`` of ``row_ids``, and the columns it wants; all have the same columns. A row may say
        ``parent_row_id``, ``created`` and ``updated``.
        """
        usual = {PARENT: None, "created": self.now, "updated": self.now, MOD_ID: 0, "conflict_id": "0"}
        made = [{SEQUENCE: number_of(row[ROW_ID] or ""), **usual, **row} for row in rows]
        if made:
            self._write_many(insert(self._tables[business]), made)

    def row_ids(self, count: int) -> list[str]:
        """Take ``count`` new row ids: nobody else has them, now or ever."""
        first = self._database.take(self._connection, count)
        return [row_id(number) for number in range(first, first + count)]

    def business(self, name: str) -> BusinessComponent:
        """Find a business component by its name; KeyError when there is none."""
        return self._business[table_of(name)]

    def update(self, business: BusinessComponent, row: Row, values: Row) -> Row:
        """Change fields of a record; returns all of it. Nothing is written when nothing changes."""
        if all(row[column] == value for column, value in values.items()):
            return row
        table = self._tables[business]
        changed: dict[str, Any] = {**values, "updated": self.now, MOD_ID: int(row[MOD_ID] or 0) + 1}
        self._connection.execute(update(table).where(table.c[ROW_ID] == row[ROW_ID]).values(changed))
        after = _row({**row, **changed})
        columns = (column for column, value in values.items() if row[column] != value)
        self._note(business, Did.UPDATE, after, columns, left=row[PARENT] if row[PARENT] != after[PARENT] else None)
        return after

    def delete(self, business: BusinessComponent, row_ids: Sequence[str]) -> None:
        """Delete records, and what is below them."""
        for some in _chunks(row_ids):
            for name in sorted(business.children):
                child = self._business[name]
                below = self._tables[child]
                found = select(below.c[ROW_ID]).where(below.c[PARENT].in_(some))
                self.delete(child, self._connection.execute(found).scalars().all())
            table = self._tables[business]
            if self._changes is not None:
                for row in self._rows(select(table).where(table.c[ROW_ID].in_(some)).order_by(table.c[SEQUENCE])):
                    self._note(business, Did.DELETE, row, ())
            self._connection.execute(delete(table).where(table.c[ROW_ID].in_(some)))

    def find(
        self,
        component: Component,
        condition: Condition = ANYTHING,
        *,
        sort: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Row]:
        """Give the records of a component's business component that satisfy ``condition``."""
        same = None if sort else equalities(condition, component)
        if same is not None:
            return self._same(component.business, same, limit, offset)
        table = self._tables[component.business]
        scope = Scope(component, table, self._tables)
        query = select(table).where(where(condition, scope)).order_by(*ordered(sort, scope))
        return self._rows(query.limit(limit).offset(offset))

    def by_columns(
        self, business: BusinessComponent, values: Row, *, parent: str | None = None, limit: int | None = None
    ) -> list[Row]:
        """Give the records with these values, below ``parent`` when there is one: by index, for user keys."""
        return self._same(business, values if parent is None else {**values, PARENT: parent}, limit)

    def _same(self, business: BusinessComponent, values: Row, limit: int | None, offset: int = 0) -> list[Row]:
        given = {column: value for column, value in values.items() if value is not None}
        nulls = tuple(column for column, value in values.items() if value is None)
        statement = self._database.prepared.by_columns(self._tables[business], tuple(given), nulls)
        bound: dict[str, Any] = {f"v{number}": value for number, value in enumerate(given.values())}
        return statement.rows(self._connection, bound | {"limit": _MOST if limit is None else limit, "offset": offset})

    def below(
        self, component: Component, parents: Sequence[str], condition: Condition = ANYTHING
    ) -> Mapping[str, list[Row]]:
        """Give the child records of all ``parents`` at once, by parent, those that satisfy ``condition``."""
        read = self._all_below if condition == ANYTHING else self._some_below
        found: dict[str, list[Row]] = {}
        for row in read(component, parents, condition):
            found.setdefault(row[PARENT] or "", []).append(row)
        return found

    def _all_below(self, component: Component, parents: Sequence[str], _condition: Condition) -> Iterator[Row]:
        table = self._tables[component.business]
        for some in _chunks(parents, PARENTS[-1]):
            count = next(each for each in PARENTS if each >= len(some))
            asked = {f"v{number}": some[min(number, len(some) - 1)] for number in range(count)}
            yield from self._database.prepared.below(table, count).rows(self._connection, asked)

    def _some_below(self, component: Component, parents: Sequence[str], condition: Condition) -> Iterator[Row]:
        table = self._tables[component.business]
        scope = Scope(component, table, self._tables)
        for some in _chunks(parents):
            query = select(table).where(table.c[PARENT].in_(some), where(condition, scope))
            yield from self._rows(query.order_by(table.c[PARENT], table.c[SEQUENCE]))

    def count(self, component: Component, condition: Condition = ANYTHING) -> int:
        """Count the records that satisfy ``condition``."""
        table = self._tables[component.business]
        query = select(func.count()).select_from(table).where(where(condition, Scope(component, table, self._tables)))
        return int(self._connection.execute(query).scalar_one())

    def last(self, business: BusinessComponent, column: str, prefix: str) -> str | None:
        """Give the greatest value of ``column`` that begins with ``prefix`` and goes on in ASCII; None without one."""
        values = self._tables[business].c[column]
        found = select(func.max(values)).where(values >= prefix, values < f"{prefix}\x7f")
        value: str | None = self._connection.execute(found).scalar_one()
        return value

    def by_row_id(self, business: BusinessComponent, row_id: str) -> Row | None:
        """Give the record with a row id."""
        found = self.by_columns(business, {ROW_ID: row_id}, limit=1)
        return found[0] if found else None

    def may_be_below(self, business: BusinessComponent, row_id: str) -> bool:
        """Tell whether there is a record ``row_id`` that records of ``business`` hang below; below nothing, any may."""
        above = [each for each in self._business.values() if business.table in each.children]
        return not above or any(self.by_row_id(each, row_id) is not None for each in above)

    def _note(
        self, business: BusinessComponent, did: Did, row: Row, columns: Iterable[str], *, left: str | None = None
    ) -> None:
        if self._changes is not None:
            made = Change(business, row[ROW_ID] or "", row[PARENT], did, frozenset(columns), row, left)
            self._changes.append(made)

    def _write_many(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Have the driver write rows of the same columns: SQLAlchemy would look at every value of every row."""
        written = statement.compile(dialect=self._connection.dialect, column_keys=list(rows[0]))
        order = written.positiontup if written.positional else None
        values = list(rows) if order is None else [tuple([row[name] for name in order]) for row in rows]
        self._connection.exec_driver_sql(str(written), values)

    def tell(self, listeners: Sequence[Listener]) -> None:
        """Tell what was changed: what the listeners change themselves is not told."""
        changes, self._changes = self._changes, None
        for listener in listeners if changes else ():
            listener(self, changes or ())

    def _rows(self, query: Select[Any]) -> list[Row]:
        return [_row(row) for row in self._connection.execute(query).mappings()]

    def _number(self) -> int:
        for number in self._free:
            return number
        first = self._database.take(self._connection, self._taken)
        self._free = iter(range(first + 1, first + self._taken))
        self._taken = min(self._taken * 2, _MOST_TAKEN)
        return first


def _row(found: Mapping[Any, Any]) -> Row:
    return {name: str(value) if isinstance(value, int) else value for name, value in found.items() if name != SEQUENCE}


def _chunks(values: Sequence[str], size: int = _CHUNK) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
