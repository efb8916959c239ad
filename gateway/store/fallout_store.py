"""The outbox of fallout, which holds the alarms too (port ``FalloutBox``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from gateway.messaging.ports import Fallout, FalloutKind
from gateway.store.engine import insert_if_absent
from gateway.store.tables import fallout

_F = fallout.c


class FalloutStore:
    """Fallout within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_(self, fallout_row: Fallout) -> bool:
        """Add once: recovery finds the same trouble again every time it looks."""
        return insert_if_absent(self._connection, fallout, _row(fallout_row))

    def open(self, kinds: Sequence[FalloutKind]) -> list[Fallout]:
        """Return what waits, oldest first."""
        wanted = select(fallout).where(_F.kind.in_(list(kinds)), _F.settled_at.is_(None)).order_by(_F.id)
        return [_fallout(row) for row in self._connection.execute(wanted)]

    def settle(self, fallout_id: int, now: datetime) -> bool:
        """Mark one as dealt with."""
        one = update(fallout).where(_F.id == fallout_id, _F.settled_at.is_(None)).values(settled_at=now)
        return self._connection.execute(one).rowcount == 1

    def settle_of(self, transaction: str, kinds: Sequence[FalloutKind], now: datetime) -> None:
        """Mark a transaction's as dealt with."""
        of = update(fallout).where(_F.transaction_id == transaction, _F.kind.in_(list(kinds)))
        self._connection.execute(of.values(settled_at=now))


def _row(row: Fallout) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "intake": row.intake,
        "attempt": row.attempt,
        "brm": row.brm,
        "transaction_id": row.transaction,
        "code": row.code,
        "text": row.text,
        "raised_at": row.raised_at,
    }


def _fallout(row: Any) -> Fallout:
    return Fallout(
        kind=FalloutKind(row.kind),
        intake=row.intake,
        attempt=row.attempt,
        brm=row.brm,
        transaction=row.transaction_id,
        code=row.code,
        text=row.text,
        raised_at=row.raised_at,
        id=row.id,
        settled_at=row.settled_at,
    )
