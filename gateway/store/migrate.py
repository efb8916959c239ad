"""Brings a database to the tables of this version; run at every start, by every process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from gateway.store.engine import writing

_HERE = Path(__file__).parent / "alembic"
_LOCK = 0x4F3243
"""PostgreSQL's advisory lock of processes that start together; SQLite's BEGIN IMMEDIATE does the same."""


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision, in one transaction; one process at a time, the others then find it done."""
    with writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(alembic_config(connection), "head")


def is_current(engine: Engine) -> bool:
    """Tell whether the database is at this version's newest revision."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest()


@cache
def _newest() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return ScriptDirectory.from_config(config).get_current_head()


def alembic_config(connection: Connection) -> Config:
    """Configure alembic to use an open connection; its transaction stays the caller's."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config
