"""A record changed as a user at a screen does: by its row id, one record, any field of its business component.

    POST   /change      {"record": "account", "id": "1-ABC", "set": {"MainPhoneNumber": "+44 1904 1"}}

``record`` is a business component, an integration component or an integration object (its root is meant), fields are
tags or Siebel's names; neither case, spaces nor signs matter, and of ``CUT Sample Account IO`` the middle is enough.
The rules of the business component hold, and policies fire as for any other change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import flask
from pydantic import BaseModel, ConfigDict, Field, field_validator
from werkzeug.exceptions import NotFound

from siebel_sim.adapter.keys import spec_of
from siebel_sim.adapter.rules import changed_values
from siebel_sim.components import MOD_ID, PARENT, ROW_ID, SYSTEM, squeezed
from siebel_sim.errors import SiebelError
from siebel_sim.repository import Component, Repository
from siebel_sim.store import Session, Store

_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AROUND = ("cutsample", "io")
"""What surrounds the words of an integration object of the CUT samples."""


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    record: str
    id: str = Field(pattern="^[!-~]{1,30}$")
    set: dict[str, str | None] = Field(min_length=1)

    @field_validator("set")
    @classmethod
    def _xml_can_say_it(cls, values: dict[str, str | None]) -> dict[str, str | None]:
        if any(_UNSAYABLE.search(value or "") for value in values.values()):
            raise ValueError("a value has characters that XML cannot hold")
        return values


def change_routes(store: Store, repository: Callable[[], Repository], now: Callable[[], datetime]) -> flask.Blueprint:
    """Make the route; ``now`` is what records get as the time of their change."""
    routes = flask.Blueprint("changes", __name__)

    @routes.post("/change")
    def change() -> dict[str, Any]:
        asked = _Change.model_validate_json(flask.request.get_data())
        component, values = _meant(asked, repository())
        try:
            return _changed(asked, component, values, store, now())
        except SiebelError as error:
            raise ValueError(str(error)) from error

    return routes


def _changed(
    asked: _Change, component: Component, values: Mapping[str, str], store: Store, now: datetime
) -> dict[str, Any]:
    business = component.business
    with store.writing(now) as session:
        row = session.by_row_id(business, asked.id)
        if row is None:
            raise NotFound(f"There is no record {asked.id} of {business.name}")
        checked = changed_values(component, values, row, spec_of(component, {ROW_ID: asked.id}))
        checked |= _parent(component, values, session)
        after = session.update(business, row, checked)
    changed = sorted(business.field(column).name for column in checked if after[column] != row[column])
    mod_id = int(after[MOD_ID] or 0)
    return {"business_component": business.name, "id": asked.id, "changed": changed, "mod_id": mod_id}


def _parent(component: Component, values: Mapping[str, str], session: Session) -> dict[str, str | None]:
    """Give the parent that is set, if one is; ValueError for one that there is not."""
    given = values.get(PARENT)
    if given and not session.may_be_below(component.business, given):
        raise ValueError(f"there is no record {given} that {component.business.name} may be below")
    return {} if given is None else {PARENT: given or None}


def _meant(asked: _Change, known: Repository) -> tuple[Component, dict[str, str]]:
    """Find a component of that name that has all the fields; ValueError says which is unknown."""
    found = list(_called(squeezed(asked.record), known))
    if not found:
        raise ValueError(f"there is no business component {asked.record}")
    for component in found:
        columns = {name: component.column(name) for name in asked.set}
        if unknown := [name for name, column in columns.items() if not _settable(column, component)]:
            continue
        return component, {columns[name] or "": text or "" for name, text in asked.set.items()}
    raise ValueError(f"{found[0].business.name} has no {', '.join(unknown)} that can be set")


def _settable(column: str | None, component: Component) -> bool:
    """Tell whether a column is there, and not Siebel's own; the parent may be set where the component has a field."""
    if column == PARENT:
        return any(each.column == PARENT for each in component.fields)
    return column is not None and column not in SYSTEM


def _called(wanted: str, known: Repository) -> Iterator[Component]:
    """Give the roots of integration objects of that name, then components of that name anywhere."""
    roots = [about for objects in known.objects.values() for about in objects.values()]
    yield from (each.root for each in roots if wanted in (squeezed(each.name), _bare(each.name)))
    seen: set[Component] = set()
    for about in roots:
        for component in _all(about.root, seen):
            if wanted in (squeezed(component.business.name), squeezed(component.tag), squeezed(component.name)):
                yield component


def _bare(name: str) -> str:
    before, after = _AROUND
    return squeezed(name).removeprefix(before).removesuffix(after)


def _all(component: Component, seen: set[Component]) -> Iterator[Component]:
    if component not in seen:
        seen.add(component)
        yield component
        for child in component.children.values():
            yield from _all(child, seen)
