"""What a method of the adapter is given, and what it answers, by Siebel's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from siebel_sim.errors import BAD_ARGUMENT, PAGE_TOO_LARGE, SiebelError
from siebel_sim.messages import Instance, Record, Shape
from siebel_sim.repository import Component
from siebel_sim.values import Lov

_TRUE = frozenset({"true", "y", "yes", "1"})
_DEFAULT_PAGE = 10
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query: so many records from the ``start``-th, from 0."""

    size: int
    start: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """The input of a method: the instances of the SiebelMessage (None when there is none), and the other arguments.

    ``root`` is the component that is asked for or written. ``paged_by`` are the attributes of the list, by which a UI
    data adapter pages; ``only_asked`` answers the fields that a query names, as that adapter does.
    """

    root: Component
    message: tuple[Instance, ...] | None
    values: Mapping[str, str]
    paged_by: Mapping[str, str] = field(default_factory=dict)
    only_asked: bool = False
    maximum_page_size: int = 100

    def text(self, name: str) -> str:
        """Give an argument, without the spaces around it; nothing when it is not there."""
        return self.values.get(name, "").strip()

    def flag(self, name: str) -> bool:
        """Tell whether an argument says yes."""
        return self.text(name).lower() in _TRUE

    @property
    def shape(self) -> Shape:
        """Status object or everything."""
        return Shape.STATUS if self.flag("StatusObject") else Shape.WHOLE

    @property
    def lov(self) -> Lov:
        """How values of pick lists are said; SiebelError for no such way."""
        given = self.text("LOVLanguageMode")
        try:
            return Lov(given) if given else Lov.LDC
        except ValueError:
            raise SiebelError(BAD_ARGUMENT.said("LOVLanguageMode", "neither LIC nor LDC")) from None

    def page(self) -> Page:
        """Read the page that is asked for; SiebelError for what is no number, or more than the maximum."""
        size = self._number("PageSize", self.paged_by.get("pagesize", ""), _DEFAULT_PAGE)
        if size > self.maximum_page_size:
            raise SiebelError(PAGE_TOO_LARGE.said(str(size), str(self.maximum_page_size)))
        if size == 0:
            raise SiebelError(BAD_ARGUMENT.said("PageSize", "0"))
        return Page(size, self._number("StartRowNum", self.paged_by.get("startrownum", ""), 0))

    def _number(self, name: str, attribute: str, default: int) -> int:
        given = self.text(name) or attribute.strip()
        if not given:
            return default
        if not (given.isascii() and given.isdigit() and len(given) <= _MOST_DIGITS):
            raise SiebelError(BAD_ARGUMENT.said(name, "no number"))
        return int(given)


@dataclass(frozen=True, slots=True)
class Answer:
    """The output of a method: records, and other arguments by name."""

    records: Sequence[Record]
    shape: Shape = Shape.WHOLE
    values: Mapping[str, str] = field(default_factory=dict)
    last_page: bool | None = None
    total: int | None = None
