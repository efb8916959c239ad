"""What metrics and readiness read of the database; on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.errors import Kind
from gateway.messaging.queues import Draft, Reason, State
from gateway.store.engine import open_engine
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.clock import FakeClock

Q, RESPONSES = "AIA_CRTBO_OUT_JMSQ", "AIA_UPDBO_IN_JMSQ"
LEASE = timedelta(seconds=30)


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


def test_depths_count_what_is_not_done_with_since_when(database: SqlDatabase) -> None:
    clock = FakeClock()
    first = clock.now()
    with database.begin() as work:
        work.messages.put([Draft(Q, b"x") for _ in range(4)], first)
        for state in (State.DONE, State.ERROR):
            claim = work.messages.claim(Q, "me", first, first + LEASE)
            assert claim is not None
            reason = Reason("CODE", "text", Kind.SYSTEM) if state is State.ERROR else None
            work.messages.settle(claim.intake, claim.attempt, state, now=first, reason=reason)
        assert work.messages.claim(Q, "me", first, first + LEASE) is not None
        clock.advance(timedelta(seconds=5))
        work.messages.put([Draft(RESPONSES, b"y")], clock.now())
        work.messages.admit(b"z", "me", clock.now(), clock.now() + LEASE)
        work.commit()
    with database.read() as work:
        found = {(depth.queue, depth.state): (depth.count, depth.oldest) for depth in work.messages.depths([Q])}

    assert found == {
        (Q, State.WAITING): (1, first),
        (Q, State.CLAIMED): (1, first),
        (Q, State.ERROR): (1, first),
        (RESPONSES, State.WAITING): (1, clock.now()),
    }


def test_a_message_keeps_the_trace_it_was_put_in(database: SqlDatabase) -> None:
    now = FakeClock().now()
    with database.begin() as work:
        work.messages.put([Draft(Q, b"x", trace="00-1-2-01"), Draft(Q, b"x")], now)
        claims = [work.messages.claim(Q, "me", now, now + LEASE) for _ in range(2)]

    assert [claim and claim.trace for claim in claims] == ["00-1-2-01", None]


def test_a_database_of_another_version_is_not_current(database: SqlDatabase, database_url: str) -> None:
    as_made = database.is_current()
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()

    assert (as_made, database.is_current()) == (True, False)
