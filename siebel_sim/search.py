"""Search and sort specifications, read into conditions. What a field is, and where it is stored, is not known here.

The grammar is in ``search_spec.lark``. ``LIKE`` takes Siebel's wildcards: ``*`` any characters, ``?`` one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeAlias, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from siebel_sim.errors import BAD_SEARCH, BAD_SORT, SiebelError

LONGEST = 8_000
DEEPEST = 50


class Operator(StrEnum):
    """How a field is compared; ``~`` is without case."""

    EQ = "="
    SAME = "~="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    LIKE_SAME = "~LIKE"


@dataclass(frozen=True, slots=True)
class Compare:
    """``[field] operator 'value'``."""

    field: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Null:
    """``[field] IS NULL``."""

    field: str


@dataclass(frozen=True, slots=True)
class All:
    """Every part is true; of none, always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Some part is true; of none, never."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is not true."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Exists:
    """A child record satisfies the part: ``EXISTS([City] = 'Rome')``, or ``[CutAddress.City]`` to name the child."""

    part: Condition


Condition: TypeAlias = Compare | Null | All | AnyOf | Not | Exists
Order: TypeAlias = tuple[str, bool]
"""A field, and whether it descends."""

ANYTHING = All(())


def read_search(written: str) -> Condition:
    """Read a search specification; SiebelError for one that cannot be read. Nothing but spaces is true of anything."""
    if not written.strip():
        return ANYTHING
    return cast("Condition", _read("condition", written, ""))


def read_value(field: str, written: str) -> Condition:
    """Read what a query by example has in ``field``: an expression, a text with wildcards, or a text.

    ``>= '10' AND < '20'``, ``IS NULL``, ``A*``, ``Active``.
    """
    start = written.lstrip().lower()
    if start.startswith(("=", "~=", "<", ">", "like ", "~like ", "is null", "is not null", "not like ")):
        return cast("Condition", _read("value", written, field))
    wild = "*" in written or "?" in written
    return Compare(field, Operator.LIKE if wild else Operator.EQ, written)


def read_sort(written: str) -> tuple[Order, ...]:
    """Read a sort specification; SiebelError for one that cannot be read."""
    if not written.strip():
        return ()
    return cast("tuple[Order, ...]", _read("sort", written, ""))


def write(condition: Condition) -> str:
    """Write a condition as a search specification: what ``read_search`` reads back."""
    return _written(condition)


def fields_of(condition: Condition) -> frozenset[str]:
    """Name the fields of a condition, those inside EXISTS left out."""
    if isinstance(condition, Compare | Null):
        return frozenset({condition.field})
    parts = (condition.part,) if isinstance(condition, Not) else getattr(condition, "parts", ())
    return frozenset().union(*(fields_of(part) for part in parts))


def _written(condition: Condition) -> str:
    return _WRITERS[type(condition)](condition)


def _not_written(condition: Not) -> str:
    if isinstance(condition.part, Null):
        return f"[{condition.part.field}] IS NOT NULL"
    return f"NOT ({_written(condition.part)})"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    Compare: lambda each: f"[{each.field}] {each.operator.value} {quoted(each.value)}",
    Null: lambda each: f"[{each.field}] IS NULL",
    Not: _not_written,
    Exists: lambda each: f"EXISTS({_written(each.part)})",
    All: lambda each: " AND ".join(map(_inside, each.parts)),
    AnyOf: lambda each: " OR ".join(map(_inside, each.parts)),
}


def _inside(part: Condition) -> str:
    return f"({_written(part)})" if isinstance(part, All | AnyOf) else _written(part)


def quoted(value: str) -> str:
    """Write a text as a literal, as Siebel's own specifications do."""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _read(start: str, written: str, field: str) -> object:
    wrong = BAD_SORT if start == "sort" else BAD_SEARCH
    if len(written) > LONGEST or _depth(written) > DEEPEST:
        raise SiebelError(wrong.said("it is too long or too deeply nested"))
    try:
        return _Reader(field).transform(_parser().parse(written, start))
    except UnexpectedInput as error:
        place = getattr(error, "column", 0)
        where = f"unexpected at character {place}" if place and place > 0 else "it ends too early"
        raise SiebelError(wrong.said(where)) from error


def _depth(written: str) -> int:
    """Count what nests, in texts too: an estimate that is never too low. NOT nests without parentheses."""
    return max(written.count("("), written.lower().count("not"))


@v_args(inline=True)
class _Reader(Transformer[Token, object]):
    """Builds a condition from a parse tree, leaves first; ``field`` is whose value is read."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self._field = field

    def any_of(self, *parts: Condition) -> Condition:
        return parts[0] if len(parts) == 1 else AnyOf(parts)

    def all_of(self, *parts: Condition) -> Condition:
        return parts[0] if len(parts) == 1 else All(parts)

    def negation(self, part: Condition) -> Condition:
        return part.part if isinstance(part, Not) else Not(part)

    def exists(self, part: Condition) -> Condition:
        return Exists(part)

    def comparison(self, field: Token, *test: object) -> Condition:
        return _tested(str(field)[1:-1].strip(), *test)

    def own_comparison(self, *test: object) -> Condition:
        return _tested(self._field, *test)

    def unlike(self, like: Token, value: str) -> Asked:
        return Asked(like.upper(), value, negated=True)

    def null(self) -> Asked:
        return Asked("NULL", "")

    def not_null(self) -> Asked:
        return Asked("NULL", "", negated=True)

    def literal(self, token: Token) -> str:
        text = str(token)
        return text[1:-1].replace(text[0] * 2, text[0]) if token.type == "STRING" else text

    def sort(self, *orders: Order) -> tuple[Order, ...]:
        return orders

    def order(self, field: Token, direction: Token | None) -> Order:
        return str(field).strip("[] \t\r\n"), direction is not None and direction.type == "DESCENDING"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a field, with the field left out."""

    operator: str
    value: str
    negated: bool = False


def _tested(field: str, *test: object) -> Condition:
    asked = test[0] if isinstance(test[0], Asked) else Asked(str(test[0]).upper(), str(test[1]))
    found: Condition = (
        Null(field) if asked.operator == "NULL" else Compare(field, _OPERATORS[asked.operator], asked.value)
    )
    return Not(found) if asked.negated else found


_OPERATORS: Mapping[str, Operator] = {operator.value: operator for operator in Operator}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("siebel_sim").joinpath("search_spec.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=["condition", "value", "sort"], maybe_placeholders=True)
