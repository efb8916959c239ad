"""Unique values, snapshots and numbers."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass
from brm_sim.store import Outcome, Store, Vote
from tests.brm_sim.store.play import account, numbers, refused, set_status


def test_a_value_taken_by_committed_objects_is_known_at_once(store: Store) -> None:
    with store.session() as session:
        session.claim("login", "ada")
    store.open("t1")
    with store.session("t1") as session:
        assert session.taken("login", ("ada", "bob")) == {"ada"}
        with refused(Errno.DUPLICATE, ErrorClass.APPLICATION):
            session.claim("login", "ada")
        session.claim("login", "bob")
        assert session.taken("login", ("ada", "bob")) == {"ada", "bob"}
    with store.session("t1") as session:
        assert session.taken("login", ("bob",)) == {"bob"}


def test_one_value_claimed_twice_fails_at_prepare(store: Store, other: Store) -> None:
    for each, trans_id in ((store, "t1"), (other, "t2")):
        each.open(trans_id)
        with each.session(trans_id) as session:
            session.claim("login", "ada")
    assert store.prepare("t1") is Vote.READY
    with refused(Errno.DUPLICATE, ErrorClass.SYSTEM_RETRYABLE):
        other.prepare("t2")
    assert store.commit("t1") is Outcome.DONE


def test_an_aborted_claim_is_free_again(store: Store) -> None:
    store.open("t1")
    with store.session("t1") as session:
        session.claim("login", "ada")
    store.prepare("t1")
    store.abort("t1")
    with store.session() as session:
        session.claim("login", "ada")


def test_a_released_value_is_free_after_the_commit(store: Store) -> None:
    with store.session() as session:
        session.claim("login", "ada")
    store.open("t1")
    with store.session("t1") as session:
        session.release("login", "ada")
        assert session.taken("login", ("ada",)) == set()
    with store.session() as session:
        assert session.taken("login", ("ada",)) == {"ada"}
    store.commit("t1")
    with store.session() as session:
        session.claim("login", "ada")


def test_a_value_released_and_claimed_again_stays_taken(store: Store) -> None:
    with store.session() as session:
        session.claim("login", "ada")
    store.open("t1")
    with store.session("t1") as session:
        session.release("login", "ada")
    with store.session("t1") as session:
        session.claim("login", "ada")
    store.open("t2")
    with store.session("t2") as session:
        session.create("/account", {"ACCOUNT_NO": "x"})
    store.commit("t1")
    with store.session() as session:
        assert session.taken("login", ("ada",)) == {"ada"}


def test_a_snapshot_brings_everything_back_but_numbers(store: Store) -> None:
    first = account(store, "A-1")
    store.open("t1")
    account(store, "A-2", "t1")
    store.prepare("t1")
    store.snapshot("before")
    store.commit("t1")
    later = account(store, "A-3")
    store.reset()
    assert numbers(store) == []
    store.restore("before")
    assert (numbers(store), store.snapshots()) == (["A-1"], ["before"])
    assert [each.trans_id for each in store.recover()] == ["t1"]
    assert account(store, "A-4").id > later.id > first.id
    store.commit("t1")
    assert sorted(map(str, numbers(store))) == ["A-1", "A-2", "A-4"]


def test_restoring_what_was_never_kept_changes_nothing(store: Store) -> None:
    account(store, "A-1")
    with pytest.raises(KeyError):
        store.restore("nothing")
    assert numbers(store) == ["A-1"]


def test_a_reset_among_writers_leaves_nothing(store: Store, other: Store) -> None:
    done = threading.Event()

    def write(number: int) -> None:
        while not done.is_set():
            with contextlib.suppress(ErrorBuffer):  # what is reset under it fails, as it should
                trans_id = other.open()
                poid = account(other, f"{number}", trans_id)
                set_status(other, poid, 10102, trans_id)
                other.prepare(trans_id)
                other.commit(trans_id)

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write, number) for number in range(3)]
        for turn in range(10):
            store.snapshot("some")
            store.reset()
            store.restore("some") if turn % 2 else None
        done.set()
        for writer in writers:
            writer.result()
    store.reset()
    assert (numbers(store), store.recover()) == ([], [])


def test_numbers_are_unique_across_processes(store: Store, other: Store) -> None:
    mine, theirs = ({each.next_poid_id() for _ in range(1500)} for each in (store, other))
    assert len(mine | theirs) == 3000
