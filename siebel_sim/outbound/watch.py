"""A policy made ready: which of a transaction's changes fire it, and for which root records.

A change fires a policy when the integration object of the policy's workflow shows it: one of its components is over
the changed business component, at or below the one that the policy watches, and has one of the changed fields. It
fires for the root record above the changed one, found by going up from parent to parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from siebel_sim.components import PARENT, ROW_ID, SYSTEM, BusinessComponent, squeezed
from siebel_sim.errors import SiebelError
from siebel_sim.outbound.policies import On, Policy, PolicyError
from siebel_sim.outbound.workflows import Workflow
from siebel_sim.repository import Component, Object
from siebel_sim.search import read_search
from siebel_sim.store import Change, Did, Row, Session

_FIRES: Mapping[On, frozenset[Did]] = {
    On.INSERT: frozenset({Did.INSERT}),
    On.UPDATE: frozenset({Did.UPDATE}),
    On.WRITE: frozenset({Did.INSERT, Did.UPDATE}),
}


@dataclass(slots=True)
class _Place:
    """What an integration object shows of one business component, over all its components, and what that is below."""

    business: BusinessComponent
    columns: set[str] = field(default_factory=set)
    above: dict[str, BusinessComponent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """A policy over an integration object of the repository; ``places`` are by table, ``watched`` are tables too."""

    policy: Policy
    workflow: Workflow
    about: Object
    places: Mapping[str, _Place]
    watched: frozenset[str]

    def fired(self, session: Session, changes: Sequence[Change]) -> Iterable[str]:
        """Give the row ids of the root records that the policy fires for, in the order of their first changes."""
        told = [each for each in changes if each.business.table in self.watched and self._shows(each)]
        gone = {(each.business.table, each.row_id): each.row for each in changes if each.did is Did.DELETE}
        made = {each.row_id for each in changes if each.did is Did.INSERT}
        places = ((each.business.table, row) for each in told for row in _was_and_is(each))
        found = dict.fromkeys(root for table, row in places if (root := self._root(session, table, row, gone)))
        fires = _FIRES[self.policy.on]
        return [row_id for row_id in found if (Did.INSERT if row_id in made else Did.UPDATE) in fires]

    def _shows(self, change: Change) -> bool:
        columns = self.places[change.business.table].columns
        return change.did is not Did.UPDATE or bool(change.columns & columns) or PARENT in change.columns

    def _root(self, session: Session, table: str, row: Row, gone: Mapping[tuple[str, str], Row]) -> str | None:
        while (above := _parent(session, self.places[table], row, gone)) is not None:
            table, row = above
        is_there = (table, row[ROW_ID] or "") not in gone
        return row[ROW_ID] if table == self.about.root.business.table and is_there else None


def watch(policy: Policy, workflow: Workflow, about: Object, session: Session) -> Watch:
    """Make a policy ready. Raises PolicyError when it watches, or its condition names, what the object has not."""
    places: dict[str, _Place] = {}
    _gather(about.root, places, set())
    watched = frozenset(_below(policy, about.root))
    if not watched:
        raise PolicyError(f"{policy.called}: {about.name} has no business component {policy.business_component}")
    try:
        session.find(about.root, read_search(policy.condition), limit=0)
    except SiebelError as error:
        raise PolicyError(f"{policy.called}: {error}") from error
    return Watch(policy, workflow, about, places, watched)


def _was_and_is(change: Change) -> Iterator[Row]:
    """Give the record of a change; before it as it was below its old parent, when that has lost it."""
    if change.left is not None:
        yield {**change.row, PARENT: change.left}
    yield change.row


def _parent(session: Session, place: _Place, row: Row, gone: Mapping[tuple[str, str], Row]) -> tuple[str, Row] | None:
    parent = row[PARENT]
    for table, business in place.above.items() if parent else ():
        found = session.by_row_id(business, parent or "") or gone.get((table, parent or ""))
        if found is not None:
            return table, found
    return None


def _gather(component: Component, places: dict[str, _Place], known: set[Component]) -> None:
    if component in known:
        return
    known.add(component)
    here = places.setdefault(component.business.table, _Place(component.business))
    here.columns.update(each.column for each in component.fields if each.column not in SYSTEM)
    for child in component.children.values():
        below = places.setdefault(child.business.table, _Place(child.business))
        below.above[component.business.table] = component.business
        _gather(child, places, known)


def _below(policy: Policy, root: Component) -> Iterator[str]:
    """Name the tables of the watched business component, and of all below it."""
    wanted = squeezed(policy.business_component)
    for each in _all(root, set()):
        if squeezed(each.business.name) == wanted:
            yield from (below.business.table for below in _all(each, set()))


def _all(component: Component, known: set[Component]) -> Iterator[Component]:
    if component not in known:
        known.add(component)
        yield component
        for child in component.children.values():
            yield from _all(child, known)
