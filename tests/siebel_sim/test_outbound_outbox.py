"""The outbox of the simulators, on both databases: what is delivered when, by a clock that only the tests move."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, create_engine

from siebel_sim.store import Store
from simkit.outbox import Message, Outbox, Patience, Sender, SoapDelivery
from simkit.store.outbox import State, outbox_table
from soapkit.faults import NotSent, RemoteFault, Unreachable

PATIENCE = Patience(first=1, most=8, tries=3, lease=100)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Receiver:
    """Takes messages, but for those that ``trouble`` says: by message id, what is raised at the next tries."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.trouble: dict[str, list[Exception]] = {}

    def __call__(self, message: Message) -> None:
        if waiting := self.trouble.get(message.message_id):
            raise waiting.pop(0)
        self.taken.append(message.message_id)


class Bench:
    """An outbox, its sender, and the clock of both."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.outbox: Outbox = store.outbox
        self.receiver = Receiver()
        self.now = 1_000.0
        self.sender = self.another()

    def another(self) -> Sender:
        return Sender(self.outbox, self.receiver, PATIENCE, now=lambda: self.now, threads=1)

    def put(self, *names: str) -> None:
        """Put messages called like ``a1``: the letter is the record."""
        with self.store.writing(NOW) as session:
            self.outbox.put(session.connection, [Message(name, name[0], "Tell", "<a/>") for name in names], self.now)

    def run(self, steps: int = 1_000) -> list[str]:
        """Deliver all that is due; everything that was taken up to now."""
        while steps and self.sender.step():
            steps -= 1
        return self.receiver.taken

    def states(self) -> dict[str, str]:
        return {each["message_id"]: each["state"] for each in self.outbox.entries()}


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    with closing(Store(database_url, {})) as store:
        yield Bench(store)


def refusal() -> RemoteFault:
    return RemoteFault("Server", "busy")


def test_messages_are_delivered_in_the_order_in_which_they_were_put(bench: Bench) -> None:
    bench.put("a1", "b1", "a2")
    bench.put("a3")
    assert bench.run() == ["a1", "b1", "a2", "a3"]
    assert bench.outbox.counts() == {"waiting": 0, "sent": 4, "parked": 0}


def test_a_record_that_fails_keeps_its_order_and_delays_no_other(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [refusal()]
    bench.put("a1", "a2", "b1", "b2")
    assert bench.run() == ["b1", "b2"]
    bench.now += PATIENCE.first
    assert bench.run() == ["b1", "b2", "a1", "a2"]


def test_the_waits_double_up_to_the_longest_while_nobody_is_reached_and_nothing_dies_of_it(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [Unreachable("nobody") for _ in range(6)]
    bench.put("a1")
    waits = []
    for _ in range(6):
        assert bench.sender.step()
        (row,) = bench.outbox.entries()
        waits.append(row["due"] - bench.now)
        bench.now = row["due"] - 0.01
        assert not bench.sender.step()
        bench.now = row["due"]
    assert waits == [1, 2, 4, 8, 8, 8]
    assert bench.run() == ["a1"]


def test_a_message_that_is_refused_too_often_is_parked_and_holds_only_its_own_record(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [refusal() for _ in range(PATIENCE.tries)]
    bench.put("a1", "a2", "b1")
    for _ in range(PATIENCE.tries):
        bench.run()
        bench.now += PATIENCE.most
    assert bench.run() == ["b1"]
    assert bench.states() == {"a1": "parked", "a2": "waiting", "b1": "sent"}
    (parked,) = bench.outbox.entries(state=State.PARKED)
    assert parked["error"] == "RemoteFault: Server: busy"


def test_what_is_parked_lives_again_when_it_is_retried_and_its_record_goes_on_in_order(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [NotSent("/a", "type", "wrong")]
    bench.put("a1", "a2")
    assert bench.run() == []
    assert bench.states()["a1"] == "parked"
    assert bench.outbox.retry() == 1
    assert bench.run() == ["a1", "a2"]
    assert bench.outbox.retry() == 0


def test_what_is_discarded_lets_its_record_go_on_and_only_parked_messages_are(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [ValueError("it can never be sent")]
    bench.put("a1", "a2")
    bench.run()
    parked, waiting = bench.outbox.entries()
    assert bench.outbox.discard(waiting["number"]) == 0
    assert bench.outbox.discard(parked["number"]) == 1
    assert bench.run() == ["a2"]


def test_a_retry_makes_due_at_once_what_backs_off(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [Unreachable("nobody")]
    bench.put("a1")
    assert bench.run() == []
    assert bench.outbox.retry(bench.outbox.entries()[0]["number"]) == 1
    assert bench.run() == ["a1"]


def test_a_mistake_in_delivering_is_written_down_and_tried_again(bench: Bench) -> None:
    bench.receiver.trouble["a1"] = [ZeroDivisionError("a mistake")]
    bench.put("a1", "b1")
    assert bench.run() == ["b1"]
    assert bench.outbox.entries()[0]["error"] == "ZeroDivisionError: a mistake"
    bench.now += PATIENCE.first
    assert bench.run() == ["b1", "a1"]


def test_what_a_dead_worker_had_claimed_is_delivered_when_its_lease_ends(bench: Bench) -> None:
    bench.put("a1", "a2", "b1")
    claimed = bench.outbox.claim(bench.now, PATIENCE.lease)
    assert claimed is not None
    assert claimed.message.message_id == "a1"
    assert bench.run() == ["b1"]
    assert bench.outbox.retry() == 0  # it has not failed: it may be on its way
    bench.now += PATIENCE.lease
    assert bench.run() == ["b1", "a1", "a2"]
    assert not bench.outbox.sent(claimed, bench.now)  # the dead worker was only slow: its word counts no more
    assert not bench.outbox.failed(claimed, "late", due=0, counts=True, parks=True)
    assert set(bench.states().values()) == {"sent"}


def test_rows_that_were_not_delivered_survive_a_restart(database_url: str) -> None:
    with closing(Store(database_url, {})) as store:
        Bench(store).put("a1", "a2")
    with closing(Store(database_url, {})) as store:
        assert Bench(store).run() == ["a1", "a2"]


def test_what_is_rolled_back_is_never_told(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError):
        put_and_fail(bench)
    assert bench.run() == []
    assert bench.outbox.counts()["waiting"] == 0


def put_and_fail(bench: Bench) -> None:
    with bench.store.writing(NOW) as session:
        bench.outbox.put(session.connection, [Message("a1", "a", "Tell", "<a/>")], bench.now)
        raise ZeroDivisionError


def test_of_what_was_delivered_the_last_are_kept(database_url: str) -> None:
    engine, table = create_engine(database_url), outbox_table(MetaData())
    table.create(engine)
    outbox = Outbox(table, reading=engine.connect, writing=engine.begin, keep=20)
    with engine.begin() as connection:
        outbox.put(connection, [Message(f"a{number}", "a", "Tell", "<a/>") for number in range(250)], 1)
    sender = Sender(outbox, Receiver(), PATIENCE, now=lambda: 2.0)
    while sender.step():
        pass
    kept = [each["message_id"] for each in outbox.entries()]
    engine.dispose()
    assert kept == [f"a{number}" for number in range(180, 250)]


def test_two_workers_deliver_everything_once_and_in_order(database_url: str) -> None:
    with closing(Store(database_url, {})) as one, closing(Store(database_url, {})) as other:
        bench, twin = Bench(one), Bench(other)
        twin.receiver = bench.receiver
        names = [f"{record}{number}" for number in range(10) for record in "abcdefgh"]
        bench.put(*names)
        senders = [each.another() for each in (bench, twin) for _ in range(2)]
        threads = [threading.Thread(target=until_empty, args=(sender, bench.outbox)) for sender in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert Counter(bench.receiver.taken) == Counter(names)
        for record in "abcdefgh":
            mine = [name for name in bench.receiver.taken if name.startswith(record)]
            assert mine == sorted(mine)


def until_empty(sender: Sender, outbox: Outbox) -> None:
    while outbox.counts()["waiting"]:
        sender.step()


def test_a_message_of_an_operation_that_no_contract_has_is_parked(bench: Bench) -> None:
    sender = Sender(bench.outbox, SoapDelivery((), lambda _: ""), PATIENCE, now=lambda: bench.now)
    bench.put("a1")
    assert sender.step()
    assert bench.states() == {"a1": "parked"}


def test_threads_deliver_until_they_are_stopped_and_need_no_poll_when_they_are_woken(bench: Bench) -> None:
    taken = threading.Event()
    sender = Sender(bench.outbox, lambda _: taken.set(), PATIENCE, now=lambda: bench.now, threads=2, idle=3600)
    sender.start()
    bench.put("a1")
    sender.wake()
    assert taken.wait(20)
    sender.stop()
    bench.put("a2")
    assert bench.states()["a2"] == "waiting"


TROUBLE: dict[str, Callable[[], Exception]] = {"refused": refusal, "away": lambda: Unreachable("nobody")}
TROUBLES = st.lists(st.sampled_from(sorted(TROUBLE)), max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), TROUBLES), max_size=12), st.integers(1, 20))
def test_whatever_fails_each_record_is_told_whole_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, list[str]]], together: int
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('outbox') / 'outbox.sqlite'}"
    with closing(Store(url, {})) as store:
        bench = Bench(store)
        names = [f"{record}{number:02}" for number, (record, _) in enumerate(told)]
        for name, (_, troubles) in zip(names, told, strict=True):
            bench.receiver.trouble[name] = [TROUBLE[each]() for each in troubles]
        for start in range(0, len(names), together):
            bench.put(*names[start : start + together])
            bench.run(3)
        while bench.outbox.counts()["sent"] < len(names):
            bench.run()
            bench.now += PATIENCE.most
            bench.outbox.retry()
        assert sorted(bench.receiver.taken) == sorted(names)
        for record in "abc":
            mine = [name for name in bench.receiver.taken if name.startswith(record)]
            assert mine == sorted(mine)
