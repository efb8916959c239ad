"""A worker's threads: they consume, recover and stop; timers outlive what goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.adapters.barriers import VARIABLE, barrier_from_environment
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.leases import Leases
from gateway.messaging.queues import Claim, State
from gateway.messaging.steps import Barrier, NoBarrier
from gateway.messaging.time import StoppablePause, SystemClock
from gateway.messaging.transactions import build
from gateway.store.unit_of_work import SqlDatabase
from gateway.worker import Heartbeat, Worker
from tests.doubles.brm import MemoryBrm
from tests.doubles.orders import order
from tests.flows.gateway import Gateway, check_invariants

BOUND = 30.0


class Counting:
    """A barrier that tells when a point was reached often enough."""

    def __init__(self, point: str, times: int) -> None:
        self.point = point
        self.left = times
        self.enough = threading.Event()

    def reached(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                self.enough.set()


def test_a_worker_consumes_until_it_is_stopped(gateway: Gateway) -> None:
    gateway.clock.moment = SystemClock().now()
    for number in range(5):
        gateway.put(order(f"1-{number}", f"line-{number}", reply=True))
    worker, pause, done = _worker(gateway, Counting("drop.after", 5))
    worker.start()
    assert done.wait(BOUND)
    worker.stop()
    assert pause.stopping
    assert not [thread for thread in worker._threads if thread.is_alive()]
    assert gateway.message_states() == {State.DONE}
    check_invariants(gateway)


def test_timers_go_on_after_a_fault_of_the_program(gateway: Gateway) -> None:
    class Broken(MemoryBrm):
        def recover(self) -> list[object]:  # type: ignore[override] # it never returns
            raise ZeroDivisionError

    broken = Gateway.on(gateway.database, Broken(), gateway.clock)
    worker, _, twice = _worker(broken, Counting("recover.before", 3))
    worker.start()
    assert twice.wait(BOUND)
    worker.stop()


def test_a_request_over_soap_keeps_its_lease_while_it_is_worked_on(gateway: Gateway) -> None:
    pause, clock = StoppablePause(), gateway.clock
    leases = Leases(gateway.database, clock, owner="s", length=timedelta(milliseconds=30))
    with gateway.database.begin() as work:
        claim = work.messages.admit(b"<order/>", "s", clock.now(), leases.until())
        work.commit()
    clock.advance(timedelta(minutes=1))
    with leases.holding(claim):
        heart = Heartbeat(leases, pause).start()
        for _ in range(int(BOUND * 100)):
            if _leased(gateway, claim):
                break
            pause.pause(timedelta(milliseconds=10))
        assert _leased(gateway, claim)
    pause.stop()
    heart.join(BOUND)
    assert not heart.is_alive()


def test_a_worker_whose_threads_all_hang_is_given_one_grace(gateway: Gateway) -> None:
    let_go = threading.Event()

    class Hanging:
        def reached(self, point: str) -> None:
            if point == "claim.before":
                let_go.wait(BOUND * 2)

    worker, _, _ = _worker(gateway, Hanging(), threads=80, grace=timedelta(seconds=0.5))
    worker.start()
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    stopping.join(BOUND)
    stopped = not stopping.is_alive()
    let_go.set()
    for thread in (stopping, *worker._threads):
        thread.join(BOUND)
    assert stopped


def test_a_process_stops_at_an_armed_point_until_it_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    pause = StoppablePause()
    barrier = barrier_from_environment(pause)
    barrier.reached("open.before")
    (tmp_path / "prepare.after.armed").touch()
    passing = threading.Thread(target=barrier.reached, args=("prepare.after",))
    passing.start()
    for _ in range(int(BOUND * 100)):
        if (tmp_path / "prepare.after.reached").exists():
            break
        pause.pause(timedelta(milliseconds=10))
    assert (tmp_path / "prepare.after.reached").exists()
    assert passing.is_alive()
    (tmp_path / "prepare.after.release").touch()
    passing.join(BOUND)
    assert not passing.is_alive()


def test_without_the_variable_there_is_no_barrier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert isinstance(barrier_from_environment(StoppablePause()), NoBarrier)


def _leased(gateway: Gateway, claim: Claim) -> bool:
    with gateway.database.read() as work:
        return work.messages.leased(claim.intake, claim.attempt, gateway.clock.now())


def _worker(
    gateway: Gateway, barrier: Barrier, *, threads: int = 1, grace: timedelta = timedelta(seconds=BOUND)
) -> tuple[Worker, StoppablePause, threading.Event]:
    assert isinstance(gateway.database, SqlDatabase)
    clock, pause = SystemClock(), StoppablePause()
    leases = Leases(gateway.database, clock, owner="w", length=timedelta(seconds=30))
    coordinator = build(
        gateway.database, {"BRM_01": gateway.brm}, clock=clock, pause=pause, leases=leases, barrier=barrier
    )
    quick = timedelta(milliseconds=5)
    route = replace(gateway.consumer.route, threads=threads)
    assert isinstance(route, QueueRoute)
    worker = Worker(coordinator, [route], pause, idle=quick, recovery=quick, grace=grace)
    return worker, pause, barrier.enough if isinstance(barrier, Counting) else threading.Event()
