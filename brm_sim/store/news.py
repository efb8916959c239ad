"""What is told to others about committed changes of customers and services: noted with the change, told at its commit.

A note belongs to the BRM transaction that made the change, as its shadows do: an abort leaves none. At the commit the
notes become rows of the outbox, in the same database transaction. Without an outbox nothing is noted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, select

from brm_sim.flist import Poid
from brm_sim.store.changes import Change
from brm_sim.store.codec import moment
from brm_sim.store.database import FIRST_NUMBER, INSERT_MISSING
from brm_sim.store.rows import DATABASE_NUMBER
from brm_sim.store.tables import COMMITTED, notes, objects
from simkit.store.outbox import Message, Outbox

LONGEST_PROGRAM = 255
_CLASSES = ("/account", "/service")
_INSERT = {name: insert(notes) for name, insert in INSERT_MISSING.items()}
_MADE = (
    select(notes, objects.c.type, objects.c.rev)
    .join(objects, (objects.c.id == notes.c.id) & (objects.c.trans == COMMITTED))
    .where(notes.c.trans == bindparam("seq"))
    .order_by(notes.c.version)
)
_FORGET = delete(notes).where(notes.c.trans == bindparam("seq"))


@dataclass(frozen=True, slots=True)
class Told:
    """A committed change: the object as it is now, its account, who made the change, and when (virtual time)."""

    poid: Poid
    account: Poid
    program: str
    at: datetime


Word = Callable[[Told], Message]
"""Words what is told for the outbox, each with a message id of its own."""


class News:
    """Notes changes and tells them; ``outbox`` None: there is nobody to tell. ``wake`` is called after a commit."""

    def __init__(self, outbox: Outbox | None, word: Word | None) -> None:
        self.outbox = outbox
        self._word = word
        self.wake: Callable[[], None] = _nobody

    def note(self, connection: Connection, seq: int, changes: Collection[Change], program: str) -> None:
        """Note the changes of transaction ``seq``: each object once for each program that changes it."""
        rows = list(_rows(seq, changes, program)) if self.outbox else []
        if rows:
            connection.execute(_INSERT[connection.dialect.name], rows)

    def tell(self, connection: Connection, seq: int) -> None:
        """Put what transaction ``seq`` has changed into the outbox, once it is merged."""
        if self.outbox is None or self._word is None:
            return
        told = [_told(row) for row in connection.execute(_MADE, {"seq": seq}).mappings()]
        if told:
            self.outbox.put(connection, [self._word(each) for each in told], time.time())
        connection.execute(_FORGET, {"seq": seq})

    def clear(self, connection: Connection) -> None:
        """Forget what has not been told yet: it is about a state that is gone."""
        if self.outbox is not None:
            self.outbox.clear(connection)


def _nobody() -> None:
    return None


def _rows(seq: int, changes: Collection[Change], program: str) -> Iterator[dict[str, object]]:
    for change in changes:  # the root account is no customer, and is made anew at every reset
        account = change.poid if change.poid.type == "/account" else change.fields.get("ACCOUNT_OBJ")
        if change.poid.id >= FIRST_NUMBER and _is_told(change.poid) and isinstance(account, Poid):
            told = {"id": change.poid.id, "account": account.id, "program": program[:LONGEST_PROGRAM]}
            yield {"trans": seq, "version": change.version, "at": change.modified, **told}


def _is_told(poid: Poid) -> bool:
    return any(poid.is_a(each) for each in _CLASSES)


def _told(row: RowMapping) -> Told:
    poid = Poid(DATABASE_NUMBER, row["type"], row["id"], row["rev"])
    return Told(poid, Poid(DATABASE_NUMBER, "/account", row["account"]), row["program"], moment(row["at"]))
