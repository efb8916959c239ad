"""BRM transactions: the opcodes' words, and a state machine against a simple model, with kills, on both databases."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from brm_sim import transactions
from brm_sim.call import TransactionCall
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import Outcome, Store, Vote
from tests.postgres import Postgres

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HANDLE = Poid.parse("0.0.0.1 /poid -1 0")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'brm.db'}", lock_wait=timedelta(milliseconds=20))
    yield store
    store.close()


def call(
    store: Store, opcode: str, trans_id: str | None = None, *, flags: int = 0, header: str | None = None, **more: int
) -> Flist:
    name = f"PCM_OP_TRANS_{opcode}"
    flist: Flist = {"POID": HANDLE, **({"TRANS_ID": trans_id} if trans_id else {}), **more}
    return transactions.OPCODES[name](TransactionCall(name, store, NOW, flags, header), flist)


def work(store: Store, trans_id: str) -> None:
    with store.session(trans_id) as session:
        session.create("/account", {"ACCOUNT_NO": trans_id})


def refused(errno: Errno) -> pytest.RaisesExc[ErrorBuffer]:
    return pytest.raises(ErrorBuffer, check=lambda error: error.errno is errno)


def test_open_prepare_commit_forget(store: Store) -> None:
    assert call(store, "OPEN", "1,aa,bb", flags=65536) == {"POID": HANDLE, "TRANS_ID": "1,aa,bb"}
    work(store, "1,aa,bb")
    for opcode in ("PREPARE", "COMMIT", "COMMIT", "FORGET"):
        assert call(store, opcode, "1,aa,bb") == {"POID": HANDLE, "TRANS_ID": "1,aa,bb", "RESULT": 0}


def test_brm_makes_an_id_when_none_is_given(store: Store) -> None:
    made = [call(store, "OPEN", flags=65536)["TRANS_ID"] for _ in range(2)]
    assert [str(each).count(",") for each in made] == [2, 2]
    assert made[0] != made[1]


def test_the_header_names_the_transaction_too(store: Store) -> None:
    assert call(store, "OPEN", header="1,aa,bb", flags=65536)["TRANS_ID"] == "1,aa,bb"
    assert call(store, "PREPARE", header="1,aa,bb")["RESULT"] == 3


def test_without_any_id_there_is_nothing_to_end(store: Store) -> None:
    with refused(Errno.TRANS_NOT_OPEN):
        call(store, "COMMIT")


def test_without_the_flag_a_transaction_only_reads(store: Store) -> None:
    call(store, "OPEN", "t1")
    with refused(Errno.READ_ONLY_TXN):
        work(store, "t1")


def test_a_time_out_must_be_positive(store: Store) -> None:
    with refused(Errno.BAD_VALUE):
        call(store, "OPEN", "t1", TRANS_TIMEOUT_IN_SECS=0)


def test_an_id_too_long_is_refused(store: Store) -> None:
    with refused(Errno.BAD_VALUE):
        call(store, "OPEN", "1" * 301)
    assert call(store, "OPEN", "1" * 300)["TRANS_ID"] == "1" * 300


def test_recover_tells_the_states_apart(store: Store) -> None:
    assert call(store, "RECOVER") == {"POID": HANDLE}
    for trans_id in ("t1", "t2", "t3"):
        call(store, "OPEN", trans_id, flags=65536)
        work(store, trans_id)
        call(store, "PREPARE", trans_id)
    call(store, "COMMIT", "t2", flags=1)
    call(store, "ABORT", "t3", flags=1)
    results = call(store, "RECOVER")["RESULTS"]
    assert isinstance(results, Array)
    found = [(each["TRANS_ID"], each["STATUS"]) for each in results.values()]
    assert found == [("t1", 1), ("t2", 2), ("t3", 3)]
    assert [call(store, "COMMIT", each)["RESULT"] for each in ("t1", "t2", "t3")] == [0, 7, 6]


# ── the state machine ────────────────────────────────────────────────────────────────────────────────────────────────

KEYS = st.sampled_from(["a", "b", "c"])


class Model:
    """What a transaction has seen and done, in memory."""

    def __init__(self) -> None:
        self.state = "open"
        self.base: dict[str, tuple[int, str] | None] = {}
        self.writes: dict[str, str] = {}
        self.claims: set[str] = set()

    @property
    def changed(self) -> bool:
        return bool(self.writes or self.claims)


class TransactionMachine(RuleBasedStateMachine):
    """Several transactions over three objects and three unique values; the store is reopened at any time.

    The model: an object is (revision, text); a transaction remembers the revision it first replaced; PREPARE succeeds
    when those are still current, nothing it changed is in a prepared transaction, and its claims are free.
    """

    url: str

    trans = Bundle("trans")

    @initialize()
    def start(self) -> None:
        self.store = self.connect()
        self.store.reset()
        self.committed: dict[str, tuple[int, str]] = {}
        self.poids: dict[str, Poid] = {}
        self.claimed: set[str] = set()
        self.models: dict[str, Model] = {}
        with self.store.session() as session:
            for key in ("a", "b", "c"):
                self.poids[key] = session.create("/account", {"ACCOUNT_NO": "0"})
                self.committed[key] = (0, "0")

    def connect(self) -> Store:
        return Store(self.url, lock_wait=timedelta(0))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()

    @rule()
    def kill(self) -> None:
        self.store.close()
        self.store = self.connect()

    @rule(target=trans)
    def open(self) -> str:
        trans_id = self.store.open()
        self.models[trans_id] = Model()
        return trans_id

    @rule(trans_id=trans, key=KEYS, text=st.text("xyz", min_size=1, max_size=3))
    def write(self, trans_id: str, key: str, text: str) -> None:
        model = self.models[trans_id]
        held = self.held_by_prepared(key, trans_id)
        with self.expect(None if model.state == "open" and not held else ErrorBuffer):
            with self.store.session(trans_id) as session:
                session.update(self.poids[key], {"ACCOUNT_NO": text})
            model.base.setdefault(key, self.committed[key])
            model.writes[key] = text

    @rule(trans_id=trans, value=KEYS)
    def claim(self, trans_id: str, value: str) -> None:
        model = self.models[trans_id]
        free = value not in self.claimed | model.claims
        with self.expect(None if model.state == "open" and free else ErrorBuffer):
            with self.store.session(trans_id) as session:
                session.claim("login", value)
            model.claims.add(value)

    @rule(trans_id=trans)
    def search(self, trans_id: str) -> None:
        model = self.models[trans_id]
        if model.state != "open":
            return
        with self.store.session(trans_id) as session:
            found = {
                poid.id: account["ACCOUNT_NO"] for account in session.find("/account") if (poid := poid_of(account))
            }
        expected = {self.poids[key].id: model.writes.get(key, self.committed[key][1]) for key in self.poids}
        assert found == expected

    @rule(trans_id=trans)
    def prepare(self, trans_id: str) -> None:
        model = self.models[trans_id]
        if model.state != "open":
            return
        if not model.changed:
            assert self.store.prepare(trans_id) is Vote.READ_ONLY
            model.state = "gone"
        elif self.can_prepare(trans_id):
            assert self.store.prepare(trans_id) is Vote.READY
            model.state = "prepared"
        else:
            with pytest.raises(ErrorBuffer):
                self.store.prepare(trans_id)
            model.state = "gone"

    @rule(trans_id=trans)
    def commit(self, trans_id: str) -> None:
        model = self.models[trans_id]
        possible = model.state in ("prepared", "committed") or (model.state == "open" and self.can_prepare(trans_id))
        if possible:
            assert self.store.commit(trans_id) is Outcome.DONE
            self.apply(model)
        else:
            with pytest.raises(ErrorBuffer):
                self.store.commit(trans_id)
            model.state = "gone"

    @rule(trans_id=trans)
    def abort(self, trans_id: str) -> None:
        model = self.models[trans_id]
        if model.state == "committed":
            with pytest.raises(ErrorBuffer):
                self.store.abort(trans_id)
        else:
            assert self.store.abort(trans_id) is Outcome.DONE
            model.state = "gone"

    @rule(trans_id=trans)
    def forget(self, trans_id: str) -> None:
        if self.models[trans_id].state == "committed":
            self.store.forget(trans_id)
            self.models[trans_id].state = "gone"

    @invariant()
    def outside_sees_what_is_committed(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.session() as session:
            found = {key: session.read(poid) for key, poid in self.poids.items()}
            taken = session.taken("login", ("a", "b", "c"))
        seen = {key: (poid_of(account).rev, account["ACCOUNT_NO"]) for key, account in found.items()}
        assert self.committed == seen
        assert self.claimed == taken

    @invariant()
    def recovery_lists_what_is_prepared(self) -> None:
        if hasattr(self, "store"):
            prepared = {trans_id for trans_id, model in self.models.items() if model.state == "prepared"}
            assert prepared == {each.trans_id for each in self.store.recover()}

    def can_prepare(self, trans_id: str) -> bool:
        model = self.models[trans_id]
        prepared = [other for name, other in self.models.items() if other.state == "prepared" and name != trans_id]
        current = all(self.committed[key] == base for key, base in model.base.items())
        held = any(key in other.writes for other in prepared for key in model.writes)
        taken = model.claims & (self.claimed | {value for other in prepared for value in other.claims})
        return current and not held and not taken

    def held_by_prepared(self, key: str, trans_id: str) -> bool:
        others = (model for name, model in self.models.items() if name != trans_id)
        return any(model.state == "prepared" and key in model.writes for model in others)

    def apply(self, model: Model) -> None:
        if model.state != "committed":
            for key, text in model.writes.items():
                self.committed[key] = (self.revision(key), text)
            self.claimed |= model.claims
        model.state = "committed"

    def revision(self, key: str) -> int:
        """Revisions rise with each write; how far is the store's business."""
        with self.store.session() as session:
            revision = poid_of(session.read(self.poids[key])).rev
        assert revision > self.committed[key][0]
        return revision

    @contextlib.contextmanager
    def expect(self, error: type[ErrorBuffer] | None) -> Iterator[None]:
        if error is None:
            yield
        else:
            with pytest.raises(error):
                yield


def poid_of(account: Flist) -> Poid:
    poid = account["POID"]
    assert isinstance(poid, Poid)
    return poid


def run(url: str, examples: int) -> None:
    machine = type("Machine", (TransactionMachine,), {"url": url})
    limits = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine, settings=limits)


def test_transactions_behave_like_the_model_on_sqlite() -> None:
    with tempfile.TemporaryDirectory() as directory:
        run(f"sqlite:///{directory}/brm.db", examples=25)


def test_transactions_behave_like_the_model_on_postgresql(postgres: Postgres) -> None:
    with postgres.database() as url:
        run(url, examples=12)
