"""One call of a simulator, under the control of a test: clock, faults before and after, journal.

The product says what the call does; here it is only surrounded. Nothing of it holds a database transaction open.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from simkit.faults import Action, Stage
from simkit.journal import Entry, Outcome
from simkit.store import ControlStore, Posted
from soapkit.faults import Hangup

_POLL_SECONDS = 0.02
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What a call came to: the product's answer, and the JSON value the journal shows of it."""

    answer: T
    shown: Any


@dataclass(frozen=True, slots=True)
class Called:
    """A call as the control sees it; ``shown`` is the JSON value the journal shows of its request."""

    operation: str
    transaction: str | None
    correlation_id: str
    shown: Any


WordError = Callable[[dict[str, Any]], Exception]
"""The product turns the ``error`` of a fault into what it raises; ValueError when it cannot."""

ShowError = Callable[[Exception], Any]
"""The JSON value the journal shows of the product's own error; None for an exception that is a mistake."""


class Simulation:
    """Runs calls under the control of what is in ``store``."""

    def __init__(self, store: ControlStore, *, word_error: WordError, show_error: ShowError) -> None:
        self.store = store
        self.word_error = word_error
        self._show_error = show_error

    def now(self) -> datetime:
        """Give the virtual time."""
        return self.store.clock().now(datetime.now(UTC))

    def run(self, called: Called, work: Callable[[datetime], Told[T]]) -> T:
        """Do ``work`` at the virtual time, with the faults that act on this call; write the journal.

        Raises what ``work`` or a fault raises, and Hangup where the answer is to be dropped.
        """
        started = time.monotonic()
        clock, acting = self.store.begin(called.operation)
        now = clock.now(datetime.now(UTC))
        try:
            self._act(called, acting, Stage.BEFORE)
            told = work(now)
            self._act(called, acting, Stage.AFTER)
        except Exception as error:
            self._record(called, now, started, *self._ending(error))
            raise
        self._record(called, now, started, Outcome.ANSWERED, told.shown)
        return told.answer

    def refused(self, called: Called, error: Exception) -> None:
        """Write a call into the journal that was refused before it could be run."""
        self._record(called, self.now(), time.monotonic(), *self._ending(error))

    def _ending(self, error: Exception) -> tuple[Outcome, Any]:
        if isinstance(error, Hangup):
            return Outcome.DROPPED, str(error)
        shown = self._show_error(error)
        return (Outcome.FAILED, type(error).__name__) if shown is None else (Outcome.REFUSED, shown)

    def _record(self, called: Called, now: datetime, started: float, outcome: Outcome, shown: Any) -> None:
        spent = time.monotonic() - started
        self.store.record(
            Entry(now, called.operation, called.transaction, called.correlation_id, called.shown, outcome, shown, spent)
        )

    def _act(self, called: Called, acting: Sequence[Posted], stage: Stage) -> None:
        for posted in acting:
            if posted.fault.at is stage:
                self._perform(called, posted, stage)

    def _perform(self, called: Called, posted: Posted, stage: Stage) -> None:
        fault = posted.fault
        if fault.action is Action.DELAY:
            time.sleep(fault.seconds or 0.0)
        elif fault.action is Action.BLOCK:
            self._hold(called, posted, stage)
        elif fault.action is Action.DROP:
            raise Hangup(f"{stage} the effect")
        else:
            raise self.word_error(fault.error or {})

    def _hold(self, called: Called, posted: Posted, stage: Stage) -> None:
        """Wait at a barrier; polled, because the process that releases it may be another one."""
        barrier = self.store.reach(posted.id, called.operation, stage.value, os.getpid(), called.correlation_id)
        while not self.store.released(barrier):
            time.sleep(_POLL_SECONDS)
