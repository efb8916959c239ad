"""One opcode call's view of the store: reads see the BRM transaction's own changes; writes go out together, at the end.

Writes are kept until the call ends and then written in one short database transaction, so that an opcode that
computes holds no lock, and one that fails leaves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from brm_sim.flist import Flist, Poid, Value
from brm_sim.store import changes, finder, merge, refusals, states
from brm_sim.store.changes import Change
from brm_sim.store.classes import class_of
from brm_sim.store.codec import loads, seconds
from brm_sim.store.database import Database, chunks
from brm_sim.store.locking import Locking
from brm_sim.store.news import News
from brm_sim.store.predicate import equal
from brm_sim.store.query import Query
from brm_sim.store.rows import DATABASE_NUMBER, Stored, by_ids
from brm_sim.store.states import State, Transaction
from brm_sim.store.tables import claims, reservations


class StoreSession:
    """Implements ``brm_sim.call.Session``. Outside a BRM transaction (``transaction`` None) it commits at its end."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        locking: Locking,
        transaction: Transaction | None,
        now: datetime,
        *,
        news: News,
        program: str,
    ) -> None:
        self._database = database
        self._connection = connection
        self._locking = locking
        self._transaction = transaction
        self._now = seconds(now)
        self._news = news
        self._program = program
        self._seen: dict[int, Stored] = {}
        self._changes: dict[int, Change] = {}
        self._reserved: dict[tuple[str, str], bool] = {}

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def read(self, poid: Poid) -> Flist:
        """Give the whole object with its current revision in POID; ErrorBuffer NOT_FOUND when there is none."""
        found = self.read_many((poid,))
        if poid.id not in found:
            raise refusals.not_found(poid)
        return found[poid.id]

    def read_many(self, poids: Collection[Poid]) -> dict[int, Flist]:
        """Give whole objects by POID id, in few queries; those that do not exist are left out."""
        self._load([poid.id for poid in poids if poid.id not in self._seen and poid.id not in self._changes])
        return {poid.id: flist for poid in poids if (flist := self._current(poid)) is not None}

    def find(self, type_: str, **equals: Value) -> list[Flist]:
        """Give the objects of ``type_`` or a subclass whose top-level fields equal ``equals``, by POID id.

        Null equals nothing. What this call has changed counts; looking through that takes time for each change so far.
        """
        found = finder.find(self._connection, self._seq, type_, equals)
        self._seen = {stored.poid.id: stored for stored in found} | self._seen
        flists = {stored.poid.id: stored.flist() for stored in found if stored.poid.id not in self._changes}
        for change in self._changes.values():
            if change.poid.is_a(type_) and not change.deleted:
                flist = change.flist()
                if all(value is not None and equal(flist.get(name), value) for name, value in equals.items()):
                    flists[change.poid.id] = flist
        return [flists[id_] for id_ in sorted(flists)]

    def query(self, query: Query) -> Iterator[tuple[Flist, ...]]:
        """Give the objects a search finds, one tuple a match.

        What this very call has changed is not seen: to search after writing is an opcode's mistake (RuntimeError).
        """
        if self._changes:
            raise RuntimeError("an opcode searches before it writes")
        for match in finder.run(self._connection, self._seq, query):
            yield tuple(stored.flist() for stored in match)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, type_: str, fields: Flist, poid_id: int | None = None) -> Poid:
        """Store a new object of class ``type_`` and name it."""
        _check_fields(type_, fields)
        poid = Poid(DATABASE_NUMBER, type_, self._database.number() if poid_id is None else poid_id, 0)
        self._keep(Change(self._database.number(), poid, dict(fields), self._now, self._now, None))
        return poid

    def update(self, poid: Poid, fields: Flist) -> Poid:
        """Merge ``fields`` into the object; the POID returned has the next revision."""
        _check_fields(poid.type, fields)
        return self._replace(poid, fields, deleted=False)

    def delete(self, poid: Poid) -> None:
        """Remove the object; ErrorBuffer NOT_FOUND when there is none."""
        self._replace(poid, {}, deleted=True)

    def lock(self, poid: Poid) -> None:
        """Hold the object until the BRM transaction ends; a bounded wait, then ErrorBuffer SYSTEM_RETRYABLE STORAGE."""
        if self._transaction is None:
            raise refusals.not_open("(none)", "not open: a lock needs one")
        self._writable()
        self.read(poid)
        self._locking.until(lambda: self._try_lock(poid))
        self._seen.clear()  # what is read from now on is what the lock protects

    # ── unique values ────────────────────────────────────────────────────────────────────────────────────────────

    def claim(self, kind: str, value: str) -> None:
        """Reserve a unique value (a login, an account number); ErrorBuffer DUPLICATE when another holds it.

        What another open transaction reserves is found at PREPARE only.
        """
        if self.taken(kind, (value,)):
            raise refusals.duplicate(kind, final=True)
        self._reserve(kind, value, taken=True)

    def release(self, kind: str, value: str) -> None:
        """Give up a unique value."""
        self._reserve(kind, value, taken=False)

    def taken(self, kind: str, values: Collection[str]) -> set[str]:
        """Tell which of ``values`` are held, by committed objects or by this transaction."""
        held: set[str] = set()
        for part in chunks(sorted(values)):
            committed = select(claims.c.value).where(claims.c.kind == kind, claims.c.value.in_(part))
            held |= set(self._connection.execute(committed.where(claims.c.trans == 0)).scalars())
            own = select(reservations.c.value, reservations.c.taken).where(
                reservations.c.trans == self._seq, reservations.c.kind == kind, reservations.c.value.in_(part)
            )
            for value, taken in self._connection.execute(own):
                (held.add if taken else held.discard)(value)
        mine = {
            value: taken for (of_kind, value), taken in self._reserved.items() if of_kind == kind and value in values
        }
        return {value for value in held | set(mine) if mine.get(value, True)}

    def number(self) -> int:
        """Give a number nobody else has."""
        return self._database.number()

    # ── the end of the call ──────────────────────────────────────────────────────────────────────────────────────

    def finish(self) -> None:
        """Write what the call changed; outside a transaction, commit it."""
        if self._changes or self._reserved:
            self._connection.rollback()  # ends the read: from its snapshot nothing could be written
            seq = self._seq or self._database.number()
            self._locking.until(lambda: self._try_write(seq))
            if self._transaction is None:
                self._news.wake()

    def _try_write(self, seq: int) -> bool:
        with self._database.writing(self._connection) as connection:
            self._still_open(connection)
            existing = [change.poid.id for change in self._changes.values() if change.replaces]
            if not self._locking.free(connection, seq, existing):
                return False
            changes.write(connection, seq, self._changes.values())
            self._news.note(connection, seq, self._changes.values(), self._program)
            self._write_reservations(connection, seq)
            if self._transaction is None:
                merge.seal(connection, seq)
                merge.merge(connection, seq)
                self._news.tell(connection, seq)
        return True

    def _try_lock(self, poid: Poid) -> bool:
        self._connection.rollback()
        with self._database.writing(self._connection) as connection:
            self._still_open(connection)
            return self._locking.acquire(connection, self._seq or 0, poid.id)

    def _still_open(self, connection: Connection) -> None:
        """Check, holding the transaction's row, that nobody has ended it since the call began."""
        if self._transaction is not None:
            current = states.by_seq(connection, self._transaction.seq, lock=True)
            if current is None or current.state is not State.OPEN:
                raise refusals.lost(self._transaction.trans_id)

    def _write_reservations(self, connection: Connection, seq: int) -> None:
        own = reservations.c.trans == seq
        before = {(row.kind, row.value): row.taken for row in connection.execute(select(reservations).where(own))}
        new = {key: taken for key, taken in self._reserved.items() if key not in before}
        if new:
            rows = [
                {"trans": seq, "kind": kind, "value": value, "taken": taken} for (kind, value), taken in new.items()
            ]
            connection.execute(insert(reservations), rows)
        for (kind, value), taken in self._reserved.items():
            if before.get((kind, value), taken) is not taken:  # given up what was taken, or the other way round
                undone = (own, reservations.c.kind == kind, reservations.c.value == value)
                connection.execute(delete(reservations).where(*undone))

    # ── what is kept until then ──────────────────────────────────────────────────────────────────────────────────

    @property
    def _seq(self) -> int | None:
        return None if self._transaction is None else self._transaction.seq

    def _load(self, ids: Sequence[int]) -> None:
        for part in chunks(ids):
            for row in by_ids(self._connection, part, self._seq):
                self._seen.pop(row.id, None)
                if not row.deleted:
                    self._seen[row.id] = Stored.of(row[:-1])

    def _current(self, poid: Poid) -> Flist | None:
        change = self._changes.get(poid.id)
        if change is not None:
            return change.flist() if change.poid.same(poid) and not change.deleted else None
        stored = self._seen.get(poid.id)
        return stored.flist() if stored is not None and stored.poid.same(poid) else None

    def _replace(self, poid: Poid, fields: Flist, *, deleted: bool) -> Poid:
        self.read(poid)
        change = self._changes.get(poid.id)
        if change is None:
            stored = self._seen[poid.id]
            change = Change(
                self._database.number(), stored.poid, loads(stored.fields), stored.created, self._now, stored
            )
        change.fields = changes.merged(change.fields, fields)
        change.poid = change.poid.at(change.poid.rev + 1)
        change.deleted = deleted
        self._keep(change)
        return change.poid

    def _keep(self, change: Change) -> None:
        self._writable()
        self._changes[change.poid.id] = change

    def _reserve(self, kind: str, value: str, *, taken: bool) -> None:
        self._writable()
        if self._reserved.get((kind, value), taken) is taken:
            self._reserved[kind, value] = taken
        else:
            del self._reserved[kind, value]

    def _writable(self) -> None:
        if self._transaction is not None and self._transaction.read_only:
            raise refusals.read_only()


def _check_fields(type_: str, fields: Flist) -> None:
    """Stop an opcode that stores what the class does not have: its own mistake, no caller's input leads here."""
    spec = class_of(type_)
    unknown = None if spec is None else spec.unknown(fields)
    if spec is None or unknown:
        raise ValueError(f"{type_} has no {unknown or 'class'}")
