"""An order's story while it happens: buffered, then stored with whatever outcome the attempt has."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.messaging.masking import mask
from gateway.messaging.ports import Clock, StoryStep


@dataclass(slots=True)
class StoryBook:
    """Implements the ``Story`` a service sees; ``drain`` hands the steps to the local commit."""

    clock: Clock
    attempt: int
    _steps: list[StoryStep] = field(default_factory=list)

    def tell(self, step: str, text: str = "", detail: bytes = b"") -> None:
        """Record a step; card and bank numbers in ``detail`` are covered."""
        self._steps.append(StoryStep(self.clock.now(), step, text, mask(detail), self.attempt))

    def exchange(self, opcode: str, sent: bytes, received: bytes) -> None:
        """Record an opcode call, input and output."""
        self.tell("opcode", opcode, sent + b"\n" + received)

    def steps(self) -> list[StoryStep]:
        """Return what has been told and not been drained."""
        return list(self._steps)

    def drain(self) -> None:
        """Forget what has been stored."""
        self._steps.clear()
