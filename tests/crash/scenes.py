"""How each step of the commit protocol is reached in real processes, so that one can be killed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.messaging.steps import Step
from tests.crash.site import LOCAL, XA


@dataclass(frozen=True, slots=True)
class Scene:
    """``first_kill`` is the point where a worker dies before, and so leaves work to the one that is to die here.

    ``refused``: BRM refuses the order's last opcode, for as long as that matters. ``forgotten``: BRM does not remember
    what it committed in one phase, so that only what it holds can tell.
    """

    first_kill: str = ""
    refused: bool = False
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One kill: in which mode, at which point ("" = none), in which scene."""

    mode: str
    point: str
    scene: Scene

    @property
    def step(self) -> Step:
        return Step(self.point.rpartition(".")[0])

    @property
    def kills(self) -> tuple[str, ...]:
        """The points at which a worker is killed, one after the other."""
        return tuple(filter(None, (self.scene.first_kill, self.point)))

    def __str__(self) -> str:
        return f"mode {self.mode}, killed at {' and '.join(self.kills)}"


_PLAIN = (Scene(),)
_REFUSED = (Scene(refused=True),)
_AGAIN = (Scene("work.after"),)
_UNDECIDED = (Scene("prepare.after"),)
_DECIDED = (Scene("decide.after"),)
_INTENDED = (
    Scene("intend.after"),
    Scene("commit-one-phase.after"),
    Scene("commit-one-phase.after", forgotten=True),
)

SCENES: dict[tuple[str, Step], tuple[Scene, ...]] = {
    **{(mode, step): _PLAIN for mode in (XA, LOCAL) for step in (Step.CLAIM, Step.RESERVE, Step.OPEN, Step.LOCK)},
    **{(mode, step): _PLAIN for mode in (XA, LOCAL) for step in (Step.WORK, Step.DECIDE)},
    **{(mode, step): _REFUSED for mode in (XA, LOCAL) for step in (Step.ABORT, Step.FAIL)},
    **{(mode, Step.ABORT_PREVIOUS): _AGAIN for mode in (XA, LOCAL)},
    **{(XA, step): _PLAIN for step in (Step.PREPARE, Step.COMMIT, Step.RELEASE, Step.FORGET, Step.DROP)},
    **{(LOCAL, step): _PLAIN for step in (Step.INTEND, Step.COMMIT_ONE_PHASE)},
    **{(XA, step): _UNDECIDED for step in (Step.RECOVER, Step.RECOVERY_DECIDE, Step.RECOVERY_ABORT, Step.SWEEP)},
    (XA, Step.RECOVERY_COMMIT): (Scene("decide.after"), Scene("commit.after")),
    (XA, Step.RECOVERY_RELEASE): _DECIDED,
    (XA, Step.RECOVERY_FORGET): (Scene("decide.after"), Scene("release.after")),
    (XA, Step.RECOVERY_DROP): (Scene("decide.after"), Scene("forget.after")),
    (LOCAL, Step.ASK): _INTENDED,
    (LOCAL, Step.SETTLE): (_INTENDED[0], _INTENDED[-1]),
    (LOCAL, Step.SWEEP): (Scene("commit-one-phase.after"),),
}

_ONE_PHASE = "BRM commits in one phase: nothing is prepared, no decision binds it, it lists nothing to recover"
_TWO_PHASES = "the decision says what became of the order: no intent is recorded, and nobody has to ask BRM"

UNREACHABLE: dict[tuple[str, Step], str] = {
    **{(LOCAL, step): _ONE_PHASE for step in (Step.PREPARE, Step.COMMIT, Step.RELEASE, Step.FORGET, Step.DROP)},
    **{(LOCAL, step): _ONE_PHASE for step in (Step.RECOVER, Step.RECOVERY_DECIDE, Step.RECOVERY_ABORT)},
    **{(LOCAL, step): _ONE_PHASE for step in (Step.RECOVERY_COMMIT, Step.RECOVERY_RELEASE)},
    **{(LOCAL, step): _ONE_PHASE for step in (Step.RECOVERY_FORGET, Step.RECOVERY_DROP)},
    **{(XA, step): _TWO_PHASES for step in (Step.INTEND, Step.COMMIT_ONE_PHASE, Step.ASK, Step.SETTLE)},
}
"""Steps that a mode does not have, and why."""


def _cases() -> Iterator[Case]:
    for (mode, step), scenes in SCENES.items():
        for scene in scenes:
            yield from (Case(mode, f"{step}.{side}", scene) for side in ("before", "after"))


CASES = tuple(_cases())
