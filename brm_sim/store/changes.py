"""Changes of objects, kept until their opcode call ends, then written together as shadows of a transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, delete, insert

from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import codec, refusals
from brm_sim.store.database import chunks
from brm_sim.store.rows import Stored, by_ids, index_entries, whole
from brm_sim.store.tables import COMMITTED, entries, objects


@dataclass(slots=True)
class Change:
    """The next version of an object: ``replaces`` is the version it was made from, None for a new object."""

    version: int
    poid: Poid
    fields: Flist
    created: int
    modified: int
    replaces: Stored | None
    deleted: bool = False

    def flist(self) -> Flist:
        """Give the whole object as it will be."""
        return whole(self.poid, self.created, self.modified, self.fields)


def merged(old: Flist, new: Flist) -> Flist:
    """Lay ``new`` over ``old``: substructs field by field, arrays element by element, a null element removes."""
    result = dict(old)
    for name, value in new.items():
        before = result.get(name)
        if isinstance(value, Array):
            result[name] = _merged_array(before if isinstance(before, Array) else Array(), value)
        elif isinstance(value, dict) and isinstance(before, dict):
            result[name] = merged(cast(Flist, before), cast(Flist, value))
        else:
            result[name] = value
    return result


def _merged_array(old: Array, new: Array) -> Array:
    result = Array(old)
    for element, fields in new.items():
        if fields:
            result[element] = merged(result.get(element, {}), fields)
        else:
            result.pop(element, None)
    return result


def write(connection: Connection, seq: int, changes: Collection[Change]) -> None:
    """Write ``changes`` as shadows of transaction ``seq``; retryable ErrorBuffer for one made from an old version."""
    _check_current(connection, seq, changes)
    replaced = [change.replaces.version for change in changes if change.replaces and change.replaces.trans == seq]
    for part in chunks(replaced):
        connection.execute(delete(entries).where(entries.c.version.in_(part)))
        connection.execute(delete(objects).where(objects.c.version.in_(part)))
    rows = [_row(seq, change) for change in changes if not _never_was(seq, change)]
    if rows:
        connection.execute(insert(objects), rows)
    index = [entry for change in changes if not change.deleted for entry in _entries(change)]
    if index:
        connection.execute(insert(entries), index)


def _never_was(seq: int, change: Change) -> bool:
    """Made and deleted in one transaction: nothing to tell."""
    old = change.replaces
    return change.deleted and (old is None or (old.trans == seq and old.base_rev is None))


def _check_current(connection: Connection, seq: int, changes: Collection[Change]) -> None:
    based_on = {change.poid.id: change.replaces.version for change in changes if change.replaces}
    for part in chunks(list(based_on)):
        current = {row.id: row.version for row in by_ids(connection, part, seq) if not row.deleted}
        for id_ in part:
            if current.get(id_) != based_on[id_]:
                raise refusals.conflict(f"object {id_} was changed by another transaction")


def _row(seq: int, change: Change) -> dict[str, Any]:
    return {
        "version": change.version,
        "trans": seq,
        "id": change.poid.id,
        "type": change.poid.type,
        "rev": change.poid.rev,
        "base_rev": _base_rev(change.replaces),
        "deleted": change.deleted,
        "created": change.created,
        "modified": change.modified,
        "fields": codec.dumps(change.fields),
    }


def _base_rev(replaces: Stored | None) -> int | None:
    if replaces is None:
        return None
    return replaces.poid.rev if replaces.trans == COMMITTED else replaces.base_rev


def _entries(change: Change) -> list[dict[str, Any]]:
    return [
        {"path": path, "value": value, "version": change.version, "target": target}
        for path, value, target in index_entries(change.poid.type, change.fields)
    ]
