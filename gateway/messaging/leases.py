"""The leases a process holds: who renews them, and how it gives them back. It starts no thread; a worker does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from gateway.messaging.ports import Clock, Database
from gateway.messaging.queues import Claim


class Leases:
    """Claims under way in this process.

    ``owner`` names the process for people. A lease that lapses loses nothing but time: the fence and the decision's
    primary key keep its worker from leaving anything behind.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str, length: timedelta) -> None:
        self.owner = owner
        self.length = length
        self._database = database
        self._clock = clock
        self._held: dict[int, Claim] = {}
        self._lock = threading.Lock()

    def until(self) -> datetime:
        """Return when a lease taken now would end."""
        return self._clock.now() + self.length

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Have the claim's lease renewed while the enclosed work goes on."""
        with self._lock:
            self._held[claim.intake] = claim
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(claim.intake, None)

    def renew(self) -> None:
        """Extend every lease held, in one local transaction; the heartbeat calls this every third of a lease."""
        held = self._claims()
        if held:
            with self._database.begin() as work:
                work.messages.renew(((claim.intake, claim.attempt) for claim in held), self.until())
                work.commit()

    def hand_back(self) -> int:
        """Give up what is still held when the process must stop: others may take it at once. Returns how many.

        The threads that still work on it meet the fence when they try to commit, so this is safe at any moment.
        """
        held = self._claims()
        if not held:
            return 0
        with self._database.begin() as work:
            given = sum(work.messages.hand_back(claim, self._clock.now()) for claim in held)
            work.commit()
        return given

    def _claims(self) -> list[Claim]:
        with self._lock:
            return list(self._held.values())
