"""What a BRM transaction sees of ``objects``, and rows as objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    and_,
    bindparam,
    exists,
    or_,
    select,
)

from brm_sim.flist import Flist, Poid
from brm_sim.store import codec
from brm_sim.store.classes import class_of, values_at
from brm_sim.store.tables import COMMITTED, objects

DATABASE_NUMBER = "0.0.0.1"
INDEXED_LENGTH = 200
"""Of longer values only the beginning is in the index (PostgreSQL limits what fits)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object, as read."""

    version: int
    trans: int
    poid: Poid
    base_rev: int | None
    created: int
    modified: int
    fields: str

    @classmethod
    def of(cls, row: Sequence[Any]) -> Stored:
        """Read a row of :func:`columns`."""
        version, trans, id_, type_, rev, base_rev, created, modified, fields = row
        return cls(version, trans, Poid(DATABASE_NUMBER, type_, id_, rev), base_rev, created, modified, fields)

    def flist(self) -> Flist:
        """Give the whole object: POID, CREATED_T, MOD_T, then its fields."""
        return whole(self.poid, self.created, self.modified, codec.loads(self.fields))


def whole(poid: Poid, created: int, modified: int, fields: Flist) -> Flist:
    """Word an object with what the store keeps for it."""
    return {"POID": poid, "CREATED_T": codec.moment(created), "MOD_T": codec.moment(modified), **fields}


def columns(table: FromClause = objects) -> tuple[ColumnElement[Any], ...]:
    """Give the columns :class:`Stored` is read from."""
    names = ("version", "trans", "id", "type", "rev", "base_rev", "created", "modified", "fields")
    return tuple(table.c[name] for name in names)


def visible(table: FromClause, seq: int | BindParameter[int] | None, *, searching: bool = True) -> ColumnElement[bool]:
    """Restrict ``table`` (objects, or an alias of it) to what transaction ``seq`` sees; None sees what is committed.

    ``searching`` keeps planners from going by ``trans``, which nearly all rows share: only ids narrow it down.
    """
    trans = table.c.trans + 0 if searching else table.c.trans
    if seq is None:
        return trans == COMMITTED
    shadow = objects.alias()
    shadowed = exists(select(shadow.c.id).where(shadow.c.trans == seq, shadow.c.id == table.c.id))
    own = and_(trans == seq, table.c.deleted.is_(False))
    return and_(trans.in_((COMMITTED, seq)), or_(own, and_(trans == COMMITTED, ~shadowed)))


def of_class(table: FromClause, type_: str, *, by_index: bool = True) -> ColumnElement[bool]:
    """Restrict to a class and its subclasses; ``by_index`` False where something better narrows the rows down."""
    type_column = table.c.type if by_index else table.c.type.concat("")
    subclass = and_(type_column > f"{type_}/", type_column < f"{type_}0")  # "0" is what follows "/"
    return or_(type_column == type_, subclass)


_BY_IDS = (
    select(*columns(), objects.c.deleted)
    .where(objects.c.trans.in_((COMMITTED, bindparam("seq"))), objects.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(objects.c.trans)
)


def by_ids(connection: Connection, ids: Iterable[int], seq: int | None) -> CursorResult[Any]:
    """Read versions of some objects: committed and own, tombstones too; own ones last."""
    return connection.execute(_BY_IDS, {"ids": list(ids), "seq": COMMITTED if seq is None else seq})


def index_entries(type_: str, fields: Flist) -> Iterator[tuple[str, str, int | None]]:
    """Give the index entries of an object, each once: path, value, and the number of the object a POID names."""
    spec = class_of(type_)
    if spec is None:
        return
    found = {
        (".".join(path), key[:INDEXED_LENGTH], value.id if isinstance(value, Poid) else None)
        for path in spec.indexed
        for value in values_at(fields, path)
        if not isinstance(value, dict) and (key := codec.key(value)) is not None
    }
    yield from found
