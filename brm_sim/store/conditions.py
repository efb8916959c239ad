"""Conditions of a search as SQL with bound values, as far as the index goes.

What is true of a match always passes the SQL. What SQL cannot tell (a field without an index, ``like`` beyond its
prefix) only lets more through; ``exact`` says whether SQL decides alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeGuard

from sqlalchemy import ColumnElement, FromClause, Text, and_, cast, false, literal, not_, or_, select, true

from brm_sim.flist import Poid, Value
from brm_sim.store import codec
from brm_sim.store.classes import class_of
from brm_sim.store.query import All, AnyOf, Compare, Condition, Field, Join, Not, Operator, conjuncts
from brm_sim.store.rows import DATABASE_NUMBER, INDEXED_LENGTH, of_class
from brm_sim.store.tables import entries

Clause = ColumnElement[bool]
Compiled = tuple[Clause | None, bool]
"""A clause (None: no restriction), and whether it is exact."""

_UNKNOWN: Compiled = (None, False)
_POID = ("POID",)
_TIMES = {("CREATED_T",): "created", ("MOD_T",): "modified"}
_LAST_CHARACTER = "\U0010ffff"
_PREFIX = re.compile(r"[^%_\\]*")

_SQL: Mapping[Operator, Callable[[Any, Any], Clause]] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.IN: lambda column, value: column == value,
    Operator.NE: lambda column, value: column != value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
}
_SAME = frozenset({Operator.EQ, Operator.IN})


class By(Enum):
    """What narrows a search down."""

    POID = auto()
    ENTRIES = auto()


class Conditions:
    """Compiles conditions on ``tables`` (aliases of objects), which hold objects of ``classes``."""

    def __init__(self, classes: Sequence[str], tables: Sequence[FromClause]) -> None:
        self._tables = tables
        self._indexed = [spec.indexed if (spec := class_of(name)) else frozenset() for name in classes]

    def of(self, condition: Condition) -> Compiled:
        """Compile a condition; joins are exact only in Python (and narrowed by :meth:`joins`)."""
        match condition:
            case All(parts):
                compiled = [self.of(part) for part in parts]
                clauses = [clause for clause, _ in compiled if clause is not None]
                return and_(true(), *clauses), all(exact for _, exact in compiled)
            case AnyOf(parts):
                compiled = [self.of(part) for part in parts]
                known = [clause for clause, _ in compiled if clause is not None]
                return (or_(*known), all(exact for _, exact in compiled)) if len(known) == len(parts) else _UNKNOWN
            case Not(part):
                clause, exact = self.of(part)
                return (not_(clause), True) if exact and clause is not None else _UNKNOWN
            case Compare():
                return self._compare(condition)
            case _:
                return _UNKNOWN

    def narrowed(self, condition: Condition, table: int) -> By | None:
        """Tell what narrows a table's rows down better than their class does, so that planners go by that."""
        parts = list(conjuncts(condition))
        equal = [part.field for part in parts if isinstance(part, Compare) and part.operator in _SAME]
        own = [field.path for field in equal if field.table == table]
        if _POID in own:
            return By.POID
        if any(path in self._indexed[table] for path in own):
            return By.ENTRIES
        joined = [field for part in parts if self._is_join(part) for field in (part.left, part.right)]
        here = [field.path for field in joined if field.table == table]
        if not here or not (table > 0 or any(field.table != table for field in equal)):
            return None  # it is where a plan has to begin
        return By.POID if _POID in here else By.ENTRIES

    def joins(self, condition: Condition) -> Iterator[Clause]:
        """Compile the outermost equalities between POIDs and indexed fields of two classes."""
        for part in conjuncts(condition):
            if self._is_join(part):
                (left, left_from), (right, right_from) = self._key(part.left), self._key(part.right)
                yield and_(left == right, *left_from, *right_from)
                yield from self._back(part.left, right)
                yield from self._back(part.right, left)

    def _is_join(self, part: Condition) -> TypeGuard[Join]:
        return isinstance(part, Join) and part.operator is Operator.EQ and self._has_key(part.left, part.right)

    def _back(self, poid: Field, key: ColumnElement[Any]) -> Iterator[Clause]:
        """Let a plan go from an index entry to the object it names, too."""
        entry = getattr(key, "table", None)
        if poid.path == _POID and entry is not None:
            yield self._tables[poid.table].c.id == entry.c.target

    def _compare(self, condition: Compare) -> Compiled:
        compiled = [self._one(condition.field, condition.operator, value) for value in condition.values]
        known = [clause for clause, _ in compiled if clause is not None]
        if len(known) < len(compiled):
            return _UNKNOWN
        return or_(false(), *known), all(exact for _, exact in compiled)

    def _one(self, field: Field, operator: Operator, value: Value) -> Compiled:
        table = self._tables[field.table]
        if field.path == _POID:
            return _poid(table, operator, value)
        if field.path in _TIMES and isinstance(value, datetime) and operator in _SQL:
            return _SQL[operator](table.c[_TIMES[field.path]], codec.seconds(value)), True
        if field.path not in self._indexed[field.table]:
            return _UNKNOWN
        clause, exact = _indexed(operator, value)
        if clause is None:
            return _UNKNOWN
        versions = select(entries.c.version).where(entries.c.path == ".".join(field.path), clause)
        return table.c.version.in_(versions), exact

    def _has_key(self, *fields: Field) -> bool:
        return all(field.path == _POID or field.path in self._indexed[field.table] for field in fields)

    def _key(self, field: Field) -> tuple[ColumnElement[Any], tuple[Clause, ...]]:
        table = self._tables[field.table]
        if field.path == _POID:
            return literal(f"{DATABASE_NUMBER} ", Text) + table.c.type + literal(" ", Text) + cast(table.c.id, Text), ()
        entry = entries.alias()
        return entry.c.value, (entry.c.version == table.c.version, entry.c.path == ".".join(field.path))


def _poid(table: FromClause, operator: Operator, value: Value) -> Compiled:
    if not isinstance(value, Poid) or operator not in _SQL:
        return _UNKNOWN
    if operator in _SAME:
        if value.type_only:
            return of_class(table, value.type), True
        return and_(table.c.id == value.id, table.c.type == value.type, literal(value.db) == DATABASE_NUMBER), True
    return (
        (None, False) if value.type_only or operator is Operator.NE else (_SQL[operator](table.c.id, value.id), False)
    )


def _indexed(operator: Operator, value: Value) -> Compiled:
    """Compile a comparison with ``entries.value``."""
    if operator is Operator.LIKE:
        return _like(value)
    key = codec.key(value)
    if key is None or (isinstance(value, Poid) and (value.type_only or operator not in _SAME)):
        return _UNKNOWN
    if len(key) >= INDEXED_LENGTH:
        return (entries.c.value == key[:INDEXED_LENGTH], False) if operator in _SAME else _UNKNOWN
    return _SQL[operator](entries.c.value, key), operator in _SAME or operator is Operator.NE


def _like(pattern: Value) -> Compiled:
    prefix = _PREFIX.match(pattern)[0] if isinstance(pattern, str) else ""  # type: ignore[index]  # it always matches
    if not prefix:
        return _UNKNOWN
    prefix = prefix[:INDEXED_LENGTH]
    return and_(entries.c.value >= prefix, entries.c.value < prefix + _LAST_CHARACTER), False
