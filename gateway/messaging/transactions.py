"""The commit protocol, put together: the one module that knows all its parts (COMMIT.md).

``coordinator`` is the forward path, ``failure`` the failure path, ``second_phase`` and ``recovery`` what follows;
``one_phase`` and ``in_doubt`` are mode ``local``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.messaging.coordinator import Coordinator
from gateway.messaging.failure import FailurePath
from gateway.messaging.forcing import Forcing
from gateway.messaging.in_doubt import InDoubtCommits
from gateway.messaging.leases import Leases
from gateway.messaging.local_commit import LocalCommits
from gateway.messaging.one_phase import OnePhase
from gateway.messaging.ports import Clock, Database, Pause
from gateway.messaging.recovery import Recovery
from gateway.messaging.second_phase import SecondPhase
from gateway.messaging.steps import Barrier, NoBarrier, Steps
from gateway.messaging.xa import LOCK, Brm

__all__ = ["LOCK", "Coordinator", "build"]


def build(
    database: Database,
    brms: Mapping[str, Brm],
    *,
    clock: Clock,
    pause: Pause,
    leases: Leases,
    barrier: Barrier | None = None,
    patience: timedelta = timedelta(seconds=10),
) -> Coordinator:
    """Put the protocol together; recovery is its ``recovery``."""
    steps = Steps(barrier or NoBarrier())
    second_phase = SecondPhase(database, clock, steps)
    in_doubt = InDoubtCommits(database, clock, steps)
    local = LocalCommits(database, clock, steps, leases)
    recovery = Recovery(database, brms, second_phase, in_doubt, clock, steps)
    return Coordinator(
        database=database,
        brms=brms,
        clock=clock,
        pause=pause,
        leases=leases,
        steps=steps,
        local=local,
        one_phase=OnePhase(database, brms, steps, local, in_doubt),
        second_phase=second_phase,
        recovery=recovery,
        failure=FailurePath(local, recovery, steps),
        forcing=Forcing(database, clock, second_phase, in_doubt, recovery),
        patience=patience,
    )
