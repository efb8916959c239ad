"""What systems are known to hold, and conflicts (port ``SyncRecords``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, select, tuple_, update

from gateway.messaging.synced import KnownValue, SyncConflict, SyncState
from gateway.store.engine import insert_if_absent
from gateway.store.sync_tables import sync_conflict, sync_state

_S = sync_state.c
_C = sync_conflict.c
_AT_ONCE = 500
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SyncTableStore:
    """Known states within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, system: str, object_key: str, record: str) -> Mapping[str, KnownValue]:
        """Read one."""
        return self._read(select(_S.state).where(*_at(system, object_key, record)))

    def states(
        self, system: str, wanted: Sequence[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Mapping[str, KnownValue]]:
        """Read several at once; a service profile may have many thousand instances, a statement fewer values."""
        found: dict[tuple[str, str], Mapping[str, KnownValue]] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            among = tuple_(_S.object, _S.record).in_(list(wanted[start : start + _AT_ONCE]))
            query = select(_S.object, _S.record, _S.state).where(_S.system == system, among)
            found |= {(row.object, row.record): _fields(row.state) for row in self._connection.execute(query)}
        return found

    def held(self, system: str, object_key: str, record: str) -> Mapping[str, KnownValue]:
        """Read one under its lock; it is made first, where there is none: else there would be nothing to lock."""
        self._ensure(system, object_key, record)
        return self._read(select(_S.state).where(*_at(system, object_key, record)).with_for_update())

    def settle(self, state: SyncState, now: datetime, intake: int | None = None) -> None:
        """Replace."""
        self._ensure(state.system, state.object, state.record)
        values = {"state": json.dumps(state.fields, ensure_ascii=False), "intake": intake, "changed_at": now}
        self._connection.execute(
            update(sync_state).where(*_at(state.system, state.object, state.record)).values(values)
        )

    def revoke(self, intake: int) -> None:
        """Forget what a message settled."""
        self._connection.execute(delete(sync_state).where(_S.intake == intake))

    def conflict(self, conflict: SyncConflict) -> None:
        """Append."""
        values = {column.name: getattr(conflict, column.name) for column in _C if column.name != "id"}
        self._connection.execute(insert(sync_conflict).values(values))

    def conflicts(self, *, system: str | None, record: str | None, limit: int) -> list[SyncConflict]:
        """Read the log from its end."""
        wanted = select(sync_conflict).order_by(_C.id.desc()).limit(limit)
        if system is not None:
            wanted = wanted.where(_C.system == system)
        if record is not None:
            wanted = wanted.where(_C.record == record)
        return [SyncConflict(**row) for row in self._connection.execute(wanted).mappings()]

    def _ensure(self, system: str, object_key: str, record: str) -> None:
        row = {"system": system, "object": object_key, "record": record, "state": "{}", "changed_at": _NEVER}
        insert_if_absent(self._connection, sync_state, row)

    def _read(self, query: Select[tuple[str]]) -> Mapping[str, KnownValue]:
        row = self._connection.execute(query).one_or_none()
        return {} if row is None else _fields(row.state)


def _at(system: str, object_key: str, record: str) -> tuple[ColumnElement[bool], ...]:
    return (_S.system == system, _S.object == object_key, _S.record == record)


def _fields(state: str) -> Mapping[str, KnownValue]:
    return {field: KnownValue(*kept) for field, kept in json.loads(state).items()}
