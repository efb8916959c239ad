"""The control tables, and how a connection to them begins: what a call needs is read without waiting for writers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)

_BUSY_TIMEOUT_MS = 30_000
WRITING = "simkit_writing"
LONGEST_TRANSACTION = 300

metadata = MetaData()

state = Table(
    "simkit_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("pace", String(10), nullable=False),
    Column("offset_seconds", Float, nullable=False),
    Column("frozen_at", Float, nullable=False),
    Column("fault_version", Integer, nullable=False),
)
clocks = Table(
    "simkit_snapshot_clocks",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("pace", String(10), nullable=False),
    Column("offset_seconds", Float, nullable=False),
    Column("frozen_at", Float, nullable=False),
)
faults = Table(
    "simkit_faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("struck", Integer, nullable=False),
    sqlite_autoincrement=True,
)
barriers = Table(
    "simkit_barriers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fault", Integer, nullable=False),
    Column("operation", String(100), nullable=False),
    Column("stage", String(10), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("correlation_id", String(128), nullable=False),
    Column("reached_at", Float, nullable=False),
    Column("released", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
journal = Table(
    "simkit_journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("operation", String(100), nullable=False, index=True),
    Column("transaction_id", String(LONGEST_TRANSACTION), index=True),
    Column("correlation_id", String(128), nullable=False),
    Column("request", Text, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("response", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    sqlite_autoincrement=True,
)


def connect(url: str) -> Engine:
    """Make an engine for a SQLite file or PostgreSQL; one whose ``info`` has WRITING begins to write at once."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # BEGIN is ours to say, see _begin_sqlite
    # What is written here is no business state: it need not survive a power cut, only a killed process.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get(WRITING) else "BEGIN")
