"""The store: objects, revisions, shadows, locks, unique values, the life of transactions, on both databases."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import Outcome, State, Store, Vote
from brm_sim.store.tables import objects, transactions


class Clock:
    """Real time as the store sees it."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        """Give it."""
        return self.now


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


def account(store: Store, number: str = "A-1", trans_id: str | None = None) -> Poid:
    with store.session(trans_id) as session:
        return session.create("/account", {"ACCOUNT_NO": number, "STATUS": 10100})


def read(store: Store, poid: Poid, trans_id: str | None = None) -> Flist:
    with store.session(trans_id) as session:
        return session.read(poid)


def set_status(store: Store, poid: Poid, status: int, trans_id: str | None = None) -> Poid:
    with store.session(trans_id) as session:
        return session.update(poid, {"STATUS": status})


def numbers(store: Store, trans_id: str | None = None) -> list[object]:
    with store.session(trans_id) as session:
        return [found["ACCOUNT_NO"] for found in session.find("/account")]


def refused(errno: Errno, class_: ErrorClass | None = None) -> pytest.RaisesExc[ErrorBuffer]:
    return pytest.raises(ErrorBuffer, check=lambda e: e.errno is errno and class_ in (None, e.class_))


def test_an_object_comes_back_as_it_was_stored(store: Store) -> None:
    fields: Flist = {
        "ACCOUNT_NO": "Ä-1 'x'",
        "CURRENCY": 826,
        "BAL_GRP_OBJ": Poid("0.0.0.1", "/balance_group", 7, 3),
        "LINEAGE": None,
        "NAMEINFO": Array({1: {"LAST_NAME": "Jones", "PHONES": Array({0: {"TYPE": 5}})}}),
        "O2C_FLD_COMMON_ID": "acct-1",
    }
    with store.session() as session:
        poid = session.create("/account", fields)
    found = read(store, poid)
    assert fields == {name: value for name, value in found.items() if name in fields}
    assert poid == found["POID"]


def test_decimals_keep_their_digits(store: Store) -> None:
    with store.session() as session:
        poid = session.create("/product", {"PURCHASE_FEE_AMT": Decimal("120.00")})
    assert str(read(store, poid)["PURCHASE_FEE_AMT"]) == "120.00"


def test_every_change_raises_the_revision(store: Store) -> None:
    poid = account(store)
    changed = set_status(store, poid, 10102)
    assert poid.rev + 1 == changed.rev
    assert changed == read(store, poid)["POID"]


def test_updates_merge_arrays_and_a_null_element_removes(store: Store) -> None:
    names = Array({1: {"LAST_NAME": "Jones", "CITY": "Leeds"}, 2: {"LAST_NAME": "Smith"}})
    with store.session() as session:
        poid = session.create("/account", {"NAMEINFO": names})
    with store.session() as session:
        session.update(poid, {"NAMEINFO": Array({1: {"CITY": "York"}, 2: {}})})
    assert read(store, poid)["NAMEINFO"] == {1: {"LAST_NAME": "Jones", "CITY": "York"}}


def test_a_call_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.session() as session:
            session.create("/account", {"ACCOUNT_NO": "A-1"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert numbers(store) == []


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
