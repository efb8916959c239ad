"""The stores beside the queues: cross-references, ledgers, decisions, fallout, migrations; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text

from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.xref import XrefRow
from gateway.errors import Conflict, InDoubt, Superseded, Unavailable
from gateway.messaging.ports import ALARMS, Fallout, FalloutKind, StoryStep, Verdict
from gateway.messaging.queues import Draft, State
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import RequestKey
from gateway.store.tables import metadata
from gateway.store.unit_of_work import SqlDatabase, UnitOfWork
from tests.doubles.clock import FakeClock

T = "INSTALLEDPRODUCT_ID"
KEY = RequestKey("OSMCFS_01", "ebm-1", "ProcessBilling")
POID = "0.0.0.1 /service/telco 1"


@pytest.fixture
def work(database: SqlDatabase) -> Iterator[UnitOfWork]:
    with database.begin() as opened:
        yield opened


def row(common: str, value: str, column: str = "BRM_01") -> XrefRow:
    return XrefRow(T, common, column, value)


def record(line: str, outcome: str = "COMPLETE") -> LineRecord:
    return LineRecord(LineKey(line, "1", "INITIATE BILLING", "DO"), "BRM_01", "ADD", outcome, POID)


def counted(database: SqlDatabase, statements: list[str]) -> None:
    @event.listens_for(database._engine, "before_cursor_execute")
    def count(*args: object) -> None:
        statements.append(str(args[2]))


# ---- cross-references


def test_cross_references_are_looked_up_both_ways(work: UnitOfWork, clock: FakeClock) -> None:
    assert work.xref.populate([row("a", "1"), row("b", "2"), row("a", "9", "SEBL_01")], 1, clock.now()) == 3
    assert work.xref.values(T, ["a", "b", "c"], "BRM_01") == {"a": "1", "b": "2"}
    assert work.xref.commons(T, ["2", "3"], "BRM_01") == {"2": "b"}
    assert work.xref.values(T, ["a"], "COMMON") == {"a": "a"}
    assert work.xref.values(T, [], "BRM_01") == {}


def test_populating_the_same_again_is_nothing_new(work: UnitOfWork, clock: FakeClock) -> None:
    work.xref.populate([row("a", "1")], 1, clock.now())
    assert work.xref.populate([row("a", "1"), row("a", "1"), row("b", "2")], 2, clock.now()) == 1


def test_a_place_that_is_taken_is_a_conflict_that_names_it(work: UnitOfWork, clock: FakeClock) -> None:
    work.xref.populate([row("a", "1")], 1, clock.now())
    with pytest.raises(Conflict, match="a: BRM_01 is 1 already, not 2"):
        work.xref.populate([row("a", "2")], 1, clock.now())


def test_a_value_means_one_thing(database: SqlDatabase, clock: FakeClock) -> None:
    with pytest.raises(Conflict), database.begin() as work:
        work.xref.populate([row("a", "1"), row("b", "1")], 1, clock.now())


def test_a_row_is_re_pointed_by_deleting_and_populating(work: UnitOfWork, clock: FakeClock) -> None:
    work.xref.populate([row("a", "1"), row("b", "2")], 1, clock.now())
    assert work.xref.delete([row("a", "1"), row("b", "other"), row("c", "3")]) == 1
    work.xref.populate([row("new", "1")], 1, clock.now())
    found = work.xref.find(T, common=None, column="BRM_01", value=None, limit=9)
    assert found == [row("b", "2"), row("new", "1")]


def test_what_a_message_populated_can_be_revoked(work: UnitOfWork, clock: FakeClock) -> None:
    work.xref.populate([row("a", "1")], 1, clock.now())
    work.xref.populate([row("b", "2")], 2, clock.now())
    work.xref.revoke(1)
    assert work.xref.find(None, common=None, column=None, value=None, limit=9) == [row("b", "2")]


def test_the_number_of_statements_does_not_grow_with_the_lines(database: SqlDatabase, clock: FakeClock) -> None:
    def statements(lines: int, start: int) -> int:
        seen: list[str] = []
        counted(database, seen)
        names = [f"{number}" for number in range(start, start + lines)]
        with database.begin() as work:
            work.xref.populate([row(name, f"v{name}") for name in names], 1, clock.now())
            work.xref.values(T, names, "BRM_01")
            work.lines.add([record(name) for name in names], 1, clock.now())
            work.lines.of(names)
            work.messages.put([Draft("Q", b"x")], clock.now())
            work.stories.add(1, [StoryStep(clock.now(), "opcode", name) for name in names])
            work.xref.delete([row(name, f"v{name}") for name in names])
            work.commit()
        return len(seen)

    assert statements(1, 0) == statements(400, 1000)


# ---- ledgers


def test_what_was_done_for_lines_comes_back_oldest_first(work: UnitOfWork, clock: FakeClock) -> None:
    fulfilled = LineRecord(LineKey("l1", "1", "FULFILL BILLING", "DO"), "BRM_01", "ADD", "COMPLETE")
    work.lines.add([record("l1"), record("l2")], 1, clock.now())
    work.lines.add([fulfilled], 2, clock.now())
    assert work.lines.of(["l1", "l9"]) == {"l1": (record("l1"), fulfilled)}


def test_the_same_work_is_not_recorded_twice(database: SqlDatabase, clock: FakeClock) -> None:
    with database.begin() as work:
        work.lines.add([record("l1")], 1, clock.now())
        work.commit()
    with pytest.raises(Conflict), database.begin() as work:
        work.lines.add([record("l1", "other")], 2, clock.now())


def test_a_request_is_reserved_taken_over_and_finished_by_its_owner(work: UnitOfWork, clock: FakeClock) -> None:
    work.requests.reserve(KEY, "d1", 1, clock.now())
    work.requests.take_over(KEY, "d2", 2, clock.now())
    assert not work.requests.finish(KEY, 1, b"mine", None, clock.now())
    assert work.requests.finish(KEY, 2, b"result", "t", clock.now())
    work.requests.release(2)
    work.requests.take_over(KEY, "d3", 3, clock.now())
    entry = work.requests.get(KEY)
    assert entry is not None
    assert (entry.digest, entry.intake, entry.result, entry.transaction) == ("d2", 2, b"result", "t")
    work.requests.revoke(2)
    assert work.requests.get(KEY) is None


# ---- decisions


def transaction(attempt: int = 1, intake: int = 1) -> TransactionId:
    return TransactionId("00" * 8, intake, attempt, "BRM_01")


def test_whoever_decides_second_learns_it(database: SqlDatabase, clock: FakeClock) -> None:
    with database.begin() as work:
        assert work.decisions.abort(transaction(), clock.now())
        assert not work.decisions.abort(transaction(), clock.now())
        work.decisions.commit(transaction(2), clock.now(), clock.now(), b"")
        assert not work.decisions.abort(transaction(2), clock.now())
        work.commit()
    with pytest.raises(Superseded), database.begin() as work:
        work.decisions.commit(transaction(), clock.now(), clock.now(), b"")


def test_an_abort_waits_for_a_commit_under_way(database: SqlDatabase, clock: FakeClock) -> None:
    """The connection that inserts 'commit' is slow; recovery's 'abort' comes while it has not ended."""
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as slow:
            slow.decisions.commit(transaction(), clock.now(), clock.now(), b"")
            recovery = pool.submit(_abort, database, clock)
            slow.commit()
        assert recovery.result(timeout=60) is False
    with database.read() as work:
        decided = work.decisions.get(str(transaction()))
    assert decided is not None
    assert decided.verdict is Verdict.COMMIT


def _abort(database: SqlDatabase, clock: FakeClock) -> bool:
    with database.begin() as work:
        won = work.decisions.abort(transaction(), clock.now())
        work.commit()
        return won


def test_only_decisions_whose_lease_has_lapsed_are_taken_up(work: UnitOfWork, clock: FakeClock) -> None:
    work.decisions.commit(transaction(), clock.now(), clock.now() + timedelta(seconds=30), b"")
    assert work.decisions.unfinished("BRM_01", clock.now()) == []
    work.decisions.hand_over(str(transaction()), clock.now())
    [left] = work.decisions.unfinished("BRM_01", clock.now())
    assert left.transaction == str(transaction())
    assert [work.decisions.acknowledge(left.transaction) for _ in range(2)] == [True, False]


def test_fallout_is_raised_once_and_settled_once(work: UnitOfWork, clock: FakeClock) -> None:
    alarm = Fallout(FalloutKind.LOST_IN_BRM, 1, 1, "BRM_01", "t", "C", "text", clock.now())
    assert [work.fallout.raise_(alarm) for _ in range(2)] == [True, False]
    [raised] = work.fallout.open(ALARMS)
    assert raised.text == "text"
    assert [work.fallout.settle(raised.id, clock.now()) for _ in range(2)] == [True, False]
    assert work.fallout.open(ALARMS) == []


def test_stories_come_back_in_order_with_their_detail(work: UnitOfWork, clock: FakeClock) -> None:
    told = [StoryStep(clock.now(), "open", "t", b"", 1), StoryStep(clock.now(), "opcode", "X", b"<a/>", 1)]
    work.stories.add(7, told)
    assert work.stories.of(7) == told


# ---- the database itself


def test_migrations_make_the_tables_of_the_code(database: SqlDatabase) -> None:
    with database._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_processes_that_start_together_agree_on_one_gateway_id(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: SqlDatabase(database_url), range(4)))
    try:
        assert len({each.gateway_id for each in opened}) == 1
        assert len(opened[0].gateway_id) == 16
    finally:
        for each in opened:
            each.close()


def test_sqlite_commits_are_synced_to_the_disk(database: SqlDatabase) -> None:
    with database._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
            assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


@pytest.mark.parametrize(("at_commit", "expected"), [(True, InDoubt), (False, Unavailable)])
def test_a_connection_lost_at_commit_leaves_the_outcome_open_and_before_it_nothing(
    database: SqlDatabase, clock: FakeClock, expected: type[Exception], *, at_commit: bool
) -> None:
    if database._engine.dialect.name == "sqlite":
        return  # a file has no connection to lose
    with pytest.raises(expected):
        _put_and_lose(database, clock, at_commit=at_commit)
    with database.read() as work:
        assert work.messages.find("Q", tuple(State), limit=9, order=None) == []


def _put_and_lose(database: SqlDatabase, clock: FakeClock, *, at_commit: bool) -> None:
    with database.begin() as work:
        work.messages.put([Draft("Q", b"x")], clock.now())
        _hang_up(database, work)
        if at_commit:
            work.commit()
        work.messages.put([Draft("Q", b"x")], clock.now())


def _hang_up(database: SqlDatabase, work: UnitOfWork) -> None:
    pid = work._connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with database._engine.begin() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ada, this is a letter and no database, however long it may be. " * 20)
    with pytest.raises(Unavailable, match="is no database"):
        SqlDatabase(f"sqlite:///{file}")
