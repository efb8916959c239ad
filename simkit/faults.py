"""What shall go wrong, and when: a fault waits for calls of its operation and acts on those it is meant for."""

from __future__ import annotations

import random
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ANY_OPERATION = "*"
MOST_SECONDS = 600


class Action(StrEnum):
    """What a fault does.

    ``error`` answers the product's own error, ``drop`` closes the connection without an answer, ``block`` holds the
    call at a barrier until it is released or the process is killed.
    """

    ERROR = "error"
    DELAY = "delay"
    DROP = "drop"
    BLOCK = "block"


class Stage(StrEnum):
    """Before the operation has any effect, or after all its effects are durable."""

    BEFORE = "before"
    AFTER = "after"


class Fault(BaseModel):
    """A fault: from the ``nth`` call of ``operation`` on, ``count`` times (null: always), with a ``probability``.

    Chance is drawn from ``seed`` and the number of the call: the same calls meet the same faults, in any process.
    ``error`` is the product's own wording of an error, ``seconds`` the length of a delay.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Annotated[str, Field(min_length=1)] = ANY_OPERATION
    nth: Annotated[int, Field(ge=1)] = 1
    count: Annotated[int, Field(ge=1)] | None = 1
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int = 0
    action: Action
    at: Stage = Stage.BEFORE
    seconds: Annotated[float, Field(gt=0, le=MOST_SECONDS)] | None = None
    error: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.action is Action.DELAY) is not (self.seconds is not None):
            raise ValueError("seconds belongs to the action delay, and is required there")
        if (self.action is Action.ERROR) is not (self.error is not None):
            raise ValueError("error belongs to the action error, and is required there")
        return self

    def concerns(self, operation: str) -> bool:
        """Whether it waits for calls of ``operation``."""
        return self.operation in (ANY_OPERATION, operation)

    def strikes(self, call: int, struck: int) -> bool:
        """Whether it acts on its ``call``-th call (from 1), having acted ``struck`` times."""
        due = call >= self.nth and (self.count is None or struck < self.count)
        return due and random.Random(f"{self.seed}:{call}").random() < self.probability  # noqa: S311 - a test's dice
