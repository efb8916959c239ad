"""Conditions become SQLAlchemy expressions: every value is bound, every name is a column of the repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    UnaryExpression,
    and_,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    true,
)

from siebel_sim.components import MOD_ID, PARENT, ROW_ID, BusinessField
from siebel_sim.errors import BAD_SEARCH, NO_FIELD, SiebelError
from siebel_sim.repository import Component
from siebel_sim.search import All, AnyOf, Compare, Condition, Exists, Not, Null, Operator, Order, fields_of
from siebel_sim.store.tables import SEQUENCE, TEXT, Tables
from siebel_sim.values import BadValue, Kind, stored

_ESCAPE = "\\"
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the names of a condition are looked up: a component, and what stands for its table in a query."""

    component: Component
    source: FromClause
    tables: Tables


def where(condition: Condition, scope: Scope) -> ColumnElement[bool]:
    """Translate a condition. SiebelError for a field that the component lacks, or a value that is none of its kind."""
    return _TRANSLATED[type(condition)](condition, scope)


def equalities(condition: Condition, component: Component) -> dict[str, str] | None:
    """Give the values by column that a condition asks for, where it asks for texts only: what an index answers."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    found: dict[str, str] = {}
    for part in parts:
        column = component.column(part.field) if isinstance(part, Compare) else None
        if not isinstance(part, Compare) or column is None or column in found or not _is_plain(part, column, component):
            return None
        found[column] = part.value
    return found


def _is_plain(part: Compare, column: str, component: Component) -> bool:
    field = component.business.field(column)
    return part.operator is Operator.EQ and part.value != "" and field.kind is Kind.TEXT and not field.displays


def ordered(orders: Sequence[Order], scope: Scope) -> Iterator[UnaryExpression[Any]]:
    """Translate a sort specification; records that are equal by it come in the order in which they were made."""
    for name, descends in orders:
        field = _field(name, scope)
        column = _comparable(field, scope)
        yield column.desc().nulls_last() if descends else column.asc().nulls_first()
    yield scope.source.c[SEQUENCE].asc()


def _field(name: str, scope: Scope) -> BusinessField:
    column = scope.component.column(name)
    if column is None:
        raise SiebelError(NO_FIELD.said(name, scope.component.business.name))
    return scope.component.business.field(column)


def _comparable(field: BusinessField, scope: Scope) -> ColumnElement[Any]:
    column = scope.source.c[field.column]
    return cast(column, Numeric) if field.kind.is_numeric else column


def _compare(condition: Compare, scope: Scope) -> ColumnElement[bool]:
    field = _field(condition.field, scope)
    column = scope.source.c[field.column]
    if condition.value == "":
        return column.is_not(None) if condition.operator is Operator.NE else column.is_(None)
    if condition.operator in _TEXTUAL:
        text = cast(column, TEXT) if field.column == MOD_ID else column
        return _TEXTUAL[condition.operator](text, condition.value)
    try:
        value = stored(field.kind, field.codes.get(condition.value, condition.value))
    except BadValue as error:
        raise SiebelError(BAD_SEARCH.said(f"the value of [{field.name}] is {error}")) from error
    bound = cast(literal(value, TEXT), Numeric) if field.kind.is_numeric else literal(value, TEXT)
    return _COMPARED[condition.operator](_comparable(field, scope), bound)


def _exists(condition: Exists, scope: Scope) -> ColumnElement[bool]:
    """Ask for a record below that satisfies the part; a dot names the component: ``[CutAddress.City]``."""
    names = fields_of(condition.part)
    for child in scope.component.children.values():
        if all(child.column(_own(name, child)) is not None for name in names):
            source = scope.tables[child.business].alias()
            below = Scope(child, source, scope.tables)
            own = where(_bare(condition.part, child), below)
            return exists().where(source.c[PARENT] == scope.source.c[ROW_ID], own)
    raise SiebelError(NO_FIELD.said(", ".join(sorted(names)), scope.component.business.name))


def _own(name: str, child: Component) -> str:
    return name.removeprefix(f"{child.tag}.")


def _bare(condition: Condition, child: Component) -> Condition:
    """Take the component's name away from the names of its fields."""
    match condition:
        case Compare(field, operator, value):
            return Compare(_own(field, child), operator, value)
        case Null(field):
            return Null(_own(field, child))
        case Not(part):
            return Not(_bare(part, child))
        case All(parts):
            return All(tuple(_bare(part, child) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_bare(part, child) for part in parts))
    return condition


def _like(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    escaped = value.replace(_ESCAPE, _ESCAPE * 2).replace("%", rf"{_ESCAPE}%").replace("_", rf"{_ESCAPE}_")
    return column.like(escaped.replace("*", "%").replace("?", "_"), escape=_ESCAPE)


def _like_same_case(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Compare with a pattern; what it begins with is a range as well, which an index answers."""
    begin = re.split(r"[*?]", value, maxsplit=1)[0]
    like = _like(column, value)
    return and_(column >= begin, column < begin + _LAST, like) if begin else like


_TEXTUAL: Mapping[Operator, Callable[[Any, str], ColumnElement[bool]]] = {
    Operator.LIKE: _like_same_case,
    Operator.LIKE_SAME: lambda column, value: _like(func.lower(column), value.lower()),
    Operator.SAME: lambda column, value: func.lower(column) == value.lower(),
}
_COMPARED: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.NE: lambda column, value: column != value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
}
_TRANSLATED: Mapping[type, Callable[[Any, Scope], ColumnElement[bool]]] = {
    Compare: _compare,
    Null: lambda each, scope: scope.source.c[_field(each.field, scope).column].is_(None),
    All: lambda each, scope: and_(true(), *(where(part, scope) for part in each.parts)),
    AnyOf: lambda each, scope: or_(*(where(part, scope) for part in each.parts)),
    Not: lambda each, scope: not_(where(each.part, scope)),
    Exists: _exists,
}
