"""What a complex type holds, laid out flat: which elements, how often, and in which arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from xmlschema.validators import XsdAnyElement, XsdComplexType, XsdElement, XsdGroup, XsdType

Shape: TypeAlias = "tuple[str, tuple[Shape | str, ...]]"


@dataclass(frozen=True, slots=True)
class Occurs:
    """How often something may stand; ``most`` is None without a limit."""

    least: int
    most: int | None

    def times(self, least: int, most: int | None) -> Occurs:
        """Return how often it stands in something that stands so often itself."""
        unlimited = self.most is None or most is None
        return Occurs(
            self.least * least, 0 if 0 in (self.most, most) else None if unlimited else _product(self.most, most)
        )

    def plus(self, other: Occurs) -> Occurs:
        """Return how often it stands when it is written twice."""
        unlimited = self.most is None or other.most is None
        return Occurs(self.least + other.least, None if unlimited else (self.most or 0) + (other.most or 0))

    def __str__(self) -> str:
        most = "any number" if self.most is None else str(self.most)
        return most if self.least == self.most else f"{self.least} to {most}"


def _product(first: int | None, second: int | None) -> int:
    return (first or 0) * (second or 0)


@dataclass(frozen=True, slots=True)
class Content:
    """``elements`` by Clark name, in order, with their declaration and occurrence; ``wildcards`` as they are written.

    ``shape`` is the nesting of groups with names as leaves, without groups that say nothing.
    """

    elements: dict[str, tuple[XsdElement, Occurs]]
    wildcards: tuple[XsdAnyElement, ...]
    group: XsdGroup | None

    def shape(self, only: frozenset[str]) -> Shape | str | None:
        """Return how the elements named ``only`` are arranged; equal shapes allow them in the same orders."""
        return None if self.group is None else _shape(self.group, only)


def content_of(kind: XsdType) -> Content:
    """Return what elements of type ``kind`` hold."""
    group = kind.content if isinstance(kind, XsdComplexType) else None
    if not isinstance(group, XsdGroup):
        return Content({}, (), None)
    found: dict[str, tuple[XsdElement, Occurs]] = {}
    for element, occurs in _elements(group, Occurs(1, 1)):
        before = found.get(element.name)
        found[element.name] = (element, occurs if before is None else before[1].plus(occurs))
    return Content(found, tuple(_wildcards(group)), group)


def _elements(group: XsdGroup, around: Occurs) -> Iterator[tuple[XsdElement, Occurs]]:
    own = around.times(group.min_occurs, group.max_occurs)
    if group.model == "choice" and len(group) > 1:
        own = Occurs(0, own.most)
    for particle in group:
        if isinstance(particle, XsdElement):
            yield particle, own.times(particle.min_occurs, particle.max_occurs)
        elif isinstance(particle, XsdGroup):
            yield from _elements(particle, own)


def _wildcards(group: XsdGroup) -> Iterator[XsdAnyElement]:
    for particle in group:
        if isinstance(particle, XsdAnyElement):
            yield particle
        elif isinstance(particle, XsdGroup):
            yield from _wildcards(particle)


def _shape(group: XsdGroup, only: frozenset[str]) -> Shape | str | None:
    parts: list[Shape | str] = []
    for particle in group:
        if isinstance(particle, XsdElement):
            parts += [particle.name] if particle.name in only else []
        elif isinstance(particle, XsdGroup) and (inner := _shape(particle, only)) is not None:
            parts.append(inner)
    repeats = group.max_occurs is None or group.max_occurs > 1
    model = f"repeated {group.model}" if repeats else str(group.model)
    if model == "sequence":
        parts = [each for part in parts for each in _flattened(part)]
    if model in ("all", "choice"):
        parts.sort(key=str)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 and not (repeats and isinstance(parts[0], tuple)) else (model, tuple(parts))


def _flattened(part: Shape | str) -> tuple[Shape | str, ...]:
    return part[1] if isinstance(part, tuple) and part[0] == "sequence" else (part,)
