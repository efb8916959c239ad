"""A gateway database: each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.clock import FakeClock


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
