"""Whether objects satisfy a condition: the exact meaning of a search, on flists."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from brm_sim.flist import Array, Flist, Poid, Value
from brm_sim.store.classes import values_at
from brm_sim.store.query import All, AnyOf, Compare, Condition, Field, Join, Not, Null, Operator

Match = tuple[Flist, ...]


def holds(condition: Condition, match: Match) -> bool:
    """Whether ``condition`` is true of the objects of one match. Null compares false with everything, as in SQL."""
    return bool(_HOLDS[type(condition)](condition, match))


def field_values(field: Field, match: Match) -> list[Value]:
    """Give the values of a field, through any elements; null ones are left out."""
    found = values_at(match[field.table], field.path)
    return [value for value in found if value is not None and not isinstance(value, dict)]


def _compare(condition: Compare, match: Match) -> bool:
    compare = _COMPARE[condition.operator]
    values = field_values(condition.field, match)
    return any(compare(value, wanted) for value in values for wanted in condition.values)


def _join(condition: Join, match: Match) -> bool:
    compare = _COMPARE[condition.operator]
    right = field_values(condition.right, match)
    return any(compare(a, b) for a in field_values(condition.left, match) for b in right)


_HOLDS: Mapping[type, Callable[[Any, Match], bool]] = {
    Compare: _compare,
    Join: _join,
    Null: lambda condition, match: bool(field_values(condition.field, match)) is condition.negated,
    All: lambda condition, match: all(holds(part, match) for part in condition.parts),
    AnyOf: lambda condition, match: any(holds(part, match) for part in condition.parts),
    Not: lambda condition, match: not holds(condition.part, match),
}


def equal(value: Value | Flist | Array, wanted: Value) -> bool:
    """Whether a field has a value; a POID is compared without its revision, a type-only one as a class."""
    if isinstance(value, Poid) and isinstance(wanted, Poid):
        return value.is_a(wanted.type) if wanted.type_only else value.same(wanted)
    return value == wanted


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    def compared(value: Value, wanted: Value) -> bool:
        left, right = sortable(value), sortable(wanted)
        return left[0] == right[0] and compare(left, right)

    return compared


def sortable(value: Value) -> tuple[int, Any]:
    """Give a key that orders values of one kind among themselves, and kinds apart."""
    for rank, (types, read) in enumerate(_KINDS):
        if isinstance(value, types):
            return rank, read(value)
    return len(_KINDS), 0


_KINDS: tuple[tuple[tuple[type, ...], Callable[[Any], Any]], ...] = (
    ((int, Decimal), lambda value: value),
    ((datetime,), lambda value: value),
    ((str,), lambda value: value),
    ((Poid,), lambda poid: (poid.id, poid.type)),
    ((bytes,), lambda value: value),
)


def _like(value: Value, wanted: Value) -> bool:
    """``%`` any characters, ``_`` one; on a POID the pattern is one of class names."""
    if isinstance(value, Poid):
        text = value.type
        wanted = f"{wanted.type}%" if isinstance(wanted, Poid) else wanted
    else:
        text = str(value)
    return pattern(str(wanted)).fullmatch(text) is not None


@lru_cache(maxsize=256)
def pattern(like: str) -> re.Pattern[str]:
    """Translate a ``like`` pattern; a backslash takes the meaning from the character after it."""
    parts = [""]
    for each in re.findall(r"\\.|.", like, re.DOTALL):
        if each == "%":
            parts.append("")
        else:
            parts[-1] += "." if each == "_" else re.escape(each[-1])
    first, *rest = parts
    # what stands between two % is looked for once and its first place kept: to try others would take for ever
    found = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(first + found + (f".*{rest[-1]}" if rest else ""), re.DOTALL)


_COMPARE: Mapping[Operator, Callable[[Value, Value], bool]] = {
    Operator.EQ: equal,
    Operator.NE: lambda value, wanted: not equal(value, wanted),
    Operator.LT: _ordered(operator.lt),
    Operator.LE: _ordered(operator.le),
    Operator.GT: _ordered(operator.gt),
    Operator.GE: _ordered(operator.ge),
    Operator.LIKE: _like,
    Operator.IN: equal,
}
