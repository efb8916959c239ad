"""The database under the store: SQLite or PostgreSQL by URL, one code. Knows connections, nothing of BRM.

Reading never waits: SQLite runs in WAL mode, and a reader's transaction is a snapshot. Writing is one short
transaction; on SQLite it takes the write lock at its beginning, so that it can never fail half-way for being late.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from brm_sim.store.tables import SCHEMA_VERSION, facts, metadata, sequences

BUSY_TIMEOUT_MS = 30_000
BLOCK = 1000
"""Numbers a process takes at a time; what it has not used when it ends is lost, which costs nothing."""

FIRST_NUMBER = 100_000
"""Below it lie fixed numbers: the root account, the price list."""

POOL_SIZE = 32
"""Connections kept; a call that finds none free opens another: threads bound them, two for each."""

INSERT_MISSING: Mapping[str, Callable[[Table], Any]] = {
    "sqlite": lambda table: sqlite.insert(table).on_conflict_do_nothing(),
    "postgresql": lambda table: postgresql.insert(table).on_conflict_do_nothing(),
}
"""By dialect: an INSERT that leaves rows alone whose key is there already."""

# in the order in which every other transaction comes to them, so that nobody waits in a circle
_LOCK_ALL = text("LOCK TABLE transactions, objects, entries, reservations, locks, claims IN EXCLUSIVE MODE")
_WRITING = "writing"

T = TypeVar("T")


class Database:
    """An engine, its two ways to begin, and numbers never handed out twice."""

    def __init__(self, url: str) -> None:
        # a search template may ask for a product of classes: its author's choice, and finder bounds it
        self.engine: Engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=-1, enable_from_linting=False)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._turn = threading.Lock()
        self._numbering = threading.Lock()
        self._numbers = iter(range(0))
        if self.sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._make_tables()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, connection: Connection | None = None) -> Iterator[Connection]:
        """One transaction that writes: committed at the end, rolled back when left by an exception."""
        with contextlib.ExitStack() as stack:
            if self.sqlite:
                stack.enter_context(self._turn)  # threads queue here, in order; SQLite itself only polls
            if connection is None:
                connection = stack.enter_context(self.engine.connect())
            connection.info[_WRITING] = True
            try:
                stack.enter_context(connection.begin())
            finally:
                del connection.info[_WRITING]
            yield connection

    @contextlib.contextmanager
    def alone(self) -> Iterator[Connection]:
        """One transaction that writes while nobody else does: what replaces or copies everything."""
        with self.writing() as connection:
            if not self.sqlite:
                connection.execute(_LOCK_ALL)
            yield connection

    def number(self) -> int:
        """Give a number nobody else has, in any process."""
        with self._numbering:
            for number in self._numbers:
                return number
            first = self._take_block()
            self._numbers = iter(range(first + 1, first + BLOCK))
            return first

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _take_block(self) -> int:
        with self.writing() as connection:
            taken = update(sequences).values(next=sequences.c.next + BLOCK).returning(sequences.c.next)
            return int(connection.execute(taken).scalar_one()) - BLOCK

    def _make_tables(self) -> None:
        with self.writing() as connection:
            if not self.sqlite:  # several workers may start at once
                connection.execute(text("select pg_advisory_xact_lock(20104)"))
            metadata.create_all(connection)
            insert_missing = INSERT_MISSING[connection.dialect.name]
            connection.execute(insert_missing(sequences), {"name": "number", "next": FIRST_NUMBER})
            connection.execute(insert_missing(facts), {"name": "schema", "value": str(SCHEMA_VERSION)})
            found = connection.execute(select(facts.c.value).where(facts.c.name == "schema")).scalar_one()
        if found != str(SCHEMA_VERSION):
            raise SchemaMismatch(
                f"the database has schema {found}, this program wants {SCHEMA_VERSION}; start with an empty one"
            )


class SchemaMismatch(Exception):
    """The database was made by another version of the simulator."""


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Cut ``values`` into pieces small enough for one IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # BEGIN is ours to say, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_TIMEOUT_MS}", "cache_size=-16000"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get(_WRITING) else "BEGIN")
