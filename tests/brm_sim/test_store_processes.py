"""Several processes on one database: nothing is lost to SIGKILL, and concurrent work ends as if done in turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from brm_sim.errors import ErrorBuffer, ErrorClass
from brm_sim.flist import Poid
from brm_sim.store import Outcome, State, Store, Vote

KILLED_AFTER = """
import os, signal, sys
from brm_sim.store import Store
store = Store(sys.argv[1])
store.open("t1")
with store.session("t1") as session:
    session.create("/account", {"ACCOUNT_NO": "A-1"})
    session.claim("login", "ada")
if sys.argv[2] != "write":
    store.prepare("t1")
if sys.argv[2] == "commit":
    store.commit("t1")
os.kill(os.getpid(), signal.SIGKILL)
"""

WORKER = """
import sys
from tests.brm_sim.test_store_processes import deposit
from brm_sim.flist import Poid
from brm_sim.store import Store
deposit(Store(sys.argv[1]), Poid.parse(sys.argv[2]), sys.argv[3], 15)
"""


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url, lock_wait=timedelta(milliseconds=50))
    yield store
    store.close()


def python(program: str, *args: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-c", program, *args], cwd=root, env=environment)


def killed_after(step: str, url: str) -> None:
    assert python(KILLED_AFTER, url, step).wait() == -signal.SIGKILL


def found(store: Store, trans_id: str | None = None) -> list[object]:
    with store.session(trans_id) as session:
        return [each["ACCOUNT_NO"] for each in session.find("/account")]


def test_what_was_written_survives_a_kill(store: Store, database_url: str) -> None:
    killed_after("write", database_url)
    assert (found(store), found(store, "t1")) == ([], ["A-1"])
    assert (store.prepare("t1"), store.commit("t1")) == (Vote.READY, Outcome.DONE)
    assert found(store) == ["A-1"]


@pytest.mark.parametrize("decision", ["commit", "abort"])
def test_what_was_prepared_survives_a_kill_with_its_claims(store: Store, database_url: str, decision: str) -> None:
    killed_after("prepare", database_url)
    assert [(each.trans_id, each.state) for each in store.recover()] == [("t1", State.PREPARED)]
    with pytest.raises(ErrorBuffer), store.session() as session:
        session.claim("login", "ada")
    (store.commit if decision == "commit" else store.abort)("t1")
    with store.session() as session:
        assert session.taken("login", ("ada",)) == ({"ada"} if decision == "commit" else set())
    assert found(store) == (["A-1"] if decision == "commit" else [])


def test_a_commit_survives_a_kill_and_is_remembered(store: Store, database_url: str) -> None:
    killed_after("commit", database_url)
    assert found(store) == ["A-1"]
    assert store.commit("t1") is Outcome.DONE


def retried(work: Callable[[], None]) -> None:
    """Do work again for as long as the store asks to."""
    for _ in range(500):
        try:
            return work()
        except ErrorBuffer as error:
            if error.class_ is not ErrorClass.SYSTEM_RETRYABLE:
                raise
    raise AssertionError("never succeeded")


def deposit(store: Store, group: Poid, name: str, times: int) -> None:
    """Add one to a balance, each time in a two-phase transaction; with a new service beside it."""
    for number in range(times):
        retried(partial(add_one, store, group, f"{name}-{number}"))


def add_one(store: Store, group: Poid, login: str) -> None:
    trans_id = store.open()
    try:
        with store.session(trans_id) as session:
            before = session.read(group)["NAME"]
            session.update(group, {"NAME": str(Decimal(str(before)) + 1)})
            session.create("/service/tv", {"LOGIN": login})
            session.claim("login", login)
        store.prepare(trans_id)
    except ErrorBuffer:
        store.abort(trans_id)
        raise
    store.commit(trans_id)
    store.forget(trans_id)


def test_concurrent_transactions_lose_no_update(store: Store, database_url: str) -> None:
    with store.session() as session:
        group = session.create("/balance_group", {"NAME": "0"})
    workers = [python(WORKER, database_url, str(group), f"process-{each}") for each in range(2)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda each: deposit(store, group, f"thread-{each}", 15), range(3)))
    assert [worker.wait() for worker in workers] == [0, 0]
    with store.session() as session:
        total, services = session.read(group)["NAME"], session.find("/service")
    assert (total, len(services)) == ("75", 75)
    assert store.recover() == []
