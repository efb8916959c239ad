"""Transactions: shadows, conflicts, locks, time-outs, an operator's decisions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass
from brm_sim.flist import Poid
from brm_sim.store import Outcome, State, Store, Vote
from brm_sim.store.tables import objects, transactions
from tests.brm_sim.store.play import Clock, account, numbers, read, refused, set_status


def test_a_transaction_sees_its_own_writes_and_others_do_not(store: Store, other: Store) -> None:
    poid = account(store)
    store.open("t1")
    set_status(store, poid, 10102, "t1")
    account(store, "A-2", "t1")
    assert read(store, poid, "t1")["STATUS"] == 10102
    assert numbers(store, "t1") == ["A-1", "A-2"]
    assert read(other, poid)["STATUS"] == 10100
    assert numbers(other) == ["A-1"]


def test_a_deletion_is_seen_inside_and_after_the_commit(store: Store) -> None:
    poid = account(store)
    store.open("t1")
    with store.session("t1") as session:
        session.delete(poid)
    assert (numbers(store, "t1"), numbers(store)) == ([], ["A-1"])
    store.commit("t1")
    assert numbers(store) == []
    with refused(Errno.NOT_FOUND):
        read(store, poid)


def test_made_and_deleted_in_one_transaction_is_nothing(store: Store) -> None:
    store.open("t1")
    poid = account(store, "A-1", "t1")
    with store.session("t1") as session:
        session.delete(poid)
    assert store.prepare("t1") is Vote.READ_ONLY
    assert numbers(store) == []


def test_prepared_then_committed_is_there(store: Store, other: Store) -> None:
    store.open("t1")
    poid = account(store, "A-1", "t1")
    assert other.prepare("t1") is Vote.READY
    assert numbers(store) == []
    assert store.commit("t1") is Outcome.DONE
    assert read(other, poid)["ACCOUNT_NO"] == "A-1"


def test_a_commit_may_be_repeated_until_it_is_forgotten(store: Store) -> None:
    store.open("t1")
    account(store, "A-1", "t1")
    store.prepare("t1")
    assert (store.commit("t1"), store.commit("t1")) == (Outcome.DONE, Outcome.DONE)
    store.forget("t1")
    with refused(Errno.TRANS_LOST):
        store.commit("t1")


def test_an_open_transaction_does_not_block_anothers_commit(store: Store, other: Store) -> None:
    store.open("t1")
    account(store, "A-1", "t1")
    other.open("t2")
    account(other, "A-2", "t2")
    assert (other.prepare("t2"), other.commit("t2")) == (Vote.READY, Outcome.DONE)
    assert (store.prepare("t1"), store.commit("t1")) == (Vote.READY, Outcome.DONE)
    assert numbers(store) == ["A-1", "A-2"]


def test_a_revision_conflict_is_found_at_prepare_and_ends_the_transaction(store: Store) -> None:
    poid = account(store)
    store.open("t1")
    set_status(store, poid, 10102, "t1")
    set_status(store, poid, 10103)
    with refused(Errno.STORAGE, ErrorClass.SYSTEM_RETRYABLE):
        store.prepare("t1")
    with refused(Errno.TRANS_LOST):
        store.commit("t1")
    assert store.abort("t1") is Outcome.DONE
    assert read(store, poid)["STATUS"] == 10103


def test_two_transactions_that_changed_one_object_do_not_both_prepare(store: Store, other: Store) -> None:
    poid = account(store)
    for trans_id, status in (("t1", 10102), ("t2", 10103)):
        store.open(trans_id)
        set_status(store, poid, status, trans_id)
    assert store.prepare("t1") is Vote.READY
    with refused(Errno.STORAGE, ErrorClass.SYSTEM_RETRYABLE):
        other.prepare("t2")
    store.commit("t1")
    assert read(store, poid)["STATUS"] == 10102


def test_what_is_prepared_cannot_be_changed_by_others(store: Store) -> None:
    poid = account(store)
    store.open("t1")
    set_status(store, poid, 10102, "t1")
    store.prepare("t1")
    with refused(Errno.STORAGE, ErrorClass.SYSTEM_RETRYABLE):
        set_status(store, poid, 10103)
    store.abort("t1")
    set_status(store, poid, 10103)
    assert read(store, poid)["STATUS"] == 10103


def test_a_lock_is_waited_for_a_bounded_time(store: Store, other: Store) -> None:
    poid = account(store)
    for trans_id in ("t1", "t2"):
        store.open(trans_id)
    with store.session("t1") as session:
        session.lock(poid)
        session.lock(poid)
    with refused(Errno.STORAGE, ErrorClass.SYSTEM_RETRYABLE), other.session("t2") as session:
        session.lock(poid)
    store.abort("t1")
    with other.session("t2") as session:
        session.lock(poid)
        assert session.read(poid)["STATUS"] == 10100


def test_a_lock_keeps_writers_out_too(store: Store) -> None:
    poid = account(store)
    store.open("t1")
    with store.session("t1") as session:
        session.lock(poid)
    with refused(Errno.STORAGE, ErrorClass.SYSTEM_RETRYABLE):
        set_status(store, poid, 10103)


def test_reading_after_a_lock_sees_what_was_committed_while_waiting(store: Store, other: Store) -> None:
    poid = account(store)
    store.open("t1")
    with store.session("t1") as session:
        assert session.read(poid)["STATUS"] == 10100
        set_status(other, poid, 10102)
        session.lock(poid)
        assert session.read(poid)["STATUS"] == 10102


def test_two_that_wait_for_each_others_objects_wait_no_longer_than_allowed(store: Store, other: Store) -> None:
    first, second = account(store, "A-1"), account(store, "A-2")
    for trans_id, poid in (("t1", first), ("t2", second)):
        store.open(trans_id)
        with store.session(trans_id) as session:
            session.lock(poid)

    def wait(of: Store, trans_id: str, poid: Poid) -> str:
        with pytest.raises(ErrorBuffer) as caught, of.session(trans_id) as session:
            session.lock(poid)
        return caught.value.text

    with ThreadPoolExecutor() as pool:
        texts = list(pool.map(wait, (store, other), ("t1", "t2"), (second, first)))
    assert texts == ["another transaction holds a lock on the object"] * 2


def test_a_lock_of_a_timed_out_transaction_is_no_lock(store: Store, clock: Clock) -> None:
    poid = account(store)
    store.open("t1", timeout=timedelta(seconds=10))
    with store.session("t1") as session:
        session.lock(poid)
    clock.now += 11
    set_status(store, poid, 10103)
    assert store.abort("t1") is Outcome.DONE


def test_a_lock_needs_a_transaction_that_writes(store: Store) -> None:
    poid = account(store)
    with refused(Errno.TRANS_NOT_OPEN), store.session() as session:
        session.lock(poid)
    store.open("t1", read_only=True)
    with refused(Errno.READ_ONLY_TXN), store.session("t1") as session:
        session.lock(poid)


def test_a_time_out_aborts_an_open_transaction_and_not_a_prepared_one(store: Store, clock: Clock) -> None:
    for trans_id in ("open", "prepared"):
        store.open(trans_id, timeout=timedelta(seconds=10))
        account(store, trans_id, trans_id)
    store.prepare("prepared")
    clock.now += 11
    with refused(Errno.TRANS_LOST), store.session("open"):
        pass
    with refused(Errno.TRANS_LOST):
        store.prepare("open")
    assert store.commit("prepared") is Outcome.DONE
    assert numbers(store) == ["prepared"]


def test_transactions_that_nobody_ends_do_not_add_up(store: Store, clock: Clock) -> None:
    for _ in range(3):
        account(store, "A-1", store.open(timeout=timedelta(seconds=10)))
        clock.now += 11
    store.open("t1")
    with store._database.reading() as connection:
        assert connection.execute(select(transactions.c.trans_id)).scalars().all() == ["t1"]
        assert connection.execute(select(objects.c.id)).all() == []


def test_writing_in_a_read_only_transaction_is_refused(store: Store) -> None:
    store.open("t1", read_only=True)
    with refused(Errno.READ_ONLY_TXN):
        account(store, "A-1", "t1")
    assert store.prepare("t1") is Vote.READ_ONLY


def test_nothing_to_commit_is_read_only_and_over(store: Store) -> None:
    store.open("t1")
    assert store.prepare("t1") is Vote.READ_ONLY
    with refused(Errno.TRANS_LOST):
        store.commit("t1")


def test_an_id_is_opened_once(store: Store) -> None:
    store.open("t1")
    with refused(Errno.TRANS_ALREADY_OPEN):
        store.open("t1")


def test_an_unknown_id_is_lost_and_aborting_it_is_no_error(store: Store) -> None:
    with refused(Errno.TRANS_LOST), store.session("t9"):
        pass
    with refused(Errno.TRANS_LOST):
        store.commit("t9")
    assert store.abort("t9") is Outcome.DONE
    store.forget("t9")


def test_a_prepared_or_committed_transaction_takes_no_opcode(store: Store) -> None:
    store.open("t1")
    account(store, "A-1", "t1")
    store.prepare("t1")
    with refused(Errno.TRANS_NOT_OPEN), store.session("t1"):
        pass
    store.commit("t1")
    with refused(Errno.TRANS_NOT_OPEN), store.session("t1"):
        pass
    with refused(Errno.TRANS_NOT_OPEN):
        store.abort("t1")


def test_a_call_does_not_write_into_a_transaction_ended_meanwhile(store: Store, other: Store) -> None:
    store.open("t1")
    with refused(Errno.TRANS_LOST), store.session("t1") as session:
        session.create("/account", {"ACCOUNT_NO": "A-1"})
        other.abort("t1")
    assert numbers(store) == []


@pytest.mark.parametrize(
    ("commit", "outcome", "state", "left"),
    [
        (True, Outcome.HEURISTIC_COMMIT, State.FORCED_COMMIT, ["A-1"]),
        (False, Outcome.HEURISTIC_ROLLBACK, State.FORCED_ABORT, []),
    ],
)
def test_an_operators_decision_is_answered_to_the_coordinator(
    store: Store, commit: bool, outcome: Outcome, state: State, left: list[str]
) -> None:
    store.open("t1")
    account(store, "A-1", "t1")
    store.prepare("t1")
    (store.commit if commit else store.abort)("t1", forced=True)
    assert numbers(store) == left
    assert [("t1", state)] == [(each.trans_id, each.state) for each in store.recover()]
    assert (store.commit("t1"), store.abort("t1")) == (outcome, outcome)
    store.forget("t1")
    assert store.recover() == []


def test_only_a_prepared_transaction_can_be_forced(store: Store) -> None:
    store.open("t1")
    account(store, "A-1", "t1")
    for decide in (store.commit, store.abort):
        with refused(Errno.TRANS_NOT_OPEN):
            decide("t1", forced=True)
    assert store.prepare("t1") is Vote.READY


def test_recovery_lists_prepared_ones_and_drops_those_timed_out(store: Store, other: Store, clock: Clock) -> None:
    for trans_id in ("t1", "t2", "t3"):
        store.open(trans_id, timeout=timedelta(seconds=10))
        account(store, trans_id, trans_id)
    for trans_id in ("t1", "t2"):
        store.prepare(trans_id)
    clock.now += 11
    assert [each.trans_id for each in other.recover()] == ["t1", "t2"]
    with refused(Errno.TRANS_LOST):
        store.commit("t3")
