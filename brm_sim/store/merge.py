"""What becomes of a transaction's shadows: sealed (PREPARE), merged (COMMIT) or discarded (ABORT).

Each is a handful of statements whose cost is linear in the transaction's own changes, inside one database transaction
of the caller. After ``seal``, ``merge`` cannot fail: every changed object is locked, every unique value claimed.
The statements are built once: building one takes longer than running it.
"""

from __future__ import annotations

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, or_, select, update

from brm_sim.store import refusals
from brm_sim.store.database import FIRST_NUMBER, INSERT_MISSING
from brm_sim.store.tables import COMMITTED, claims, entries, locks, notes, objects, reservations, transactions

_SEQ: BindParameter[int] = bindparam("seq")
_KIND: BindParameter[str] = bindparam("of_kind")
_VALUE: BindParameter[str] = bindparam("of_value")
_ANYTHING = (
    select(objects.c.id).where(objects.c.trans == _SEQ).limit(1),
    select(reservations.c.kind).where(reservations.c.trans == _SEQ).limit(1),
)

# ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# ids from the allocator are nobody else's, so a new object needs no lock; fixed ids may be made by two at once
_contested = and_(objects.c.trans == _SEQ, or_(objects.c.base_rev.is_not(None), objects.c.id < FIRST_NUMBER))
_changed = select(objects.c.id, objects.c.trans).where(_contested).order_by(objects.c.id)
_LOCK_CHANGED = {name: insert(locks).from_select(["id", "trans"], _changed) for name, insert in INSERT_MISSING.items()}
_HELD_BY_OTHERS = (
    select(locks.c.id).join(objects, objects.c.id == locks.c.id).where(_contested, locks.c.trans != _SEQ).limit(1)
)

_current = objects.alias()
_differs = or_(
    and_(objects.c.base_rev.is_not(None), _current.c.rev.is_distinct_from(objects.c.base_rev)),
    and_(objects.c.base_rev.is_(None), _current.c.id.is_not(None)),
)
_CHANGED_BY_OTHERS = (
    select(objects.c.id)
    .select_from(objects.outerjoin(_current, and_(_current.c.id == objects.c.id, _current.c.trans == COMMITTED)))
    .where(objects.c.trans == _SEQ, _differs)
    .limit(1)
)

_taking = and_(reservations.c.trans == _SEQ, reservations.c.taken)
_wanted = (
    select(reservations.c.kind, reservations.c.value, reservations.c.trans)
    .where(_taking)
    .order_by(reservations.c.kind, reservations.c.value)
)
_CLAIM = {
    name: insert(claims).from_select(["kind", "value", "trans"], _wanted) for name, insert in INSERT_MISSING.items()
}
_CLAIMED_BY_OTHERS = (
    select(claims.c.kind, claims.c.trans)
    .join(reservations, and_(claims.c.kind == reservations.c.kind, claims.c.value == reservations.c.value))
    .where(_taking, claims.c.trans != _SEQ)
    .limit(1)
)

# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_shadow = objects.alias()
_replaced = select(_shadow.c.id).where(_shadow.c.trans == _SEQ, _shadow.c.base_rev.is_not(None))
_old = and_(objects.c.trans == COMMITTED, objects.c.id.in_(_replaced))
_MERGE = (
    delete(entries).where(entries.c.version.in_(select(objects.c.version).where(_old))),
    delete(objects).where(_old),
    delete(objects).where(objects.c.trans == _SEQ, objects.c.deleted),
    update(objects).where(objects.c.trans == _SEQ).values(trans=COMMITTED, base_rev=None),
    delete(locks).where(locks.c.trans == _SEQ),
)
_RESERVED = select(reservations.c.kind, reservations.c.value, reservations.c.taken).where(reservations.c.trans == _SEQ)
_RELEASE = delete(claims).where(claims.c.trans == COMMITTED, claims.c.kind == _KIND, claims.c.value == _VALUE)
_SETTLE = (
    update(claims).where(claims.c.trans == _SEQ).values(trans=COMMITTED),
    delete(reservations).where(reservations.c.trans == _SEQ),
)

# ── discarding ───────────────────────────────────────────────────────────────────────────────────────────────────────

_DISCARD = (
    delete(entries).where(entries.c.version.in_(select(objects.c.version).where(objects.c.trans == _SEQ))),
    *(delete(table).where(table.c.trans == _SEQ) for table in (objects, reservations, claims, locks, notes)),
)
_FORGET = delete(transactions).where(transactions.c.seq == _SEQ)


def seal(connection: Connection, seq: int) -> None:
    """Lock what the transaction changed, check nobody changed it meanwhile, claim its unique values.

    Raises ErrorBuffer: STORAGE (retryable) for a lock or a revision, DUPLICATE for a unique value.
    """
    own = {"seq": seq}
    connection.execute(_LOCK_CHANGED[connection.dialect.name], own)
    if (held := connection.execute(_HELD_BY_OTHERS, own).scalar()) is not None:
        raise refusals.conflict(f"object {held} is locked by another transaction")
    if (changed := connection.execute(_CHANGED_BY_OTHERS, own).scalar()) is not None:
        raise refusals.conflict(f"object {changed} was changed by another transaction")
    connection.execute(_CLAIM[connection.dialect.name], own)
    if (claimed := connection.execute(_CLAIMED_BY_OTHERS, own).first()) is not None:
        raise refusals.duplicate(claimed.kind, final=claimed.trans == COMMITTED)


def changed_anything(connection: Connection, seq: int) -> bool:
    """Whether the transaction has anything to commit."""
    return any(connection.execute(query, {"seq": seq}).first() is not None for query in _ANYTHING)


def merge(connection: Connection, seq: int) -> None:
    """Make the shadows the committed versions, settle the claims, and let go of the locks."""
    own = {"seq": seq}
    for statement in _MERGE:
        connection.execute(statement, own)
    reserved = connection.execute(_RESERVED, own).all()
    if released := [{"of_kind": row.kind, "of_value": row.value} for row in reserved if not row.taken]:
        connection.execute(_RELEASE, released)
    for statement in _SETTLE if reserved else ():
        connection.execute(statement, own)


def discard(connection: Connection, seq: int) -> None:
    """Leave nothing of the transaction but its row."""
    for statement in _DISCARD:
        connection.execute(statement, {"seq": seq})


def drop(connection: Connection, seq: int) -> None:
    """Discard the transaction and forget its id (presumed abort)."""
    discard(connection, seq)
    connection.execute(_FORGET, {"seq": seq})
