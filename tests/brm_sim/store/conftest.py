"""Two stores on one database, as two processes have them, and their clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from brm_sim.store import Store
from tests.brm_sim.store.play import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[Store]:
    store = Store(database_url, lock_wait=timedelta(milliseconds=50), clock=clock)
    yield store
    store.close()


@pytest.fixture
def other(database_url: str, store: Store, clock: Clock) -> Iterator[Store]:  # noqa: ARG001 - the first makes the tables
    """Another process's store on the same database."""
    other = Store(database_url, lock_wait=timedelta(milliseconds=50), clock=clock)
    yield other
    other.close()
