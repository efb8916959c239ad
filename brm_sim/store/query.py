"""A search over storable objects, as data: what :mod:`search` reads from a template, and :mod:`finder` runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from brm_sim.flist import Value
from brm_sim.store.classes import Path


class Operator(StrEnum):
    """How a field is compared; IN takes several values, the others one."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "like"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the ``table``-th class of the query (from 0); true of any element of the arrays on its path."""

    table: int
    path: Path


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with values."""

    field: Field
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Two fields compared."""

    left: Field
    operator: Operator
    right: Field


@dataclass(frozen=True, slots=True)
class Null:
    """A field without a value, or (``negated``) with one."""

    field: Field
    negated: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; true without any."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = Compare | Join | Null | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Query:
    """``select X from <classes> where …``: ``order`` is (field, descending); ``limit`` 0 is none."""

    classes: tuple[str, ...]
    where: Condition = All(())
    order: tuple[tuple[Field, bool], ...] = ()
    limit: int = 0


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """Take the outermost "and"s apart."""
    if isinstance(condition, All):
        for part in condition.parts:
            yield from conjuncts(part)
    else:
        yield condition
