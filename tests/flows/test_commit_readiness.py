"""Recovery as the gate that every order passes: a BRM lost meanwhile, and what one BRM's trouble is to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.messaging.leases import Leases
from gateway.messaging.transactions import build
from gateway.messaging.xa import Recovered
from tests.doubles.brm import MemoryBrm
from tests.flows.gateway import LEASE, Gateway


@dataclass(slots=True)
class LostMeanwhile:
    """A barrier: another thread loses BRM while recovery has its list already, once."""

    lost: int = 0
    gateway: Gateway | None = None

    def reached(self, point: str) -> None:
        if point == "sweep.before" and self.gateway is not None and not self.lost:
            self.lost = 1
            self.gateway.coordinator.recovery.disconnected("BRM_01")


class Unreadable(MemoryBrm):
    """A BRM whose answer makes no sense."""

    def recover(self) -> Sequence[Recovered]:
        raise KeyError("STATUS")


def test_a_brm_that_is_lost_while_recovery_runs_is_recovered_again_before_it_is_used(gateway: Gateway) -> None:
    barrier = LostMeanwhile()
    process = barrier.gateway = Gateway.on(gateway.database, gateway.brm, gateway.clock, barrier=barrier)
    process.coordinator.recovery.ready("BRM_01")
    process.coordinator.recovery.ready("BRM_01")
    assert gateway.brm.calls.count("recover") == 2


def test_a_brm_that_breaks_recovery_keeps_it_from_no_other(gateway: Gateway) -> None:
    other = MemoryBrm("BRM_02")
    brms = {"BRM_01": Unreadable(), "BRM_02": other}
    leases = Leases(gateway.database, gateway.clock, owner="w", length=LEASE)
    coordinator = build(gateway.database, brms, clock=gateway.clock, pause=gateway.clock, leases=leases)
    coordinator.recovery.run_all()
    assert other.calls == ["recover"]
