"""Operators' use cases about answers that go to partners' own addresses: look, retry, drop. For CLI and console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.admin import NotPossible
from gateway.messaging.delivery import alarm_of
from gateway.messaging.ports import Clock, Database, FalloutKind, Work
from gateway.messaging.replies import Reply, ReplyState


@dataclass(frozen=True, slots=True)
class ReplyDesk:
    """The use cases. What cannot be done raises NotPossible, saying why; everything that is done is one commit."""

    database: Database
    clock: Clock

    def list(self, states: Sequence[ReplyState] = (), limit: int = 100) -> list[Reply]:
        """Return replies in these states (none named: all), oldest first."""
        with self.database.read() as work:
            return work.replies.find(states, limit=limit)

    def show(self, number: int) -> Reply:
        """Return one."""
        with self.database.read() as work:
            return _known(work, number)

    def request(self, number: int) -> bytes:
        """Return the body of its request, as it came."""
        with self.database.read() as work:
            _known(work, number)
            return work.replies.request(number)

    def answer(self, number: int) -> bytes:
        """Return the envelope of its answer; NotPossible while there is none."""
        with self.database.read() as work:
            found = _known(work, number)
            envelope = work.replies.answer(number)
        if envelope is None:
            raise NotPossible(f"reply {number} has no answer yet: it is {found.state}")
        return envelope

    def failed(self, code: str | None = None, limit: int = 10_000) -> Sequence[Reply]:
        """Return what was given up, perhaps only with one error code."""
        return [reply for reply in self.list((ReplyState.ERROR,), limit) if code in (None, reply.code)]

    def retry(self, numbers: Sequence[int]) -> None:
        """Make replies due now, with all their tries before them; all or none."""
        self._each(numbers, lambda work, number: work.replies.retry(number, self.clock.now()))

    def drop(self, numbers: Sequence[int]) -> None:
        """Give replies up for good, all or none; they stay readable."""
        self._each(numbers, lambda work, number: work.replies.drop(number, self.clock.now()))

    def _each(self, numbers: Sequence[int], act: Callable[[Work, int], bool]) -> None:
        now = self.clock.now()
        with self.database.begin() as work:
            for number in numbers:
                found = _known(work, number)
                if not act(work, number):
                    busy = "a worker is at it" if found.owner is not None else f"it is {found.state}"
                    raise NotPossible(f"reply {number} cannot be changed: {busy}")
                work.fallout.settle_of(alarm_of(number), [FalloutKind.REPLY_UNDELIVERED], now)
            work.commit()


def _known(work: Work, number: int) -> Reply:
    found = work.replies.get(number)
    if found is None:
        raise NotPossible(f"there is no reply {number}")
    return found
