"""CUT Get: a record by its row id, or a page of what a search specification finds. No database, one call of Siebel."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.cut.messages import answer, told, wants_text
from gateway.cut.objects import CutObject
from gateway.cut.ports import Siebel
from gateway.cut.workflows import Workflow
from gateway.errors import InvalidMessage
from gateway.transforms.reading import Element


@dataclass(frozen=True, slots=True)
class Getter:
    """Runs the workflows that get."""

    siebel: Siebel

    def get(self, of: Workflow, body: Element) -> Element:
        """Answer an ``_Input``; raises InvalidMessage when it asks for nothing, or for two things at once."""
        about = of.about
        row_id, search = told(about, body, "Object_spcId"), told(about, body, "SearchSpec")
        if bool(row_id) == bool(search):
            raise InvalidMessage(f"{of.name} takes either Object_spcId or SearchSpec", element="Object_spcId")
        return self._one(of, row_id, body) if row_id else self._page(of, search, body)

    def _one(self, of: Workflow, row_id: str, body: Element) -> Element:
        found = self.siebel.query_by_id(of.about.siebel, row_id)
        return answer(of, found, as_text=wants_text(of.about, body))

    def _page(self, of: Workflow, search: str, body: Element) -> Element:
        about = of.about
        page = self.siebel.query_page(
            about.siebel,
            search=search,
            sort=told(about, body, "SortSpec"),
            size=_number(about, body, "PageSize", least=1),
            start=_number(about, body, "StartRowNum", least=0) or 0,
        )
        return answer(of, page.list, as_text=wants_text(about, body), last_page=page.last_page)


def _number(about: CutObject, body: Element, name: str, *, least: int) -> int | None:
    text = told(about, body, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):  # noqa: PLR2004 - an int's
        raise InvalidMessage(f"{name} must be a whole number from {least}", element=name)
    return int(text)
