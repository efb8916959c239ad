"""What a method of the adapter is given, and what it answers, by Siebel's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from siebel_sim.components import squeezed
from siebel_sim.errors import BAD_ARGUMENT, PAGE_TOO_LARGE, SiebelError
from siebel_sim.messages import Instance, Record, Shape
from siebel_sim.repository import Component
from siebel_sim.values import Lov, Wording

_TRUE = frozenset({"true", "y", "yes", "1"})
_DEFAULT_PAGE = 10
_MOST_DIGITS = 9
_LOVS: Mapping[str, Lov] = {"": Lov.LDC, "LDC": Lov.LDC, "LIC": Lov.LIC}
_EXECUTION_MODES = frozenset({"", "forwardonly", "bidirectional"})
_VIEWS: Mapping[str, str] = {
    "": "all",
    "0": "salesrep",
    "1": "manager",
    "2": "personal",
    "3": "all",
    "5": "organization",
    "7": "group",
    "8": "catalog",
    "9": "suborganization",
}
"""Siebel's numbers of view modes → their names, squeezed."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a query: so many records from the ``start``-th, from 0."""

    size: int
    start: int


@dataclass(frozen=True, slots=True)
class Arguments:
    """The input of a method: the instances of the SiebelMessage (None when there is none), and the other arguments.

    ``root`` is the component that is asked for or written. ``paged_by`` are the attributes of the list, by which a UI
    data adapter pages; ``is_ui`` says that this is that adapter: it answers the fields that a query names, and writes
    leave what they do not name. ``caller`` is whose view is asked for.
    """

    root: Component
    message: tuple[Instance, ...] | None
    values: Mapping[str, str]
    paged_by: Mapping[str, str] = field(default_factory=dict)
    is_ui: bool = False
    caller: str = ""
    maximum_page_size: int = 100
    maximum_records: int = 10_000

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
    def wording(self) -> Wording:
        """How values are said; SiebelError for no such way."""
        given = self.text("LOVLanguageMode")
        if given not in _LOVS:
            raise SiebelError(BAD_ARGUMENT.said("LOVLanguageMode", "neither LIC nor LDC"))
        return Wording(_LOVS[given], self.flag("UTCCanonical"))

    @property
    def view(self) -> str:
        """The view mode, squeezed: ``all``, ``salesrep`` …; SiebelError for what is none."""
        given = self.text("ViewMode")
        view = _VIEWS.get(given, squeezed(given))
        if view not in _VIEWS.values():
            raise SiebelError(BAD_ARGUMENT.said("ViewMode", "no view mode"))
        return view

    def check(self) -> None:
        """Refuse modes that there are not; SiebelError."""
        self.view  # noqa: B018 - it raises
        if squeezed(self.text("ExecutionMode")) not in _EXECUTION_MODES:
            raise SiebelError(BAD_ARGUMENT.said("ExecutionMode", "neither ForwardOnly nor Bidirectional"))

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
