"""A kill at every step of the code's own list; then recovery; then COMMIT.md's invariants.

Each step has a scene that reaches it: what is ordered, what goes wrong on the way, and, for steps of recovery, the
kill that makes recovery necessary. The list of scenes is complete or the first test fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from gateway.errors import Disconnected, GatewayError, InDoubt
from gateway.messaging.queues import State
from gateway.messaging.steps import POINTS, Step
from gateway.messaging.xa import Mode
from gateway.store.unit_of_work import SqlDatabase
from tests.doubles.brm import Fault, MemoryBrm
from tests.doubles.clock import FakeClock
from tests.doubles.orders import OrderService, order
from tests.flows.gateway import LEASE, Gateway, KillAt, Killed, check_invariants

GONE = Disconnected("BRM is away")
NO_ANSWER = InDoubt("no answer")


@dataclass(frozen=True)
class Scene:
    """How a step is reached."""

    mode: Mode = Mode.XA
    refused: bool = False
    fault: Fault | None = None
    first_kill: str | None = None


PLAIN = Scene()
LOCAL = Scene(Mode.LOCAL)
UNDECIDED = Scene(first_kill="prepare.after")
DECIDED = Scene(first_kill="decide.after")

SCENES: dict[Step, Scene] = {
    **dict.fromkeys((Step.CLAIM, Step.RESERVE, Step.OPEN, Step.LOCK, Step.WORK, Step.PREPARE, Step.DECIDE), PLAIN),
    **dict.fromkeys((Step.COMMIT, Step.RELEASE, Step.FORGET, Step.DROP), PLAIN),
    Step.ABORT_PREVIOUS: Scene(fault=Fault("prepare", GONE, after=True)),
    **dict.fromkeys((Step.INTEND, Step.COMMIT_ONE_PHASE), LOCAL),
    Step.ASK: Scene(Mode.LOCAL, fault=Fault("commit", NO_ANSWER, after=True)),
    Step.SETTLE: Scene(Mode.LOCAL, first_kill="commit-one-phase.after"),
    **dict.fromkeys((Step.ABORT, Step.FAIL), Scene(refused=True)),
    **dict.fromkeys((Step.RECOVER, Step.RECOVERY_DECIDE, Step.RECOVERY_ABORT, Step.SWEEP), UNDECIDED),
    **dict.fromkeys((Step.RECOVERY_COMMIT, Step.RECOVERY_RELEASE), DECIDED),
    **dict.fromkeys((Step.RECOVERY_FORGET, Step.RECOVERY_DROP), DECIDED),
}


def test_every_step_has_its_scene() -> None:
    assert set(Step) == set(SCENES)


@pytest.mark.parametrize("brm_crashes", [False, True], ids=["", "brm-too"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_at(database: SqlDatabase, point: str, *, brm_crashes: bool) -> None:
    scene = SCENES[Step(point.split(".", maxsplit=1)[0])]
    brm = MemoryBrm(mode=scene.mode)
    brm.forget_commits = scene.mode is Mode.LOCAL and brm_crashes
    gateway = Gateway.on(database, brm, FakeClock(), barrier=_kill(scene.first_kill))
    gateway.seed()
    _order(gateway, scene)
    if scene.first_kill is not None:
        with pytest.raises(Killed):
            gateway.drain()
    killer = KillAt(point)
    gateway = _again(gateway, killer, brm_crashes=brm_crashes)
    if scene.fault is not None:
        brm.faults.append(Fault(scene.fault.what, scene.fault.error, after=scene.fault.after))

    with pytest.raises(Killed):
        _run(gateway)

    brm.faults.clear()
    gateway = _again(gateway, None, brm_crashes=brm_crashes)
    _run(gateway)
    check_invariants(gateway)
    expected = {State.ERROR} if scene.refused else {State.DONE}
    assert expected == gateway.message_states()


@dataclass
class SleepAt:
    """A barrier where one worker falls asleep so long that everybody takes it for dead, and then goes on."""

    point: str
    other: Gateway | None = None
    done: bool = False

    def reached(self, point: str) -> None:
        if point == self.point and not self.done and self.other is not None:
            self.done = True
            self.other.clock.advance(LEASE * 2)
            _run(self.other)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_taken_for_dead_goes_on_after_others_have_done_its_work(database: SqlDatabase, point: str) -> None:
    scene = SCENES[Step(point.split(".", maxsplit=1)[0])]
    brm, clock = MemoryBrm(mode=scene.mode), FakeClock()
    sleeper = SleepAt(point)
    one = Gateway.on(database, brm, clock, barrier=_kill(scene.first_kill))
    one.seed()
    _order(one, scene)
    if scene.first_kill is not None:
        with pytest.raises(Killed):
            one.drain()
        clock.advance(LEASE * 2)
    one = Gateway.on(database, brm, clock, barrier=sleeper)
    sleeper.other = Gateway.on(database, brm, clock, owner="worker-2")
    if scene.fault is not None:
        brm.faults.append(Fault(scene.fault.what, scene.fault.error, after=scene.fault.after))

    _run(one)

    assert sleeper.done
    _run(Gateway.on(database, brm, clock, owner="worker-3"))
    check_invariants(one)
    expected = {State.ERROR} if scene.refused else {State.DONE}
    assert expected == one.message_states()


@pytest.mark.parametrize("point", POINTS)
def test_a_soap_request_killed_can_be_asked_again(database: SqlDatabase, point: str) -> None:
    scene = SCENES[Step(point.split(".", maxsplit=1)[0])]
    brm = MemoryBrm(mode=scene.mode)
    gateway = Gateway.on(database, brm, FakeClock(), barrier=_kill(scene.first_kill or point))
    gateway.seed()
    if scene.fault is not None:
        brm.faults.append(Fault(scene.fault.what, scene.fault.error, after=scene.fault.after))
    body = order("1-1", "a", login="refused" if scene.refused else "")
    try:
        gateway.coordinator.run_request(OrderService(), body)
    except (Killed, GatewayError):
        brm.faults.clear()
    gateway = _again(gateway, None, brm_crashes=True)
    gateway.recover()

    if not scene.refused:
        assert b'"order": "1-1"' in gateway.coordinator.run_request(OrderService(), body)
        assert len(brm.made_for("asset-a")) == 1
    gateway.clock.advance(LEASE * 2)
    gateway.recover()
    check_invariants(gateway)
    assert {message.state for message in gateway.messages("")} == {State.DONE}


def _kill(point: str | None) -> KillAt | None:
    return None if point is None else KillAt(point)


def _order(gateway: Gateway, scene: Scene) -> None:
    gateway.put(order("1-1", "a", "b", reply=True, login="refused" if scene.refused else ""))


def _again(gateway: Gateway, barrier: KillAt | None, *, brm_crashes: bool) -> Gateway:
    if brm_crashes:
        gateway.brm.crash()
    gateway.clock.advance(LEASE * 2)
    return Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=barrier, owner="worker-2")


def _run(gateway: Gateway) -> None:
    """Do what a process does: recover, consume, and recover by the timer."""
    gateway.recover()
    gateway.drain()
    gateway.clock.advance(LEASE + timedelta(seconds=1))
    gateway.recover()
