"""What a complex type holds, laid out flat: which elements, how often, and in which arrangement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdComplexType, XsdElement, XsdGroup, XsdType


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
class Group:
    """Parts in ``sequence``, in any order (``all``), or by ``choice``; each a group or the name of an element."""

    model: str
    parts: tuple[Group | str, ...]
    occurs: Occurs

    @property
    def skeleton(self) -> str:
        """How the parts stand, whatever their number: equal skeletons allow them in the same orders."""
        parts = [part.skeleton if isinstance(part, Group) else etree.QName(part).localname for part in self.parts]
        return f"{self.model} ({', '.join(parts if self.model == 'sequence' else sorted(parts))})"


@dataclass(frozen=True, slots=True)
class Content:
    """``elements`` by Clark name, in order, with declaration and occurrence; ``wildcards`` as they are written."""

    elements: dict[str, tuple[XsdElement, Occurs]]
    wildcards: tuple[XsdAnyElement, ...]
    group: XsdGroup | None

    def arranged(self, only: frozenset[str]) -> Group | str | None:
        """Return how the elements named ``only`` stand, without groups that say nothing about it."""
        return None if self.group is None else _arranged(self.group, only)


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


def _arranged(group: XsdGroup, only: frozenset[str]) -> Group | str | None:
    parts: list[Group | str] = []
    for particle in group:
        if isinstance(particle, XsdElement):
            parts += [particle.name] if particle.name in only else []
        elif isinstance(particle, XsdGroup) and (inner := _arranged(particle, only)) is not None:
            parts += inner.parts if group.model == "sequence" and _is_plain(inner) else [inner]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return Group(str(group.model), tuple(parts), Occurs(group.min_occurs, group.max_occurs))


def _is_plain(part: Group | str) -> TypeGuard[Group]:
    return isinstance(part, Group) and (part.model, part.occurs) == ("sequence", Occurs(1, 1))
