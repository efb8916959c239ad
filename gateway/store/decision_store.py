"""The decision table (port ``Decisions``). Its primary key arbitrates: whoever inserts second learns it lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.errors import Superseded
from gateway.messaging.ports import Decision, Verdict
from gateway.messaging.queues import State
from gateway.messaging.transaction_id import TransactionId
from gateway.store.engine import insert_if_absent
from gateway.store.tables import decision, message

_D = decision.c


class DecisionStore:
    """Decisions within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def commit(self, transaction: TransactionId, now: datetime, lease_until: datetime, undo: bytes) -> None:
        """Decide to commit; a decision that is there already breaks the whole unit of work."""
        self._insert(_row(transaction, Verdict.COMMIT, now, lease_until, undo))

    def intend(self, transaction: TransactionId, now: datetime, lease_until: datetime, effects: bytes) -> None:
        """Record a one-phase commit before it is tried."""
        self._insert(_row(transaction, Verdict.INTENT, now, lease_until, effects))

    def abort(self, transaction: TransactionId, now: datetime) -> bool:
        """Decide to abort, if nothing is decided yet."""
        return insert_if_absent(self._connection, decision, _row(transaction, Verdict.ABORT, now, now, b""))

    def get(self, transaction: str) -> Decision | None:
        """Return the decision."""
        row = self._connection.execute(select(decision).where(_D.transaction_id == transaction)).one_or_none()
        return None if row is None else _decision(row)

    def acknowledge(self, transaction: str) -> bool:
        """Note BRM's confirmation, once."""
        pending = and_(_D.transaction_id == transaction, _D.verdict == Verdict.COMMIT, _D.acknowledged.is_(False))
        return self._connection.execute(update(decision).where(pending).values(acknowledged=True)).rowcount == 1

    def drop(self, transaction: str) -> None:
        """Delete the decision."""
        self._connection.execute(delete(decision).where(_D.transaction_id == transaction))

    def hand_over(self, transaction: str, now: datetime) -> None:
        """End the lease."""
        mine = _D.transaction_id == transaction
        self._connection.execute(update(decision).where(mine).values(lease_until=now))

    def unfinished(self, brm: str, now: datetime) -> list[Decision]:
        """Return what a dead worker left, oldest first."""
        left = and_(_D.brm == brm, _D.verdict.in_([Verdict.COMMIT, Verdict.INTENT]), _D.lease_until <= now)
        return self._all(select(decision).where(left).order_by(_D.decided_at))

    def of(self, brm: str) -> list[Decision]:
        """Return all decisions, oldest first."""
        return self._all(select(decision).where(_D.brm == brm).order_by(_D.decided_at))

    def intents(self, intake: int) -> list[Decision]:
        """Return a message's intents, oldest first."""
        of = and_(_D.intake == intake, _D.verdict == Verdict.INTENT)
        return self._all(select(decision).where(of).order_by(_D.attempt))

    def drop_stale_aborts(self, brm: str) -> int:
        """Delete aborts that have done their duty.

        While its attempt is still the message's current one, a worker thought dead may wake up and try to commit:
        the row must be there to stop it.
        """
        could_commit = exists().where(
            message.c.intake == _D.intake, message.c.attempt == _D.attempt, message.c.state == State.CLAIMED
        )
        stale = and_(_D.brm == brm, _D.verdict == Verdict.ABORT, ~could_commit)
        return self._connection.execute(delete(decision).where(stale)).rowcount

    def _insert(self, row: dict[str, Any]) -> None:
        try:
            self._connection.execute(insert(decision).values(row))
        except IntegrityError as error:
            raise Superseded("recovery has decided otherwise") from error

    def _all(self, statement: Select[Any]) -> list[Decision]:
        return [_decision(row) for row in self._connection.execute(statement)]


def _row(
    transaction: TransactionId, verdict: Verdict, now: datetime, lease_until: datetime, effects: bytes
) -> dict[str, Any]:
    return {
        "transaction_id": str(transaction),
        "verdict": verdict,
        "brm": transaction.brm,
        "intake": transaction.intake,
        "attempt": transaction.attempt,
        "acknowledged": False,
        "effects": effects,
        "decided_at": now,
        "lease_until": lease_until,
    }


def _decision(row: Any) -> Decision:
    return Decision(
        transaction=row.transaction_id,
        verdict=Verdict(row.verdict),
        brm=row.brm,
        intake=row.intake,
        attempt=row.attempt,
        acknowledged=row.acknowledged,
        effects=bytes(row.effects),
        decided_at=row.decided_at,
        lease_until=row.lease_until,
    )
