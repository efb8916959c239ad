"""Queues in SQL: order, leases, fences, transitions. Every test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Conflict, Kind
from gateway.messaging.ports import Messages
from gateway.messaging.queues import Claim, Draft, Reason, State
from gateway.store.engine import open_engine
from gateway.store.migrate import migrate
from gateway.store.queue_store import _next
from gateway.store.unit_of_work import SqlDatabase, UnitOfWork
from tests.doubles.clock import FakeClock

Q = "AIA_CRTBO_OUT_JMSQ"
LEASE = timedelta(seconds=30)
REFUSED = Reason("BRM_REFUSED", "Duplicate value.", Kind.BUSINESS, "/a/b")


@pytest.fixture
def work(database: SqlDatabase) -> Iterator[UnitOfWork]:
    with database.begin() as opened:
        yield opened


@pytest.fixture
def messages(work: UnitOfWork) -> Messages:
    return work.messages


def put(messages: Messages, clock: FakeClock, *groups: str | None) -> list[int]:
    return messages.put([Draft(Q, b"x", group) for group in groups], clock.now())


def claim(messages: Messages, clock: FakeClock) -> Claim | None:
    return messages.claim(Q, "w", clock.now(), clock.now() + LEASE)


def claimed(messages: Messages, clock: FakeClock) -> Claim:
    found = claim(messages, clock)
    assert found is not None
    return found


def test_rolls_back_unless_committed(database: SqlDatabase, clock: FakeClock) -> None:
    with database.begin() as work:
        put(work.messages, clock, None)
    with database.read() as work:
        assert work.messages.find(Q, tuple(State), limit=9, order=None) == []


def test_payload_bytes_are_untouched(messages: Messages, clock: FakeClock) -> None:
    payload = bytes(range(256))
    messages.put([Draft(Q, payload)], clock.now())
    assert claimed(messages, clock).payload == payload


def test_messages_are_taken_in_the_order_they_came(messages: Messages, clock: FakeClock) -> None:
    intakes = put(messages, clock, None, None, None)
    assert [claimed(messages, clock).intake for _ in intakes] == intakes
    assert claim(messages, clock) is None


def test_of_a_group_one_is_taken_at_a_time(messages: Messages, clock: FakeClock) -> None:
    first, second, other = put(messages, clock, "a", "a", "b")
    mine = claimed(messages, clock)
    assert (mine.intake, claimed(messages, clock).intake) == (first, other)
    assert claim(messages, clock) is None
    assert messages.settle(first, mine.attempt, State.DONE, now=clock.now())
    assert claimed(messages, clock).intake == second


def test_a_retry_blocks_those_behind_it_and_an_error_does_not(messages: Messages, clock: FakeClock) -> None:
    first, second = put(messages, clock, "a", "a")
    later = clock.now() + timedelta(minutes=5)
    messages.settle(first, claimed(messages, clock).attempt, State.WAITING, now=clock.now(), available_at=later)
    assert claim(messages, clock) is None
    clock.advance(timedelta(minutes=5))
    again = claimed(messages, clock)
    assert (again.intake, again.attempt, again.tries) == (first, 2, 2)
    messages.settle(first, again.attempt, State.ERROR, now=clock.now(), reason=REFUSED)
    assert claimed(messages, clock).intake == second


def test_a_held_message_blocks_its_group(messages: Messages, clock: FakeClock) -> None:
    first, _ = put(messages, clock, "a", "a")
    messages.settle(first, claimed(messages, clock).attempt, State.HELD, now=clock.now(), reason=REFUSED)
    assert claim(messages, clock) is None


def test_a_lapsed_lease_lets_others_take_the_message_and_fences_the_first_off(
    messages: Messages, clock: FakeClock
) -> None:
    put(messages, clock, "a", "a")
    mine = claimed(messages, clock)
    clock.advance(LEASE + timedelta(seconds=1))
    theirs = claimed(messages, clock)
    assert (theirs.intake, theirs.attempt) == (mine.intake, mine.attempt + 1)
    assert not messages.settle(mine.intake, mine.attempt, State.DONE, now=clock.now())
    assert messages.settle(theirs.intake, theirs.attempt, State.DONE, now=clock.now())


def test_a_resubmitted_message_does_not_trap_a_lapsed_one_of_its_group(messages: Messages, clock: FakeClock) -> None:
    first, second = put(messages, clock, "a", "a")
    messages.settle(first, claimed(messages, clock).attempt, State.ERROR, now=clock.now(), reason=REFUSED)
    assert claimed(messages, clock).intake == second
    messages.resubmit(first, clock.now(), None, None)
    assert claim(messages, clock) is None
    clock.advance(LEASE + timedelta(seconds=1))
    again = claimed(messages, clock)
    assert again.intake == second
    messages.settle(second, again.attempt, State.DONE, now=clock.now())
    assert claimed(messages, clock).intake == first


def test_renewing_keeps_a_lease_and_cannot_bring_back_a_lost_one(messages: Messages, clock: FakeClock) -> None:
    put(messages, clock, None)
    mine = claimed(messages, clock)
    clock.advance(LEASE)
    messages.renew([(mine.intake, mine.attempt)], clock.now() + LEASE)
    clock.advance(LEASE)
    assert claim(messages, clock) is None
    clock.advance(timedelta(seconds=1))
    theirs = claimed(messages, clock)
    messages.renew([(mine.intake, mine.attempt)], clock.now() + LEASE * 9)
    assert messages.leased(theirs.intake, theirs.attempt, clock.now() + LEASE)
    assert not messages.leased(theirs.intake, theirs.attempt, clock.now() + LEASE * 2)


def test_handing_back_costs_no_try(messages: Messages, clock: FakeClock) -> None:
    put(messages, clock, None)
    mine = claimed(messages, clock)
    assert messages.hand_back(mine, clock.now())
    again = claimed(messages, clock)
    assert (again.attempt, again.tries) == (2, 1)


def test_resubmission_keeps_the_number_and_counts_tries_anew(messages: Messages, clock: FakeClock) -> None:
    [intake] = put(messages, clock, "a")
    messages.settle(intake, claimed(messages, clock).attempt, State.ERROR, now=clock.now(), reason=REFUSED)
    failed = messages.get(intake)
    assert failed is not None
    assert failed.reason == REFUSED
    assert messages.resubmit(intake, clock.now(), b"mended", "b")
    again = claimed(messages, clock)
    assert (again.intake, again.attempt, again.tries, again.payload, again.group) == (intake, 2, 1, b"mended", "b")
    assert not messages.resubmit(intake, clock.now(), None, None)


def test_discarding_is_for_the_error_queue(messages: Messages, clock: FakeClock) -> None:
    [intake] = put(messages, clock, None)
    assert not messages.discard(intake, clock.now())
    messages.settle(intake, claimed(messages, clock).attempt, State.ERROR, now=clock.now(), reason=REFUSED)
    assert messages.discard(intake, clock.now())
    gone = messages.get(intake)
    assert gone is not None
    assert (gone.state, gone.reason) == (State.DISCARDED, REFUSED)


def test_held_responses_are_released_or_withdrawn_by_their_transaction(messages: Messages, clock: FakeClock) -> None:
    for transaction in ("t1", "t2"):
        messages.put([Draft(Q, transaction.encode(), held_by=transaction)], clock.now())
    assert messages.take(Q, clock.now()) is None
    assert messages.release("t2", clock.now()) == 1
    assert messages.release("t2", clock.now()) == 0
    assert messages.withdraw("t1", clock.now()) == 1
    taken = messages.take(Q, clock.now())
    assert taken is not None
    assert taken[1] == b"t2"
    assert messages.take(Q, clock.now()) is None


def test_a_summary_counts_every_state(messages: Messages, clock: FakeClock) -> None:
    put(messages, clock, None, None, "a")
    first = clock.now()
    clock.advance(timedelta(seconds=1))
    claimed(messages, clock)
    [summary] = messages.summaries()
    assert summary.counts == {State.WAITING: 2, State.CLAIMED: 1}
    assert summary.oldest_waiting == first


def test_a_message_that_is_not_there_has_no_payload(messages: Messages) -> None:
    assert messages.get(7) is None
    with pytest.raises(KeyError):
        messages.payload(7)


def test_times_come_back_as_they_went_in(messages: Messages, clock: FakeClock) -> None:
    [intake] = put(messages, clock, None)
    found = messages.get(intake)
    assert found is not None
    assert found.created_at == clock.now()
    assert found.created_at.tzinfo is not None


def test_two_workers_race_for_one_group(database: SqlDatabase, clock: FakeClock) -> None:
    """What each has read does not matter: the unique index lets one claim a group at a time."""
    with database.begin() as work:
        first, second = put(work.messages, clock, "a", "a")
        work.messages.settle(first, claimed(work.messages, clock).attempt, State.ERROR, now=clock.now())
        work.messages.claim(Q, "other", clock.now(), clock.now() + LEASE)
        work.commit()
    with pytest.raises(Conflict), database.begin() as work:
        work.messages.move(first, (State.ERROR,), State.CLAIMED, now=clock.now())
    with database.read() as work:
        states = {message.intake: message.state for message in work.messages.find(Q, tuple(State), limit=9, order=None)}
    assert states == {first: State.ERROR, second: State.CLAIMED}


def test_workers_in_two_transactions_take_different_messages(database: SqlDatabase, clock: FakeClock) -> None:
    """SKIP LOCKED on PostgreSQL; on SQLite the second waits for the first's commit."""
    with database.begin() as work:
        put(work.messages, clock, None, None)
        work.commit()
    taken = []
    for _ in range(2):
        with database.begin() as work:
            taken.append(claimed(work.messages, clock).intake)
            work.commit()
    assert len(set(taken)) == 2


def test_threads_take_every_message_once_and_each_group_in_order(database: SqlDatabase, clock: FakeClock) -> None:
    with database.begin() as work:
        intakes = put(work.messages, clock, *(f"g{number % 7}" for number in range(60)))
        work.commit()
    taken: list[tuple[str | None, int]] = []

    def consume() -> None:
        idle = 0
        while idle < 50:
            with database.begin() as work:
                mine = claim(work.messages, clock)
                work.commit()
            if mine is None:
                idle += 1
                continue
            taken.append((mine.group, mine.intake))  # while claimed: nobody else has the group
            with database.begin() as work:
                assert work.messages.settle(mine.intake, mine.attempt, State.DONE, now=clock.now())
                work.commit()

    with ThreadPoolExecutor(4) as pool:
        for running in [pool.submit(consume) for _ in range(4)]:
            running.result(timeout=60)
    assert sorted(intake for _, intake in taken) == intakes
    for group in {group for group, _ in taken}:
        ordered = [intake for each, intake in taken if each == group]
        assert ordered == sorted(ordered)


def test_finished_messages_do_not_slow_the_queue_down(tmp_path: Path, clock: FakeClock) -> None:
    """The claim runs on the partial indexes (SQLite tells its plan without statistics)."""
    engine = open_engine(f"sqlite:///{tmp_path / 'plan.db'}")
    migrate(engine)
    with engine.connect() as connection:
        compiled = _next(Q, clock.now()).compile(engine)
        values = {name: str(value) for name, value in compiled.params.items()}
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", _positional(compiled, values))
        plan = " ".join(row[3] for row in rows)
    engine.dispose()
    assert "ix_message_next" in plan
    assert "ix_message_group" in plan


def _positional(compiled: Any, values: dict[str, str]) -> tuple[str, ...]:
    return tuple(values[name] for name in compiled.positiontup)
