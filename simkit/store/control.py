"""Where faults, journal, clock and barriers live: in the simulator's database, so that all its processes agree.

Nothing else in simkit knows SQL; and this touches no tables but its own.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, text, true, update

from simkit.clock import Clock, Pace
from simkit.faults import Fault
from simkit.journal import Entry
from simkit.store import tables
from simkit.store.tables import LONGEST_TRANSACTION, WRITING, connect, metadata

_TRIM_EVERY = 200
_STATE = select(tables.state)
"""Made once: every call asks it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A fault with its number, the calls it has seen and those it acted on."""

    id: int
    fault: Fault
    calls: int
    struck: int


class ControlStore:
    """The control tables in the database at ``url``; the journal keeps ``journal_size`` calls, 0 = none."""

    def __init__(self, url: str, *, journal_size: int = 10_000) -> None:
        self._engine = connect(url)
        self._asks_state = str(_STATE.compile(self._engine))
        self._journal_size = journal_size
        self._sqlite = self._engine.dialect.name == "sqlite"
        self._known: tuple[int, tuple[Posted, ...]] = (-1, ())
        with self._writing() as connection:
            if not self._sqlite:  # several workers may start at once
                connection.execute(text("select pg_advisory_xact_lock(20105)"))
            metadata.create_all(connection)
            if connection.execute(select(tables.state.c.id)).first() is None:
                connection.execute(insert(tables.state), {"id": 1, "fault_version": 0, **_clock_row(Clock())})

    @property
    def keeps_journal(self) -> bool:
        """Whether calls are written down; who makes what is shown of them need not, otherwise."""
        return self._journal_size > 0

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def reset(self) -> None:
        """Real time, no faults, no barriers, an empty journal; the clocks of snapshots stay."""
        with self._writing() as connection:
            connection.execute(delete(tables.barriers))
            connection.execute(update(tables.state).values(_next_version() | _clock_row(Clock())))
            connection.execute(delete(tables.faults))
            connection.execute(delete(tables.journal))

    # -- clock

    def clock(self) -> Clock:
        """Give the clock."""
        with self._engine.connect() as connection:
            return _clock(connection.execute(_STATE).mappings().one())

    def change_clock(self, change: Callable[[Clock], Clock]) -> Clock:
        """Change the clock of all processes; two changes at once come one after the other."""
        with self._writing() as connection:
            clock = change(_clock(connection.execute(select(tables.state).with_for_update()).mappings().one()))
            connection.execute(update(tables.state).values(_clock_row(clock)))
        return clock

    def keep_clock(self, name: str) -> None:
        """Remember the clock under a snapshot's name."""
        with self._writing() as connection:
            clock = _clock(connection.execute(select(tables.state)).mappings().one())
            connection.execute(delete(tables.clocks).where(tables.clocks.c.name == name))
            connection.execute(insert(tables.clocks), {"name": name, **_clock_row(clock)})

    def restore_clock(self, name: str) -> None:
        """Set the clock as it was when the snapshot was taken."""
        with self._writing() as connection:
            kept = connection.execute(select(tables.clocks).where(tables.clocks.c.name == name)).mappings().first()
            connection.execute(update(tables.state).values(_clock_row(_clock(kept) if kept else Clock())))

    # -- faults

    def begin(self, operation: str) -> tuple[Clock, tuple[Posted, ...]]:
        """Count a call of ``operation``: the clock, and the faults that act on this call."""
        state: RowMapping | Mapping[str, Any] = self._state()
        if state["fault_version"] != self._known[0]:
            with self._engine.connect() as connection:
                state = connection.execute(_STATE).mappings().one()
                self._known = (state["fault_version"], tuple(_posted(connection)))
        concerned = [posted.id for posted in self._known[1] if posted.fault.concerns(operation)]
        return _clock(state), self._strike(concerned) if concerned else ()

    def _state(self) -> Mapping[str, Any]:
        """Read the state, by the driver: every call of a simulator does."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(self._asks_state)
            return dict(zip(tables.state.columns.keys(), cursor.fetchone() or (), strict=True))
        finally:
            connection.close()

    def _strike(self, concerned: Sequence[int]) -> tuple[Posted, ...]:
        acting = []
        with self._writing() as connection:
            for posted in _posted(connection, concerned, lock=not self._sqlite):
                calls = posted.calls + 1
                strikes = posted.fault.strikes(calls, posted.struck)
                acting += [posted] if strikes else []
                counted = {"calls": calls, "struck": posted.struck + int(strikes)}
                connection.execute(update(tables.faults).where(tables.faults.c.id == posted.id).values(counted))
        return tuple(acting)

    def faults(self) -> list[Posted]:
        """Every fault that waits, oldest first."""
        with self._engine.connect() as connection:
            return list(_posted(connection))

    def add_fault(self, fault: Fault) -> int:
        """Let a fault wait for its calls; its number."""
        with self._writing() as connection:
            row = {"spec": fault.model_dump_json(), "calls": 0, "struck": 0}
            number = connection.execute(insert(tables.faults).values(row)).inserted_primary_key
            connection.execute(update(tables.state).values(_next_version()))
        return int(number[0]) if number else 0

    def remove_faults(self, number: int | None = None) -> int:
        """Remove one fault, or all; how many there were. Calls held at their barriers go on."""
        with self._writing() as connection:
            mine = tables.faults.c.id == number if number is not None else true()
            held = tables.barriers.c.fault == number if number is not None else true()
            connection.execute(update(tables.barriers).where(held).values(released=True))
            connection.execute(update(tables.state).values(_next_version()))
            return connection.execute(delete(tables.faults).where(mine)).rowcount

    # -- barriers

    def reach(self, fault: int, operation: str, stage: str, pid: int, correlation_id: str) -> int:
        """Note that a call has reached a barrier; the barrier's number."""
        row = {"fault": fault, "operation": operation, "stage": stage, "pid": pid, "correlation_id": correlation_id}
        with self._writing() as connection:
            made = insert(tables.barriers).values(row | {"reached_at": time.time(), "released": False})
            number = connection.execute(made).inserted_primary_key
        return int(number[0]) if number else 0

    def released(self, barrier: int) -> bool:
        """Whether the call may go on; a barrier that is gone holds nobody."""
        with self._engine.connect() as connection:
            return bool(
                connection.execute(select(tables.barriers.c.released).where(tables.barriers.c.id == barrier)).scalar()
                in (None, True)
            )

    def barriers(self) -> list[dict[str, Any]]:
        """Every barrier that was reached, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(tables.barriers).order_by(tables.barriers.c.id)).mappings()
            return [{**row, "reached_at": _moment(row["reached_at"])} for row in rows]

    def release(self, barrier: int | None = None) -> int:
        """Let one held call go on, or all; how many there were."""
        with self._writing() as connection:
            which = tables.barriers.c.id == barrier if barrier is not None else true()
            changed = update(tables.barriers).where(which, tables.barriers.c.released.is_(False)).values(released=True)
            return connection.execute(changed).rowcount

    # -- journal

    def record(self, entry: Entry) -> None:
        """Write one call into the journal, and let go of the oldest when it is full."""
        if not self._journal_size:
            return
        row = {
            "at": entry.at.timestamp(),
            "operation": entry.operation,
            "transaction_id": entry.transaction and entry.transaction[:LONGEST_TRANSACTION],
            "correlation_id": entry.correlation_id,
            "request": json.dumps(entry.request),
            "outcome": entry.outcome.value,
            "response": json.dumps(entry.response),
            "seconds": entry.seconds,
        }
        with self._writing() as connection:
            number = connection.execute(insert(tables.journal).values(row)).inserted_primary_key
            if number and number[0] % _TRIM_EVERY == 0:
                connection.execute(delete(tables.journal).where(tables.journal.c.id <= number[0] - self._journal_size))

    def entries(
        self, *, operation: str | None = None, transaction: str | None = None, after: int = 0, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Give the newest ``limit`` calls, oldest of them first, with their numbers."""
        query = select(tables.journal).where(tables.journal.c.id > after).order_by(tables.journal.c.id.desc())
        if operation is not None:
            query = query.where(tables.journal.c.operation == operation)
        if transaction is not None:
            query = query.where(tables.journal.c.transaction_id == transaction)
        with self._engine.connect() as connection:
            rows = connection.execute(query.limit(min(limit, self._journal_size))).mappings().all()
        return [_shown(row) for row in reversed(rows)]

    def clear_journal(self) -> int:
        """Empty the journal; how many calls it held."""
        with self._writing() as connection:
            return connection.execute(delete(tables.journal)).rowcount

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            connection.info[WRITING] = True
            try:
                transaction = connection.begin()
            finally:
                del connection.info[WRITING]
            with transaction:
                yield connection


def _posted(connection: Connection, ids: Sequence[int] | None = None, *, lock: bool = False) -> Iterator[Posted]:
    query = select(tables.faults).order_by(tables.faults.c.id)
    if ids is not None:
        query = query.where(tables.faults.c.id.in_(ids))
    if lock:
        query = query.with_for_update()
    for row in connection.execute(query).mappings().all():
        yield Posted(row["id"], Fault.model_validate_json(row["spec"]), row["calls"], row["struck"])


def _next_version() -> dict[str, Any]:
    return {"fault_version": tables.state.c.fault_version + 1}


def _clock(row: RowMapping | Mapping[str, Any]) -> Clock:
    return Clock(Pace(row["pace"]), row["offset_seconds"], row["frozen_at"])


def _clock_row(clock: Clock) -> dict[str, Any]:
    return {"pace": clock.pace.value, "offset_seconds": clock.offset, "frozen_at": clock.frozen_at}


def _shown(row: RowMapping) -> dict[str, Any]:
    return {
        "id": row["id"],
        "at": _moment(row["at"]),
        "operation": row["operation"],
        "transaction": row["transaction_id"],
        "correlation_id": row["correlation_id"],
        "request": json.loads(row["request"]),
        "outcome": row["outcome"],
        "response": json.loads(row["response"]),
        "seconds": row["seconds"],
    }


def _moment(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds")
