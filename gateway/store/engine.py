"""One engine for SQLite and PostgreSQL: durable commits, and locks taken when a unit of work begins to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite

_WRITES = "o2c_writes"
_BUSY_SECONDS = 30.0


def open_engine(url: str) -> Engine:
    """Connect to ``sqlite:///path`` or ``postgresql+psycopg://…``; nothing is created yet."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(url, pool_pre_ping=True, pool_size=20, max_overflow=40)


def writing(engine: Engine) -> Engine:
    """Return the engine whose transactions lock for writing from the start (SQLite: BEGIN IMMEDIATE).

    A SQLite transaction that reads first and writes later fails when somebody wrote in between; one that begins
    IMMEDIATE waits its turn instead.
    """
    return engine.execution_options(**{_WRITES: True})


def insert_if_absent(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one of its unique keys is taken; says whether it did.

    On PostgreSQL this waits for a transaction that is inserting the same key and has not ended: who comes second
    learns what the first decided.
    """
    chosen = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = chosen(table).values(dict(row)).on_conflict_do_nothing()
    counted = statement.execution_options(preserve_rowcount=True)  # of an INSERT, SQLAlchemy keeps none unless asked
    return connection.execute(counted).rowcount == 1


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, pool_size=20, max_overflow=40)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself: `begin` below does
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
