"""Runs a query: SQL as far as the index goes, then the exact condition on what SQL returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from brm_sim.flist import Value
from brm_sim.store import codec, predicate, refusals
from brm_sim.store.classes import class_of
from brm_sim.store.conditions import By, Conditions
from brm_sim.store.query import All, Compare, Field, Operator, Query
from brm_sim.store.rows import INDEXED_LENGTH, Stored, columns, of_class, visible
from brm_sim.store.tables import entries, objects

Match = tuple[Stored, ...]
_WIDTH = len(columns())
MOST_COMBINATIONS = 250_000
"""How many combinations of objects a join may have to look at: one on fields without an index is a product."""


_NOBODY = -1
_NAMED_BY = (
    select(*columns())
    .where(
        objects.c.version.in_(
            select(entries.c.version).where(entries.c.path == bindparam("path"), entries.c.value == bindparam("value"))
        ),
        visible(objects, bindparam("seq")),
    )
    .order_by(objects.c.id + 0)
)


def find(connection: Connection, seq: int | None, type_: str, equals: Mapping[str, Value]) -> list[Stored]:
    """Find objects by top-level fields, one of them indexed if may be; a search without its overhead."""
    conditions = [Compare(Field(0, (name,)), Operator.EQ, (value,)) for name, value in equals.items()]
    spec = class_of(type_)
    for name, value in equals.items():
        key = codec.key(value)
        if spec is not None and (name,) in spec.indexed and key is not None and len(key) < INDEXED_LENGTH:
            given = {"path": name, "value": key, "seq": _NOBODY if seq is None else seq}
            found = [Stored.of(row) for row in connection.execute(_NAMED_BY, given)]
            rest = All(tuple(conditions))
            return [each for each in found if each.poid.is_a(type_) and predicate.holds(rest, (each.flist(),))]
    return [stored for (stored,) in run(connection, seq, Query((type_,), All(tuple(conditions))))]


def run(connection: Connection, seq: int | None, query: Query) -> Iterator[Match]:
    """Find, in the query's order (POID ids break ties), each combination of objects once, up to its limit."""
    statement, exact = _statement(seq, query)
    found = _matches(connection, statement)
    if not exact:
        found = (match for match in found if predicate.holds(query.where, _flists(match)))
    if query.order or len(query.classes) > 1:
        found = iter(_sorted(list(found), query))
    for number, match in enumerate(found, 1):
        yield match
        if number == query.limit:
            return


def _statement(seq: int | None, query: Query) -> tuple[Select[Any], bool]:
    tables = [objects.alias() for _ in query.classes]
    conditions = Conditions(query.classes, tables)
    clause, exact = conditions.of(query.where)
    statement = select(*(column for table in tables for column in columns(table)))
    for number, (table, type_) in enumerate(zip(tables, query.classes, strict=True)):
        narrowed = conditions.narrowed(query.where, number)
        statement = statement.where(of_class(table, type_, by_index=not narrowed))
        statement = statement.where(visible(table, seq, searching=narrowed is not By.POID))
    statement = statement.where(*conditions.joins(query.where))
    if clause is not None:
        statement = statement.where(clause)
    if len(tables) > 1:
        return statement.limit(MOST_COMBINATIONS), exact
    statement = statement.order_by(tables[0].c.id + 0)  # sorted, not read in that order
    return statement.limit(query.limit) if query.limit and exact and not query.order else statement, exact


def _matches(connection: Connection, statement: Select[Any]) -> Iterator[Match]:
    """Read rows; a join through the index meets an object once for each element that matches."""
    seen: set[tuple[int, ...]] = set()
    with connection.execute(statement) as rows:
        for number, row in enumerate(rows, 1):
            if len(row) > _WIDTH and number == MOST_COMBINATIONS:
                raise refusals.too_many()
            match = tuple(Stored.of(row[start : start + _WIDTH]) for start in range(0, len(row), _WIDTH))
            versions = tuple(stored.version for stored in match)
            if versions not in seen:
                seen.add(versions)
                yield match


def _sorted(matches: list[Match], query: Query) -> list[Match]:
    matches.sort(key=lambda match: [stored.poid.id for stored in match])
    for field, descending in reversed(query.order):
        keyed = [(_sort_key(predicate.field_values(field, _flists(match))), match) for match in matches]
        keyed.sort(key=lambda pair: pair[0], reverse=descending)
        matches = [match for _, match in keyed]
    return matches


def _sort_key(values: list[Any]) -> tuple[bool, tuple[int, Any]]:
    """Order by the first value; objects without one come first, as null does."""
    return (True, predicate.sortable(values[0])) if values else (False, (0, 0))


def _flists(match: Match) -> tuple[Any, ...]:
    return tuple(stored.flist() for stored in match)
