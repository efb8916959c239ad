"""What becomes of a transaction's shadows: sealed (PREPARE), merged (COMMIT) or discarded (ABORT).

Each is a handful of statements whose cost is linear in the transaction's own changes, inside one database transaction
of the caller. After ``seal``, ``merge`` cannot fail: every changed object is locked, every unique value claimed.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, delete, or_, select, update

from brm_sim.store import refusals
from brm_sim.store.database import FIRST_NUMBER, Database
from brm_sim.store.tables import COMMITTED, claims, entries, locks, objects, reservations, transactions


def seal(database: Database, connection: Connection, seq: int) -> None:
    """Lock what the transaction changed, check nobody changed it meanwhile, claim its unique values.

    Raises ErrorBuffer: STORAGE (retryable) for a lock or a revision, DUPLICATE for a unique value.
    """
    _lock_changed(database, connection, seq)
    _check_revisions(connection, seq)
    _claim(database, connection, seq)


def changed_anything(connection: Connection, seq: int) -> bool:
    """Whether the transaction has anything to commit."""
    changed = select(objects.c.id).where(objects.c.trans == seq).limit(1)
    reserved = select(reservations.c.kind).where(reservations.c.trans == seq).limit(1)
    return any(connection.execute(query).first() is not None for query in (changed, reserved))


def merge(connection: Connection, seq: int) -> None:
    """Make the shadows the committed versions, and let go of the locks."""
    shadow = objects.alias()
    replaced = select(shadow.c.id).where(shadow.c.trans == seq, shadow.c.base_rev.is_not(None))
    old = and_(objects.c.trans == COMMITTED, objects.c.id.in_(replaced))
    connection.execute(delete(entries).where(entries.c.version.in_(select(objects.c.version).where(old))))
    connection.execute(delete(objects).where(old))
    connection.execute(delete(objects).where(objects.c.trans == seq, objects.c.deleted))
    connection.execute(update(objects).where(objects.c.trans == seq).values(trans=COMMITTED, base_rev=None))
    _settle_claims(connection, seq)
    connection.execute(delete(locks).where(locks.c.trans == seq))


def discard(connection: Connection, seq: int) -> None:
    """Leave nothing of the transaction but its row."""
    own = select(objects.c.version).where(objects.c.trans == seq)
    connection.execute(delete(entries).where(entries.c.version.in_(own)))
    for table in (objects, reservations, claims, locks):
        connection.execute(delete(table).where(table.c.trans == seq))


def drop(connection: Connection, seq: int) -> None:
    """Discard the transaction and forget its id (presumed abort)."""
    discard(connection, seq)
    connection.execute(delete(transactions).where(transactions.c.seq == seq))


def _lock_changed(database: Database, connection: Connection, seq: int) -> None:
    # ids from the allocator are nobody else's, so a new object needs no lock; fixed ids may be made by two at once
    contested = or_(objects.c.base_rev.is_not(None), objects.c.id < FIRST_NUMBER)
    changed = select(objects.c.id, objects.c.trans).where(objects.c.trans == seq, contested).order_by(objects.c.id)
    connection.execute(database.insert_missing(locks).from_select(["id", "trans"], changed))
    taken = select(locks.c.id).join(objects, objects.c.id == locks.c.id).where(objects.c.trans == seq, contested)
    held = connection.execute(taken.where(locks.c.trans != seq).limit(1)).scalar()
    if held is not None:
        raise refusals.conflict(f"object {held} is locked by another transaction")


def _check_revisions(connection: Connection, seq: int) -> None:
    committed = objects.alias()
    join = objects.outerjoin(committed, and_(committed.c.id == objects.c.id, committed.c.trans == COMMITTED))
    differs = or_(
        and_(objects.c.base_rev.is_not(None), committed.c.rev.is_distinct_from(objects.c.base_rev)),
        and_(objects.c.base_rev.is_(None), committed.c.id.is_not(None)),
    )
    query = select(objects.c.id).select_from(join).where(objects.c.trans == seq, differs).limit(1)
    changed = connection.execute(query).scalar()
    if changed is not None:
        raise refusals.conflict(f"object {changed} was changed by another transaction")


def _claim(database: Database, connection: Connection, seq: int) -> None:
    mine = and_(reservations.c.trans == seq, reservations.c.taken)
    wanted = select(reservations.c.kind, reservations.c.value, reservations.c.trans).where(mine)
    ordered = wanted.order_by(reservations.c.kind, reservations.c.value)
    connection.execute(database.insert_missing(claims).from_select(["kind", "value", "trans"], ordered))
    same = and_(claims.c.kind == reservations.c.kind, claims.c.value == reservations.c.value)
    query = select(claims.c.kind, claims.c.trans).join(reservations, same).where(mine, claims.c.trans != seq).limit(1)
    taken = connection.execute(query).first()
    if taken is not None:
        raise refusals.duplicate(taken.kind, final=taken.trans == COMMITTED)


def _settle_claims(connection: Connection, seq: int) -> None:
    released = select(reservations.c.kind, reservations.c.value).where(
        reservations.c.trans == seq, reservations.c.taken.is_(False)
    )
    for kind, value in connection.execute(released).all():
        own = (claims.c.trans == COMMITTED, claims.c.kind == kind, claims.c.value == value)
        connection.execute(delete(claims).where(*own))
    connection.execute(update(claims).where(claims.c.trans == seq).values(trans=COMMITTED))
    connection.execute(delete(reservations).where(reservations.c.trans == seq))
