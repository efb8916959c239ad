"""What systems are known to hold, and conflicts (port ``SyncRecords``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from gateway.messaging.synced import KnownValue, SyncConflict, SyncState
from gateway.store.engine import insert_if_absent
from gateway.store.sync_tables import sync_conflict, sync_state

_S = sync_state.c
_C = sync_conflict.c


class SyncTableStore:
    """Known states within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, system: str, object_key: str, record: str) -> Mapping[str, KnownValue]:
        """Return what is known; the row stays locked."""
        wanted = select(_S.state).where(_S.system == system, _S.object == object_key, _S.record == record)
        row = self._connection.execute(wanted.with_for_update()).one_or_none()
        return {} if row is None else {field: KnownValue(*kept) for field, kept in json.loads(row.state).items()}

    def learn(self, state: SyncState, now: datetime) -> None:
        """Merge, under the row's lock: nothing written meanwhile is lost."""
        self._ensure(state, now)
        known = dict(self.state(state.system, state.object, state.record))
        for field, learned in state.fields.items():
            if field not in known or known[field].number <= learned.number:
                known[field] = learned
        self._write(state, known, now)

    def settle(self, state: SyncState, now: datetime) -> None:
        """Replace."""
        self._ensure(state, now)
        self._write(state, state.fields, now)

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

    def _ensure(self, state: SyncState, now: datetime) -> None:
        row = {"system": state.system, "object": state.object, "record": state.record, "state": "{}"}
        insert_if_absent(self._connection, sync_state, row | {"changed_at": now})

    def _write(self, state: SyncState, fields: Mapping[str, KnownValue], now: datetime) -> None:
        at = (_S.system == state.system, _S.object == state.object, _S.record == state.record)
        values = {"state": json.dumps(fields, ensure_ascii=False), "changed_at": now}
        self._connection.execute(update(sync_state).where(*at).values(values))
