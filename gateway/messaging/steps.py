"""The steps of COMMIT.md, in the code's own list; crash tests kill at every one of them.

Each step has a point before and one after it (``prepare.before``, ``prepare.after``). A ``Barrier`` is told when a
point is reached; in production it does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """Every step that leaves something behind: in the gateway's database, or in BRM."""

    # forward
    CLAIM = "claim"
    RESERVE = "reserve"
    ABORT_PREVIOUS = "abort-previous"
    OPEN = "open"
    LOCK = "lock"
    WORK = "work"
    PREPARE = "prepare"
    INTEND = "intend"
    """Mode ``local`` only: record what is about to be committed."""
    COMMIT_ONE_PHASE = "commit-one-phase"
    """Mode ``local`` only."""
    DECIDE = "decide"
    COMMIT = "commit"
    RELEASE = "release"
    FORGET = "forget"
    DROP = "drop"
    # failure
    ABORT = "abort"
    FAIL = "fail"
    # recovery
    RECOVER = "recover"
    RECOVERY_DECIDE = "recovery-decide"
    RECOVERY_ABORT = "recovery-abort"
    RECOVERY_COMMIT = "recovery-commit"
    RECOVERY_RELEASE = "recovery-release"
    RECOVERY_FORGET = "recovery-forget"
    RECOVERY_DROP = "recovery-drop"
    ASK = "ask"
    """Mode ``local`` only: ask BRM by COMMON id whether the commit took place."""
    SETTLE = "settle"
    """Mode ``local`` only: the local commit (or its opposite) after asking."""
    SWEEP = "sweep"


POINTS: tuple[str, ...] = tuple(f"{step}.{side}" for step in Step for side in ("before", "after"))
"""Every point a barrier can be told of."""


class Barrier(Protocol):
    """Told of each point as it is reached; may block, or never return."""

    def reached(self, point: str) -> None:
        """Do whatever a test wants at ``point`` (one of POINTS)."""


class NoBarrier:
    """Production's barrier."""

    def reached(self, point: str) -> None:
        """Let everything pass."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Marks steps for a barrier."""

    barrier: Barrier

    @contextmanager
    def at(self, step: Step) -> Iterator[None]:
        """Reach the points before and (unless the step fails) after the enclosed work."""
        self.barrier.reached(f"{step}.before")
        yield
        self.barrier.reached(f"{step}.after")


@dataclass(frozen=True, slots=True)
class SecondPhaseSteps:
    """Worker and recovery run the same second phase, under different names."""

    commit: Step
    release: Step
    forget: Step
    drop: Step


BY_WORKER = SecondPhaseSteps(Step.COMMIT, Step.RELEASE, Step.FORGET, Step.DROP)
BY_RECOVERY = SecondPhaseSteps(Step.RECOVERY_COMMIT, Step.RECOVERY_RELEASE, Step.RECOVERY_FORGET, Step.RECOVERY_DROP)
