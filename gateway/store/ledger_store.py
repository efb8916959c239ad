"""The ledger of duplicates and the ledger of lines (ports ``Requests`` and ``LineLedger``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from gateway.domain.ledger import LineKey, LineRecord
from gateway.messaging.ports import RequestEntry
from gateway.messaging.unit import RequestKey
from gateway.store.tables import line, request

_R = request.c
_L = line.c


class RequestStore:
    """Requests, by (sender, EBMID, operation)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: RequestKey) -> RequestEntry | None:
        """Return the entry; on PostgreSQL nobody else changes it until this unit of work ends."""
        row = self._connection.execute(select(request).where(_at(key)).with_for_update()).one_or_none()
        if row is None:
            return None
        result = None if row.result is None else bytes(row.result)
        return RequestEntry(key, row.digest, row.intake, result, row.transaction_id)

    def reserve(self, key: RequestKey, digest: str, intake: int, now: datetime) -> None:
        """Begin an entry."""
        row = _key(key) | {"digest": digest, "intake": intake, "changed_at": now}
        self._connection.execute(insert(request).values(row))

    def take_over(self, key: RequestKey, digest: str, intake: int, now: datetime) -> None:
        """Continue an entry that has no result."""
        values = {"digest": digest, "intake": intake, "changed_at": now}
        self._connection.execute(update(request).where(_at(key), _R.result.is_(None)).values(values))

    def finish(self, key: RequestKey, intake: int, result: bytes, transaction: str | None, now: datetime) -> bool:
        """Remember the result; False when somebody took the entry over."""
        mine = and_(_at(key), _R.intake == intake, _R.result.is_(None))
        values = {"result": result, "transaction_id": transaction, "changed_at": now}
        return self._connection.execute(update(request).where(mine).values(values)).rowcount == 1

    def release(self, intake: int) -> None:
        """Forget what has no result."""
        self._connection.execute(delete(request).where(_R.intake == intake, _R.result.is_(None)))

    def revoke(self, intake: int) -> None:
        """Forget the result too."""
        self._connection.execute(delete(request).where(_R.intake == intake))


class LineStore:
    """Finished work on order lines."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, line_ids: Sequence[str]) -> Mapping[str, tuple[LineRecord, ...]]:
        """Return records by line, oldest first; one query, however many lines."""
        found: dict[str, tuple[LineRecord, ...]] = {}
        if line_ids:
            wanted = select(line).where(_L.line_id.in_(list(line_ids))).order_by(_L.id)
            for row in self._connection.execute(wanted):
                found[row.line_id] = (*found.get(row.line_id, ()), _record(row))
        return found

    def add(self, records: Sequence[LineRecord], intake: int, now: datetime) -> None:
        """Insert in one batch."""
        if records:
            self._connection.execute(insert(line), [_line(record, intake, now) for record in records])

    def revoke(self, intake: int) -> None:
        """Delete a message's records."""
        self._connection.execute(delete(line).where(_L.intake == intake))


def _key(key: RequestKey) -> dict[str, Any]:
    return {"sender": key.sender, "ebm_id": key.ebm_id, "operation": key.operation}


def _at(key: RequestKey) -> Any:
    return and_(*(_R[name] == value for name, value in _key(key).items()))


def _line(record: LineRecord, intake: int, now: datetime) -> dict[str, Any]:
    return {
        "line_id": record.key.line_id,
        "revision": record.key.revision,
        "billing_mode": record.key.billing_mode,
        "fulfillment_mode": record.key.fulfillment_mode,
        "brm": record.brm,
        "action": record.action,
        "outcome": record.outcome,
        "poid": record.poid,
        "intake": intake,
        "done_at": now,
    }


def _record(row: Any) -> LineRecord:
    key = LineKey(row.line_id, row.revision, row.billing_mode, row.fulfillment_mode)
    return LineRecord(key, row.brm, row.action, row.outcome, row.poid)
