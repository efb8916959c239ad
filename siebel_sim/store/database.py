"""The database under the store: SQLite or PostgreSQL by URL, one code. Knows connections and tables, nothing of Siebel.

Reading never waits, and sees one moment of the database. Writers come one after the other: two messages with one user
key never both find that there is no such record.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Engine, Table, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.exc import OperationalError

from siebel_sim.store.prepared import Prepared
from siebel_sim.store.tables import Tables, counters, own

_BUSY_TIMEOUT_MS = 30_000
_FIRST = 36**3
"""The first row id is 1-1000."""

_POOL_SIZE = 32
_WRITING = "writing"
_TURN = text("select pg_advisory_xact_lock(20106)")
_MAKING = text("select pg_advisory_xact_lock(20107)")


class Database:
    """An engine, its two ways to begin, and row ids never given twice."""

    def __init__(self, url: str, tables: Tables) -> None:
        self.engine: Engine = create_engine(url, pool_size=_POOL_SIZE, max_overflow=-1)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self.tables = tables
        self.prepared = Prepared(self.engine.dialect)
        self._turn = threading.Lock()
        if self.sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._make_tables(tables)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads, all of it at one moment."""
        with self.engine.connect() as connection:
            if self.sqlite:  # said to the driver: prepared statements are run by it
                connection.connection.cursor().execute("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes while no other does: committed at the end, rolled back by an exception."""
        with contextlib.ExitStack() as stack:
            if self.sqlite:
                stack.enter_context(self._turn)  # threads queue here, in order; SQLite itself only polls
            connection = stack.enter_context(self.engine.connect())
            connection.info[_WRITING] = True
            try:
                stack.enter_context(connection.begin())
            finally:
                del connection.info[_WRITING]
            if not self.sqlite:
                connection.execute(_TURN)
            yield connection

    def take(self, connection: Connection, count: int) -> int:
        """Take ``count`` numbers in a transaction that writes, the first of which is returned; nobody else has them."""
        taken = update(counters).values(next=counters.c.next + count).returning(counters.c.next)
        return int(connection.execute(taken).scalar_one()) - count

    def grow(self, tables: Tables) -> None:
        """Go on with these tables, made where they are missing."""
        self._make_tables(tables)
        self.tables = tables

    @property
    def busy(self) -> tuple[type[Exception], ...]:
        """What says that the database cannot do something now: SQLAlchemy's, and the driver's own."""
        return (OperationalError, self.engine.dialect.loaded_dbapi.OperationalError)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def _make_tables(self, tables: Tables) -> None:
        """Make what is missing, columns of a contract that grew too; nothing is ever taken away."""
        with self.writing() as connection:
            if not self.sqlite:  # several workers may start at once
                connection.execute(_MAKING)
            own.create_all(connection)
            if connection.execute(select(counters.c.next)).first() is None:
                connection.execute(insert(counters), {"name": "row_id", "next": _FIRST})
            present = set(inspect(connection).get_table_names())
            for table in tables:
                if table.name in present:
                    _grow(connection, table)
                else:
                    table.create(connection)


def _grow(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    missing = [column for column in table.columns if column.name not in there]
    if missing:
        operations = Operations(MigrationContext.configure(connection))
        for column in missing:
            operations.add_column(table.name, Column(column.name, column.type))
    for index in table.indexes:
        index.create(connection, checkfirst=True)


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # BEGIN is ours to say, see _begin_sqlite
    dbapi_connection.create_function("lower", 1, _lower, deterministic=True)  # its own knows ASCII only
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
        dbapi_connection.execute(f"PRAGMA {pragma}")
    dbapi_connection.execute("PRAGMA case_sensitive_like=ON")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if driver.in_transaction:  # begun as one that only reads
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get(_WRITING) else "BEGIN")
