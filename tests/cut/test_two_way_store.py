"""Known states and the log of conflicts, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.messaging import effects
from gateway.messaging.effects import Outcome
from gateway.messaging.synced import KnownValue, SyncConflict, SyncState
from gateway.messaging.unit import Effects, RequestKey
from gateway.store.unit_of_work import SqlDatabase

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATE = SyncState("OSM_01", "Account", "1-A", {"Name": KnownValue("Ada", 7, 3, own=True), "City": KnownValue(None)})
CONFLICT = SyncConflict("OSM_01", "Account", "1-A", "Name", "Ada", None, "SEBL_01", "m-1", NOW)


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    """Open an empty database."""
    opened = SqlDatabase(database_url)
    yield opened
    opened.close()


def settle(database: SqlDatabase, state: SyncState, intake: int | None = None) -> None:
    with database.begin() as work:
        work.synced.settle(state, NOW, intake)
        work.commit()


def test_what_was_settled_is_known_and_replaced_whole(database: SqlDatabase) -> None:
    settle(database, STATE)
    with database.read() as work:
        assert work.synced.state("OSM_01", "Account", "1-A") == STATE.fields
        assert work.synced.state("OTHER", "Account", "1-A") == {}
    settle(database, replace(STATE, fields={"Name": KnownValue("Bob")}))
    with database.read() as work:
        assert work.synced.state("OSM_01", "Account", "1-A") == {"Name": KnownValue("Bob")}


def test_many_are_read_at_once_and_unknown_ones_left_out(database: SqlDatabase) -> None:
    settle(database, STATE)
    settle(database, replace(STATE, object="Contact", record="1-B"))
    wanted = [("Account", "1-A"), ("Contact", "1-B"), *(("Account", f"1-X{number}") for number in range(1200))]
    with database.read() as work:
        assert set(work.synced.states("OSM_01", wanted)) == {("Account", "1-A"), ("Contact", "1-B")}
        assert work.synced.states("OSM_01", []) == {}


def test_two_who_learn_of_a_record_that_nobody_knew_do_so_one_after_the_other(database: SqlDatabase) -> None:
    held, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with database.begin() as work:
            known = dict(work.synced.held("OSM_01", "Account", "1-A"))
            held.set()
            assert go_on.wait(20)
            work.synced.settle(replace(STATE, fields=known | {"Name": KnownValue("Ada")}), NOW)
            work.commit()

    other = threading.Thread(target=slow)
    other.start()
    assert held.wait(20)
    threading.Timer(0.1, go_on.set).start()
    with database.begin() as work:
        known = dict(work.synced.held("OSM_01", "Account", "1-A"))
        work.synced.settle(replace(STATE, fields=known | {"City": KnownValue("York")}), NOW)
        work.commit()
    other.join(20)
    with database.read() as work:
        assert set(work.synced.state("OSM_01", "Account", "1-A")) == {"Name", "City"}


def test_the_log_is_read_from_its_end(database: SqlDatabase) -> None:
    with database.begin() as work:
        for number in range(3):
            work.synced.conflict(replace(CONFLICT, field=f"Field{number}"))
        work.synced.conflict(replace(CONFLICT, system="BRM_01", record="1-B"))
        work.commit()
    with database.read() as work:
        found = work.synced.conflicts(system="OSM_01", record="1-A", limit=2)
        assert [each.field for each in found] == ["Field2", "Field1"]
        assert replace(found[0], id=0, field="Name") == CONFLICT
        assert len(work.synced.conflicts(system=None, record=None, limit=10)) == 4


def test_a_base_whose_transaction_was_rolled_back_by_hand_is_forgotten(database: SqlDatabase) -> None:
    key = RequestKey("SEBL_01", "m-1", "CUT sync")
    outcome = effects.decode(effects.encode(Outcome(key, Effects(b"", synced=(STATE,), conflicts=(CONFLICT,)))))
    assert outcome.effects == Effects(b"", synced=(STATE,), conflicts=(CONFLICT,))
    with database.begin() as work:
        work.requests.reserve(key, "digest", 5, NOW)
        effects.write(work, outcome, intake=5, queue="CUT_OUT_BILLING", held_by=None, now=NOW)
        work.commit()
    settle(database, replace(STATE, record="1-B"), intake=6)
    with database.begin() as work:
        assert work.synced.state("OSM_01", "Account", "1-A") == STATE.fields
        effects.undo(work, intake=5, deleted=(), now=NOW)
        work.commit()
    with database.read() as work:
        assert work.synced.state("OSM_01", "Account", "1-A") == {}
        assert work.synced.state("OSM_01", "Account", "1-B") == STATE.fields
