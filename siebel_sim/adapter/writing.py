"""Writing instances, children included: what becomes of a match, of none, and of children that the message has not.

============  ======  ========  ==================================
operation     match   no match  children that the message has not
============  ======  ========  ==================================
upsert        update  insert    stay
sync          update  insert    go (none of a container: all of them)
insert        error   insert    stay
insertsync    error   insert    go
update        update  error     stay
updatesync    update  error     go
skipnode      as is   nothing   stay
skiptree      as is, and all that is below it
delete        goes    nothing   go with it
============  ======  ========  ==================================

A root component may have a field for its parent ("Parent Row Id" in the sidecar: an asset's OwnerAccountId): the record
it names has to exist, and what is written hangs below it.

A container that is not there says nothing about its component. ``none``, and a value that is misspelt, is ``sync``.
One example page of Siebel's documentation has ``update`` delete such children; its table says they stay, as here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from siebel_sim.adapter.keys import Keys, key_values, spec_of
from siebel_sim.adapter.rules import changed_values, new_values, refused_setting
from siebel_sim.components import PARENT
from siebel_sim.errors import (
    CANNOT,
    DUPLICATE,
    INSERT_MATCHED,
    NO_MATCH,
    NOT_IN_PICKLIST,
    NOTHING_TO_DELETE,
    SiebelError,
)
from siebel_sim.messages import Instance, Record
from siebel_sim.repository import Component
from siebel_sim.store import Row, Session


class Operation(StrEnum):
    """What is done with an instance: the ``operation`` attribute of a component, as Execute takes it."""

    QUERY = "query"
    QUERY_PAGE = "querypage"
    SYNC = "sync"
    UPSERT = "upsert"
    UPDATE = "update"
    UPDATE_SYNC = "updatesync"
    INSERT = "insert"
    INSERT_SYNC = "insertsync"
    DELETE = "delete"
    SKIP_NODE = "skipnode"
    SKIP_TREE = "skiptree"


def operation_of(written: str | None, default: Operation) -> Operation:
    """Read an ``operation`` attribute: case matters, and what is misspelt is ``sync``."""
    if written is None:
        return default
    try:
        return Operation(written)
    except ValueError:
        return Operation.SYNC


@dataclass(frozen=True, slots=True)
class _Rule:
    updates: bool
    inserts: bool
    unmatched_go: bool
    below: Operation


_RULES: Mapping[Operation, _Rule] = {
    Operation.UPSERT: _Rule(updates=True, inserts=True, unmatched_go=False, below=Operation.UPSERT),
    Operation.SYNC: _Rule(updates=True, inserts=True, unmatched_go=True, below=Operation.SYNC),
    Operation.INSERT: _Rule(updates=False, inserts=True, unmatched_go=False, below=Operation.INSERT),
    Operation.INSERT_SYNC: _Rule(updates=False, inserts=True, unmatched_go=True, below=Operation.SYNC),
    Operation.UPDATE: _Rule(updates=True, inserts=False, unmatched_go=False, below=Operation.UPDATE),
    Operation.UPDATE_SYNC: _Rule(updates=True, inserts=False, unmatched_go=True, below=Operation.SYNC),
    Operation.SKIP_NODE: _Rule(updates=False, inserts=False, unmatched_go=False, below=Operation.SYNC),
}


@dataclass(frozen=True, slots=True)
class _Parent:
    """The record that an instance is below: its row, and whether this very message has made it."""

    row_id: str
    is_new: bool


class Writer:
    """Writes one message. ``heeds_attributes`` is Execute's: an instance's ``operation`` then counts."""

    def __init__(self, session: Session, *, heeds_attributes: bool = False, missing_is_error: bool = False) -> None:
        self._session = session
        self._keys = Keys()
        self._heeds_attributes = heeds_attributes
        self._missing_is_error = missing_is_error

    def write(self, instance: Instance, default: Operation, parent: _Parent | None = None) -> Record | None:
        """Write an instance and what is below it; None when there is nothing to answer about it."""
        operation = operation_of(instance.operation, default) if self._heeds_attributes else default
        if operation is Operation.DELETE:
            return self._delete(instance, parent)
        row = self._match(instance, operation, parent)
        if operation is Operation.SKIP_TREE:
            return None if row is None else Record(instance.component, row)
        record = self._written(instance, operation, row, parent)
        if record is not None:
            self._write_below(instance, _RULES[operation], record)
        return record

    def _match(self, instance: Instance, operation: Operation, parent: _Parent | None) -> Row | None:
        """Find the record; below a new one, or to insert, an instance needs no user key."""
        key = self._keys.of(instance)
        needless = operation in (Operation.INSERT, Operation.INSERT_SYNC) or (parent is not None and parent.is_new)
        if key is None and needless:
            return None
        return self._keys.find(self._session, instance, _id(parent))

    def _written(
        self, instance: Instance, operation: Operation, row: Row | None, parent: _Parent | None
    ) -> Record | None:
        component, rule, spec = instance.component, _RULES[operation], self._spec(instance)
        if operation is Operation.SKIP_NODE:
            return None if row is None else Record(component, row, "")
        if row is None:
            if rule.inserts:
                _refuse(component, "insert")
            else:
                raise SiebelError(NO_MATCH.said(component.name, spec, component.business.name))
            self._refuse_duplicate(instance, parent)
            values = new_values(component, instance.columns(), spec, instance.lov) | self._chosen_parent(
                instance, parent
            )
            made = self._session.insert(component.business, values, _id(parent))
            return Record(component, made, "insert")
        if not rule.updates:
            raise SiebelError(INSERT_MATCHED.said(component.name, component.business.name, spec))
        _refuse(component, "update")
        values = changed_values(component, instance.columns(), row, spec, instance.lov) | self._chosen_parent(
            instance, parent
        )
        return Record(component, self._session.update(component.business, row, values), "update")

    def _chosen_parent(self, instance: Instance, parent: _Parent | None) -> dict[str, str | None]:
        """Give the parent that a root instance names in a field: an asset's owner. It has to exist.

        Below a record that the message holds, the hierarchy says whose child an instance is.
        """
        given = instance.columns().get(PARENT)
        if parent is not None or given is None:
            return {}
        business = instance.component.business
        if given and not self._session.may_be_below(business, given):
            field = next(each.tag for each in instance.component.fields if each.column == PARENT)
            raise refused_setting(instance.component, NOT_IN_PICKLIST.said(field, business.name))
        return {PARENT: given or None}

    def _refuse_duplicate(self, instance: Instance, parent: _Parent | None) -> None:
        """Refuse a new record that has what another user key, not the one that counts, says of an old one."""
        component, chosen = instance.component, self._keys.of(instance)
        for key in component.user_keys:
            values = None if key is chosen else key_values(instance, key)
            if values is None or all(value is None for value in values.values()):
                continue
            if self._session.by_columns(component.business, values, parent=_id(parent), limit=1):
                raise SiebelError(DUPLICATE.said(component.name, key.name))

    def _write_below(self, instance: Instance, rule: _Rule, record: Record) -> None:
        here = _Parent(record.row_id, record.done == "insert")
        for tag, children in instance.children.items():
            written = [(child, self.write(child, rule.below, here)) for child in children]
            kept = [found for child, found in written if found is not None]
            if rule.unmatched_go and not here.is_new:
                self._remove_others(instance, tag, here, kept)
            record.children[tag] = kept
            self._note_primary(record, [found for child, found in written if child.primary and found is not None])
            for each in kept:
                each.primary = each.row_id == record.row.get(each.component.primary or "")

    def _remove_others(self, instance: Instance, tag: str, here: _Parent, kept: Sequence[Record]) -> None:
        child = next(each for each in instance.component.children.values() if each.tag == tag)
        known = {record.row_id for record in kept}
        below = self._session.below(child, [here.row_id]).get(here.row_id, [])
        gone = [row_id for row in below if (row_id := row["row_id"] or "") not in known]
        if gone:
            _refuse(child, "delete")
        self._session.delete(child.business, gone)

    def _note_primary(self, record: Record, chosen: Sequence[Record]) -> None:
        """Fill the parent's field that names its primary child."""
        for each in chosen:
            if each.component.primary is not None:
                values = {each.component.primary: each.row_id}
                record.row = self._session.update(record.component.business, record.row, values)

    def _delete(self, instance: Instance, parent: _Parent | None) -> Record | None:
        row = self._keys.find(self._session, instance, _id(parent))
        if row is None:
            if self._missing_is_error:
                raise SiebelError(NOTHING_TO_DELETE.said(instance.component.name))
            return None
        _refuse(instance.component, "delete")
        self._session.delete(instance.component.business, [row["row_id"] or ""])
        return Record(instance.component, row, "delete")

    def _spec(self, instance: Instance) -> str:
        key = self._keys.of(instance)
        values = key and key_values(instance, key)
        return spec_of(instance.component, values) if values else ""


_DONE_BY: Mapping[str, str] = {"insert": "NewRecord", "update": "SetFieldValue", "delete": "DeleteRecord"}
"""What is done to a record → the method of its business component."""


def _refuse(component: Component, did: str) -> None:
    if did in component.refuses:
        raise SiebelError(CANNOT.said(_DONE_BY[did], component.business.name))


def _id(parent: _Parent | None) -> str | None:
    return None if parent is None else parent.row_id
