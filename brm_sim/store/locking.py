"""Locks on objects, held by BRM transactions across calls and crashes; a waiter waits a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, bindparam, select

from brm_sim.store import merge, refusals, states
from brm_sim.store.database import INSERT_MISSING, chunks
from brm_sim.store.tables import locks

FIRST_PAUSE = 0.002
LONGEST_PAUSE = 0.05

_ACQUIRE = {name: insert(locks) for name, insert in INSERT_MISSING.items()}
_OTHERS = (
    select(locks.c.trans)
    .where(locks.c.id.in_(bindparam("ids", expanding=True)), locks.c.trans != bindparam("seq"))
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Locking:
    """``wait`` bounds every wait; ``clock`` is real time in seconds, for transactions that timed out holding a lock."""

    wait: timedelta
    clock: Callable[[], int]

    def acquire(self, connection: Connection, seq: int, id_: int) -> bool:
        """Take the lock if nobody else has it."""
        connection.execute(_ACQUIRE[connection.dialect.name], {"id": id_, "trans": seq})
        return self.free(connection, seq, (id_,))

    def free(self, connection: Connection, seq: int, ids: Collection[int]) -> bool:
        """Whether no other transaction holds a lock on any of ``ids``; one that has timed out loses its locks."""
        for part in chunks(list(ids)):
            for holder in connection.execute(_OTHERS, {"ids": part, "seq": seq}).scalars().all():
                self._expire(connection, holder)
                return False
        return True

    def until(self, attempt: Callable[[], bool]) -> None:
        """Repeat ``attempt`` until it is True; retryable ErrorBuffer when it is not in time."""
        deadline = time.monotonic() + self.wait.total_seconds()
        pause = FIRST_PAUSE
        while not attempt():
            if time.monotonic() >= deadline:
                raise refusals.conflict("another transaction holds a lock on the object")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _expire(self, connection: Connection, holder: int) -> None:
        """Look before holding the row: two that wait for each other's objects must not wait for each other's rows."""
        if self._is_late(states.by_seq(connection, holder)) and self._is_late(
            states.by_seq(connection, holder, lock=True)
        ):
            merge.drop(connection, holder)

    def _is_late(self, transaction: states.Transaction | None) -> bool:
        return transaction is not None and transaction.expired(self.clock())
