"""Random edits of two sides, the same for one seed, and what must be true of every field when all is quiet again."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    """Who edits."""

    SIEBEL = "siebel"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Edit:
    """A field of a record gets a new value; records are numbered from 0."""

    side: Side
    record: int
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """Who may edit a record: both, or one side only, which shows whether the other is told its own edits."""

    both: Sequence[int]
    siebel_only: Sequence[int]
    other_only: Sequence[int]

    @property
    def all(self) -> list[int]:
        return [*self.both, *self.siebel_only, *self.other_only]


@dataclass
class Editor:
    """Draws edits; every value is new, so that nobody can be right by accident."""

    seed: int
    kinds: Kinds
    fields: Sequence[str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)  # noqa: S311 - a test's dice

    def some(self, count: int, *sides: Side) -> Iterator[Edit]:
        """Draw ``count`` edits of those sides, on records they may edit."""
        for _ in range(count):
            side = self._dice.choice(sides)
            own = self.kinds.siebel_only if side is Side.SIEBEL else self.kinds.other_only
            yield self._edit(side, self._dice.choice([*self.kinds.both, *own]), self._dice.choice(self.fields))

    def clashes(self, count: int) -> Iterator[tuple[Edit, Edit]]:
        """Draw pairs of edits, one of each side, each pair of a field of its own."""
        places = [(record, name) for record in self.kinds.both for name in self.fields]
        for record, name in self._dice.sample(places, count):
            yield self._edit(Side.SIEBEL, record, name), self._edit(Side.OTHER, record, name)

    def _edit(self, side: Side, record: int, name: str) -> Edit:
        return Edit(side, record, name, value_of(name, str(next(self._numbers))))


def value_of(name: str, unique: str) -> str:
    """Word a value that a field can have."""
    return f"{unique}@example.com" if name == "EmailAddress" else f"{name[:3]}{unique}"


@dataclass
class Diary:
    """Every edit that was made; ``fresh`` are those since both sides were last seen to be equal."""

    edits: list[Edit] = field(default_factory=list)
    fresh: list[Edit] = field(default_factory=list)

    def made(self, edit: Edit) -> None:
        self.edits.append(edit)
        self.fresh.append(edit)

    def settled(self) -> None:
        """Begin a new page: what comes now, comes after everything before."""
        self.fresh.clear()

    def count(self, side: Side, record: int) -> int:
        return sum(each.side is side and each.record == record for each in self.edits)

    def possible(self) -> dict[tuple[int, str], set[str]]:
        """Give what a field that was edited since may say: the last edit of each side; of one side only, that one."""
        last: dict[tuple[int, str], dict[Side, str]] = defaultdict(dict)
        for each in self.fresh:
            last[each.record, each.field][each.side] = each.value
        return {place: set(values.values()) for place, values in last.items()}
