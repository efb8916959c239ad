"""The rows of an outbox: written with the change that they tell, claimed under a lease, kept in order per group.

The table is part of the simulator's own database; its connections come from there. A group is a record: its rows are
delivered one after the other, in the order of their numbers, and none overtakes a dead one (``parked``), which waits
for an operator. Groups know nothing of one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    true,
    update,
)

Begin = Callable[[], AbstractContextManager[Connection]]
"""Begins a transaction of the simulator's database, ended by leaving the context."""

_LONGEST_ERROR = 1000
_TRIM_EVERY = 100


class State(StrEnum):
    """Where a row is: to be delivered, delivered, or dead until an operator says otherwise."""

    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"


_OPEN = (State.WAITING.value, State.PARKED.value)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be delivered: ``payload`` is the body's element as text, ``kind`` the operation that takes it.

    ``message_id`` is the same at every try, and no other message has it. ``group`` names the record it is about.
    """

    message_id: str
    group: str
    kind: str
    payload: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours to deliver until its lease ends; ``attempts`` counts this try, and tells it from others.

    ``refused`` counts the tries before it that were said no to, or not answered.
    """

    number: int
    message: Message
    attempts: int
    refused: int


def outbox_table(metadata: MetaData, name: str = "outbox") -> Table:
    """Make the table of an outbox. Times are seconds since 1970, real ones."""
    return Table(
        name,
        metadata,
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("message_id", String(100), nullable=False, unique=True),
        Column("grouped", Text, nullable=False),
        Column("kind", String(200), nullable=False),
        Column("payload", Text, nullable=False),
        Column("state", String(10), nullable=False),
        Column("created", Float, nullable=False),
        Column("due", Float, nullable=False),
        Column("leased_until", Float, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("refused", Integer, nullable=False),
        Column("sent", Float),
        Column("error", Text),
        Index(f"{name}_by_due", "state", "due", "number"),
        Index(f"{name}_by_group", "grouped", "state", "number"),
        sqlite_autoincrement=True,
    )


class Outbox:
    """The rows of ``table``; ``keep`` of those that were delivered stay to be looked at."""

    def __init__(self, table: Table, *, reading: Begin, writing: Begin, keep: int = 1000) -> None:
        self._table = table
        self._reading = reading
        self._writing = writing
        self._keep = keep

    def put(self, connection: Connection, messages: Sequence[Message], now: float) -> None:
        """Add rows in the caller's transaction, due at once. The records they are about must be locked in it."""
        fresh = {"state": State.WAITING.value, "created": now, "due": now, "leased_until": 0, "attempts": 0}
        for each in messages:
            told = {"message_id": each.message_id, "grouped": each.group, "kind": each.kind, "payload": each.payload}
            connection.execute(insert(self._table), told | fresh | {"refused": 0})

    def clear(self, connection: Connection) -> None:
        """Forget everything, in the caller's transaction."""
        connection.execute(delete(self._table))

    def claim(self, now: float, lease: float) -> Claimed | None:
        """Take the row that is due first, for ``lease`` seconds; None when nothing is due.

        Only the first open row of a group can be due. A row whose lease has ended is taken again.
        """
        with self._reading() as connection:
            _in_order(connection)
            if connection.execute(self._due(now)).first() is None:
                return None  # most looks end here, and wait for no writer
        with self._writing() as connection:
            _in_order(connection)
            found = connection.execute(self._due(now).with_for_update(skip_locked=True)).mappings().first()
            if found is None:
                return None
            self._change(connection, found["number"], attempts=found["attempts"] + 1, leased_until=now + lease)
            return _claimed(found)

    def sent(self, claimed: Claimed, now: float) -> bool:
        """Note that a row was delivered; False when its lease had ended and somebody else has taken it."""
        with self._writing() as connection:
            ours = self._settle(connection, claimed, state=State.SENT.value, sent=now, error=None)
            if ours and claimed.number % _TRIM_EVERY == 0:
                old = self._table.c.number <= claimed.number - self._keep
                connection.execute(delete(self._table).where(old, self._table.c.state == State.SENT.value))
        return ours

    def failed(self, claimed: Claimed, error: str, *, due: float, counts: bool, parks: bool) -> bool:
        """Note a try that failed: when the next is due, whether it ``counts``, and whether it was the last.

        False when its lease had ended and somebody else has taken it.
        """
        state = State.PARKED if parks else State.WAITING
        changes = {"state": state.value, "due": due, "refused": claimed.refused + int(counts)}
        with self._writing() as connection:
            return self._settle(connection, claimed, error=error[:_LONGEST_ERROR], **changes)

    def next_due(self) -> float | None:
        """Say when the next row is due, or its lease ends; None when none waits."""
        rows = self._table
        due = select(func.min(rows.c.due)).where(rows.c.state == State.WAITING.value)
        with self._reading() as connection:
            found = connection.execute(due).scalar()
        return None if found is None else float(found)

    def counts(self) -> dict[str, int]:
        """Count the rows of each state."""
        rows = self._table
        with self._reading() as connection:
            found = connection.execute(select(rows.c.state, func.count()).group_by(rows.c.state)).all()
        return {state.value: 0 for state in State} | {str(state): int(count) for state, count in found}

    def entries(self, *, state: State | None = None, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Give rows by number, oldest first, without what they say."""
        rows = self._table
        shown = [each for each in rows.columns if each.name != "payload"]
        mine = true() if state is None else rows.c.state == state.value
        query = select(*shown).where(rows.c.number > after, mine).order_by(rows.c.number).limit(limit)
        with self._reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def retry(self, number: int | None = None) -> int:
        """Let parked rows live again, and those that back off be due at once: one row, or all; how many there were."""
        rows = self._table
        mine = true() if number is None else rows.c.number == number
        fresh = {"state": State.WAITING.value, "due": 0, "refused": 0}
        with self._writing() as connection:
            query = update(rows).where(mine, rows.c.state.in_(_OPEN), rows.c.error.is_not(None)).values(fresh)
            return connection.execute(query).rowcount

    def discard(self, number: int) -> int:
        """Give up a parked row, so that those behind it go on; how many there were."""
        rows = self._table
        with self._writing() as connection:
            mine = (rows.c.number == number, rows.c.state == State.PARKED.value)
            return connection.execute(delete(rows).where(*mine)).rowcount

    def _due(self, now: float) -> Select[Any]:
        rows, earlier = self._table, self._table.alias()
        before = select(earlier.c.number).where(
            earlier.c.grouped == rows.c.grouped, earlier.c.state.in_(_OPEN), earlier.c.number < rows.c.number
        )
        first = before.limit(1).scalar_subquery().is_(None)  # EXISTS would be joined: the whole backlog for one row
        waiting = (rows.c.state == State.WAITING.value, rows.c.due <= now, rows.c.leased_until <= now)
        return select(rows).where(*waiting, first).order_by(rows.c.due, rows.c.number).limit(1)

    def _settle(self, connection: Connection, claimed: Claimed, **changes: Any) -> bool:
        """End a try; a later one of the same row has another number of attempts, and is left alone."""
        rows = self._table
        ours = (rows.c.number == claimed.number, rows.c.attempts == claimed.attempts)
        query = update(rows).where(*ours, rows.c.state == State.WAITING.value).values(changes | {"leased_until": 0})
        return connection.execute(query).rowcount == 1

    def _change(self, connection: Connection, number: int, **changes: Any) -> None:
        connection.execute(update(self._table).where(self._table.c.number == number).values(changes))


def _in_order(connection: Connection) -> None:
    """Have PostgreSQL walk the index: a backlog that its statistics do not know yet, it would sort for every row."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("set local enable_sort = off"))


def _claimed(row: RowMapping) -> Claimed:
    message = Message(row["message_id"], row["grouped"], row["kind"], row["payload"])
    return Claimed(row["number"], message, row["attempts"] + 1, row["refused"])
