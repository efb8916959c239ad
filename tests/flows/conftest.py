"""Databases for flows: each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.brm import MemoryBrm
from tests.doubles.clock import FakeClock
from tests.flows.gateway import Gateway


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    """Yield an empty gateway database."""
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture
def gateway(database: SqlDatabase) -> Gateway:
    """Return a gateway that knows one account."""
    made = Gateway.on(database, MemoryBrm(), FakeClock())
    made.seed()
    return made
