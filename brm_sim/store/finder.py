"""Runs a query: SQL as far as the index goes, then the exact condition on what SQL returned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, select

from brm_sim.store import predicate
from brm_sim.store.conditions import Conditions
from brm_sim.store.query import Query
from brm_sim.store.rows import Stored, columns, of_class, visible
from brm_sim.store.tables import objects

Match = tuple[Stored, ...]
_WIDTH = len(columns())


def run(connection: Connection, seq: int | None, query: Query) -> Iterator[Match]:
    """Find, in the query's order (POID ids break ties), each combination of objects once, up to its limit."""
    statement, exact = _statement(seq, query)
    found = _matches(connection, statement)
    if not exact:
        found = (match for match in found if predicate.holds(query.where, _flists(match)))
    if query.order:
        found = iter(_sorted(list(found), query))
    for number, match in enumerate(found, 1):
        yield match
        if number == query.limit:
            return


def _statement(seq: int | None, query: Query) -> tuple[Select[Any], bool]:
    tables = [objects.alias() for _ in query.classes]
    conditions = Conditions(query.classes, tables)
    clause, exact = conditions.of(query.where)
    statement = select(*(column for table in tables for column in columns(table))).order_by(*(t.c.id for t in tables))
    for table, type_ in zip(tables, query.classes, strict=True):
        statement = statement.where(of_class(table, type_), visible(table, seq))
    statement = statement.where(*conditions.joins(query.where))
    if clause is not None:
        statement = statement.where(clause)
    if query.limit and exact and not query.order and len(tables) == 1:
        statement = statement.limit(query.limit)
    return statement, exact


def _matches(connection: Connection, statement: Select[Any]) -> Iterator[Match]:
    """Read rows; a join through the index meets an object once for each element that matches."""
    seen: set[tuple[int, ...]] = set()
    with connection.execute(statement) as rows:
        for row in rows:
            match = tuple(Stored.of(row[start : start + _WIDTH]) for start in range(0, len(row), _WIDTH))
            versions = tuple(stored.version for stored in match)
            if versions not in seen:
                seen.add(versions)
                yield match


def _sorted(matches: list[Match], query: Query) -> list[Match]:
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
