"""PCM_OP_SEARCH: templates and their arguments become queries. The grammar is in ``search_template.lark``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, VisitError

from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import ANY_ELEMENT, Array, Flist, Value
from brm_sim.store.classes import CUSTOM_PREFIX, class_of
from brm_sim.store.query import All, AnyOf, Compare, Condition, Field, Join, Not, Null, Operator, Query

DISTINCT = 256
"""FLAGS: an object that a join finds several times is given once."""

LONGEST_TEMPLATE = 16_000
DEEPEST_TEMPLATE = 50
_SYSTEM_FIELDS = frozenset({"POID", "CREATED_T", "MOD_T"})
_OPERATORS = {operator.value: operator for operator in Operator} | {"<>": Operator.NE}


@dataclass(frozen=True, slots=True)
class Argument:
    """ARGS[n]: the field it names, through whatever elements, and its value."""

    path: tuple[str, ...]
    value: Value


def read_query(template: str, args: Array, limit: int = 0) -> Query:
    """Read a template with its arguments; ErrorBuffer BAD_SEARCH_ARG (18) for one that means nothing."""
    if len(template) > LONGEST_TEMPLATE or _depth(template) > DEEPEST_TEMPLATE:
        raise _bad("the template is too long or too deeply nested")
    arguments = {number: _argument(number, flist) for number, flist in args.items()}
    try:
        tree = _parser().parse(template)
        query: Query = _Reader(arguments, limit).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    except LarkError as error:
        raise _bad(f"the template cannot be read: {str(error).splitlines()[0]}") from None
    return query


def pick(found: Flist, wanted: Flist) -> Flist:
    """Give the wanted fields of an object, null where it has no value; the whole object when none is named."""
    if not wanted:
        return found
    return dict(_picked(found, wanted))


def _picked(found: Flist, wanted: Flist) -> Iterator[tuple[str, Value | Flist | Array]]:
    for name, asked in wanted.items():
        value = found.get(name)
        if isinstance(asked, Array):
            if isinstance(value, Array) and (elements := _elements(value, asked)):
                yield name, elements
        elif isinstance(value, dict) and isinstance(asked, dict):
            yield name, value if isinstance(value, Array) else pick(value, cast(Flist, asked))
        elif value is not None or not isinstance(asked, dict):
            yield name, value


def _elements(value: Array, asked: Array) -> Array:
    if ANY_ELEMENT in asked:
        return Array({element: pick(each, asked[ANY_ELEMENT]) for element, each in value.items()})
    return Array({element: pick(value[element], each) for element, each in asked.items() if element in value})


def _argument(number: int, flist: Flist) -> Argument:
    path: list[str] = []
    value: Value | Flist | Array = flist
    while isinstance(value, dict):
        inner = value.single() if isinstance(value, Array) and len(value) == 1 else value
        if isinstance(inner, Array) or len(inner) != 1:
            raise _bad(f"ARGS[{number}] must name exactly one field")
        ((name, value),) = inner.items()
        path.append(name)
    return Argument(tuple(path), value)


class _Reader(Transformer[Token, Query]):
    """Builds a query from a parse tree, leaves first."""

    def __init__(self, arguments: dict[int, Argument], limit: int) -> None:
        super().__init__()
        self._arguments = arguments
        self._limit = limit
        self._classes: tuple[str, ...] = ()
        self._numbers: dict[int, int] = {}

    def start(self, parts: list[object]) -> Query:
        _classes, where, order = parts
        return Query(self._classes, where or All(()), order or (), self._limit)  # type: ignore[arg-type]  # by the grammar

    def classes(self, classes: list[tuple[str, int | None]]) -> None:
        self._classes = tuple(name for name, _ in classes)
        numbers = [number if number is not None else place for place, (_, number) in enumerate(classes, 1)]
        self._numbers = {number: place for place, number in enumerate(numbers)}
        if len(self._numbers) != len(numbers):
            raise _bad("two classes have the same number")

    @v_args(inline=True)
    def class_(self, name: Token, number: Token | None) -> tuple[str, int | None]:
        if class_of(str(name)) is None:
            raise _bad(f"there is no class {name}")
        return str(name), None if number is None else int(number)

    def any_of(self, parts: list[Condition]) -> Condition:
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, parts: list[Condition]) -> Condition:
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    @v_args(inline=True)
    def negation(self, part: Condition) -> Condition:
        return part.part if isinstance(part, Not) else Not(part)

    @v_args(inline=True)
    def compare(self, field: Field, operator: Token, value: Value) -> Condition:
        return Compare(field, _OPERATORS[str(operator)], (value,))

    @v_args(inline=True)
    def join(self, left: Field, operator: Token, right: Field) -> Condition:
        return Join(left, _OPERATORS[str(operator)], right)

    @v_args(inline=True)
    def one_of(self, field: Field, *values: Value) -> Condition:
        return Compare(field, Operator.IN, values)

    @v_args(inline=True)
    def one_of_list(self, field: Field, value: Value) -> Condition:
        """``F1 in V1``: a STR is a list separated by commas."""
        values = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else (value,)
        return Compare(field, Operator.IN, values)

    @v_args(inline=True)
    def none_of(self, field: Field, *values: Value) -> Condition:
        return Not(Compare(field, Operator.IN, values))

    @v_args(inline=True)
    def like(self, field: Field, value: Value) -> Condition:
        return Compare(field, Operator.LIKE, (value,))

    @v_args(inline=True)
    def unlike(self, field: Field, value: Value) -> Condition:
        return Not(Compare(field, Operator.LIKE, (value,)))

    @v_args(inline=True)
    def null(self, field: Field) -> Condition:
        return Null(field)

    @v_args(inline=True)
    def not_null(self, field: Field) -> Condition:
        return Null(field, negated=True)

    def orders(self, orders: list[tuple[Field, bool]]) -> tuple[tuple[Field, bool], ...]:
        return tuple(orders)

    @v_args(inline=True)
    def order(self, field: Field, direction: Token | None) -> tuple[Field, bool]:
        return field, direction is not None and direction.type == "DESC"

    @v_args(inline=True)
    def field(self, number: Token | None, name: Token) -> Field:
        table = 0 if number is None else self._numbers.get(int(number), -1)
        if table < 0:
            raise _bad(f"there is no class number {number}")
        path = self._argument(name).path
        spec = class_of(self._classes[table])
        known = path[0] in _SYSTEM_FIELDS or path[0].startswith(CUSTOM_PREFIX)
        if spec is None or not (known or path[0] in spec.fields):
            raise _bad(f"{self._classes[table]} has no field {path[0]}", path[0])
        return Field(table, path)

    @v_args(inline=True)
    def value(self, name: Token) -> Value:
        return self._argument(name).value

    def _argument(self, name: Token) -> Argument:
        number = int(name[1:])
        if number not in self._arguments:
            raise _bad(f"{name} has no ARGS[{number}]")
        return self._arguments[number]


def _bad(text: str, field: str = "TEMPLATE") -> ErrorBuffer:
    return ErrorBuffer(Errno.BAD_SEARCH_ARG, text, field=field, location=Location.DM)


def _depth(template: str) -> int:
    deepest = depth = 0
    for character in template:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("brm_sim").joinpath("search_template.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=True)
