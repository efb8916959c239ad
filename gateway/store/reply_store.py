"""Answers that go to partners' own addresses: claiming, leases, transitions (port ``ReplyStore``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select, text, update

from gateway.messaging.queues import Reason
from gateway.messaging.replies import OPEN, Reply, ReplyClaim, ReplyState
from gateway.store.engine import insert_if_absent
from gateway.store.reply_tables import reply
from soapkit.addressing import Answer, Deferred
from soapkit.addressing.later import decoded, encoded

_R = reply.c
_OPEN = text("reply.state IN ('waiting', 'answered')")  # as the partial index says it, or it goes unused
_FREE = {"owner": None, "lease_until": None}
_HEAVY = ("request", "answer", "properties", "digest", "answer_action")
_VIEW = tuple(column for column in _R if column.name not in _HEAVY)


class ReplyTableStore:
    """Replies within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ---- coming in

    def keep(self, deferred: Deferred, partner: str, answer: Answer | None, now: datetime) -> str | None:
        """Insert, unless the caller's MessageID is there already."""
        row = _request(deferred) | {
            "partner": partner,
            "state": ReplyState.WAITING if answer is None else ReplyState.ANSWERED,
            "attempt": 0,
            "tries": 0,
            "created_at": now,
            "changed_at": now,
            "available_at": now,
        }
        if insert_if_absent(self._connection, reply, row | (_answer(answer) if answer else {})):
            return None
        same = and_(_R.caller == deferred.caller, _R.message_id == deferred.message_id)
        return str(self._connection.execute(select(_R.digest).where(same)).scalar_one())

    # ---- being worked on

    def due(self, now: datetime) -> bool:
        """Look, without a lock that writers would wait for."""
        return self._connection.execute(_due(now)).first() is not None

    def claim(self, owner: str, now: datetime, lease_until: datetime) -> ReplyClaim | None:
        """Take the next; a claimed one comes again once its lease has run out."""
        taken = {"attempt": _R.attempt + 1, "tries": _R.tries + 1, "owner": owner, "lease_until": lease_until}
        statement = update(reply).where(_R.id == _next(now).scalar_subquery()).values(**taken, changed_at=now)
        row = self._connection.execute(statement.returning(*_R)).one_or_none()
        return None if row is None else _claim(row)

    def renew(self, claim: ReplyClaim, lease_until: datetime) -> bool:
        """Extend under the fence."""
        return self._fenced(claim, {"lease_until": lease_until})

    def hand_back(self, claim: ReplyClaim, now: datetime) -> bool:
        """Return it unworked."""
        return self._fenced(claim, _FREE | {"tries": _R.tries - 1, "available_at": now, "changed_at": now})

    def answered(self, claim: ReplyClaim, answer: Answer, now: datetime) -> bool:
        """Store what is to be delivered."""
        values = {"state": ReplyState.ANSWERED, "tries": 1, "changed_at": now, "reason_code": None, "reason_text": None}
        return self._fenced(claim, _answer(answer) | values)

    def delivered(self, claim: ReplyClaim, now: datetime) -> bool:
        """End."""
        return self._fenced(claim, _FREE | {"state": ReplyState.DELIVERED, "changed_at": now})

    def postpone(self, claim: ReplyClaim, reason: Reason, available_at: datetime, now: datetime) -> bool:
        """Keep the state, and say why it did not change."""
        return self._fenced(claim, _FREE | _reason(reason) | {"available_at": available_at, "changed_at": now})

    def fail(self, claim: ReplyClaim, reason: Reason, now: datetime) -> bool:
        """Dead."""
        return self._fenced(claim, _FREE | _reason(reason) | {"state": ReplyState.ERROR, "changed_at": now})

    # ---- operators

    def retry(self, number: int, now: datetime) -> bool:
        """Go back to where it stood: with an answer it is posted again, without one the request is run."""
        values = {"tries": 0, "available_at": now, "changed_at": now}
        to_run, to_post = _R.answer.is_(None), _R.answer.is_not(None)
        return any(
            self._by_hand(number, now, condition, values | {"state": state})
            for condition, state in ((to_run, ReplyState.WAITING), (to_post, ReplyState.ANSWERED))
        )

    def drop(self, number: int, now: datetime) -> bool:
        """Never to be tried again."""
        return self._by_hand(number, now, _R.id == number, {"state": ReplyState.DROPPED, "changed_at": now})

    def get(self, number: int) -> Reply | None:
        """Return one."""
        row = self._connection.execute(select(*_VIEW).where(_R.id == number)).mappings().one_or_none()
        return None if row is None else _view(row)

    def find(self, states: Sequence[ReplyState], *, limit: int) -> list[Reply]:
        """List."""
        wanted = select(*_VIEW).order_by(_R.id).limit(limit)
        if states:
            wanted = wanted.where(_R.state.in_(list(states)))
        return [_view(row) for row in self._connection.execute(wanted).mappings()]

    def depths(self) -> dict[ReplyState, int]:
        """Count, through the index by state."""
        wanted = _R.state.in_([*OPEN, ReplyState.ERROR])
        counted = self._connection.execute(select(_R.state, func.count()).where(wanted).group_by(_R.state))
        return {ReplyState(state): number for state, number in counted}

    def oldest(self) -> dict[ReplyState, datetime]:
        """Look for the earliest, likewise."""
        wanted = _R.state.in_([*OPEN, ReplyState.ERROR])
        found = self._connection.execute(select(_R.state, func.min(_R.created_at)).where(wanted).group_by(_R.state))
        return {ReplyState(state): since for state, since in found}

    def request(self, number: int) -> bytes:
        """Return the body."""
        return bytes(self._one(number, _R.request))

    def answer(self, number: int) -> bytes | None:
        """Return the envelope."""
        found = self._one(number, _R.answer)
        return None if found is None else bytes(found)

    def _one(self, number: int, column: Any) -> Any:
        row = self._connection.execute(select(column).where(_R.id == number)).one_or_none()
        if row is None:
            raise KeyError(number)
        return row[0]

    def _by_hand(self, number: int, now: datetime, condition: Any, values: dict[str, Any]) -> bool:
        at_rest = or_(_R.state == ReplyState.ERROR, and_(_R.state.in_(OPEN), _unleased(now)))
        change = update(reply).where(_R.id == number, at_rest, condition).values(**values, **_FREE)
        return self._connection.execute(change).rowcount == 1

    def _fenced(self, claim: ReplyClaim, values: dict[str, Any]) -> bool:
        current = and_(_R.id == claim.id, _R.attempt == claim.attempt, _R.owner.is_not(None), _R.state.in_(OPEN))
        return self._connection.execute(update(reply).where(current).values(values)).rowcount == 1


def _next(now: datetime) -> Select[tuple[int]]:
    return _due(now).with_for_update(skip_locked=True)


def _due(now: datetime) -> Select[tuple[int]]:
    due = and_(_R.available_at <= now, _unleased(now))
    return select(_R.id).where(_OPEN, due).order_by(_R.available_at, _R.id).limit(1)


def _unleased(now: datetime) -> Any:
    return or_(_R.lease_until.is_(None), _R.lease_until < now)


def _request(deferred: Deferred) -> dict[str, Any]:
    return {
        "caller": deferred.caller,
        "message_id": deferred.message_id,
        "digest": deferred.digest,
        "service": deferred.service,
        "operation": deferred.operation,
        "correlation_id": deferred.correlation_id,
        "request": deferred.body,
        "properties": encoded(deferred),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.envelope,
        "answer_action": answer.action,
        "answer_to": answer.to,
        "answer_is_fault": answer.is_fault,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"reason_code": reason.code, "reason_text": reason.text}


def _claim(row: Any) -> ReplyClaim:
    kept = decoded(row.properties, message_id=row.message_id)
    deferred = Deferred(
        service=row.service,
        operation=row.operation,
        body=bytes(row.request),
        digest=row.digest,
        correlation_id=row.correlation_id,
        caller=row.caller,
        version=kept.version,
        properties=kept.properties,
        answer_id=kept.answer_id,
        trace=kept.trace,
    )
    answer = None
    if row.answer is not None:
        answer = Answer(bytes(row.answer), row.answer_to, row.answer_action, row.answer_is_fault)
    return ReplyClaim(row.id, row.attempt, row.tries, row.partner, deferred, answer)


def _view(row: Any) -> Reply:
    return Reply(
        id=row["id"],
        partner=row["partner"],
        state=ReplyState(row["state"]),
        service=row["service"],
        operation=row["operation"],
        message_id=row["message_id"],
        caller=row["caller"],
        correlation_id=row["correlation_id"],
        to=row["answer_to"],
        is_fault=row["answer_is_fault"],
        attempt=row["attempt"],
        tries=row["tries"],
        code=row["reason_code"],
        reason=row["reason_text"],
        owner=row["owner"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        available_at=row["available_at"],
        lease_until=row["lease_until"],
    )
