"""Queues as one table: claiming, leases, transitions (port ``Messages``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.errors import Kind
from gateway.messaging.queues import DIRECT, Claim, Depth, Draft, Message, QueueSummary, Reason, State
from gateway.store.tables import message

_M = message.c
_ACTIVE = text("message.state IN ('waiting', 'claimed', 'held')")  # as the partial indexes say it, or they go unused
_NO_REASON = {"reason_code": None, "reason_text": None, "reason_kind": None, "reason_element": None}
_VIEW = tuple(column for column in _M if column.name != "payload")


class QueueStore:
    """The queues within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ---- coming in

    def put(self, drafts: Sequence[Draft], now: datetime) -> list[int]:
        """Add messages in one batch; returns their intake numbers, in the drafts' order."""
        if not drafts:
            return []
        statement = insert(message).returning(_M.intake, sort_by_parameter_order=True)
        return list(self._connection.execute(statement, [_fresh(draft, now) for draft in drafts]).scalars())

    def admit(self, payload: bytes, owner: str, now: datetime, lease_until: datetime) -> Claim:
        """Enter a SOAP request, claimed at birth: no worker ever sees it waiting."""
        row = _fresh(Draft(DIRECT, payload), now) | {
            "state": State.CLAIMED,
            "attempt": 1,
            "tries": 1,
            "owner": owner,
            "lease_until": lease_until,
        }
        intake = self._connection.execute(insert(message).values(row).returning(_M.intake)).scalar_one()
        return Claim(intake, 1, 1, DIRECT, None, payload, owner)

    # ---- being worked on

    def claim(self, queue: str, owner: str, now: datetime, lease_until: datetime) -> Claim | None:
        """Take the next message; None when there is none, or another worker was faster to the same group."""
        statement = (
            update(message)
            .where(_M.intake == _next(queue, now).scalar_subquery())
            .values(
                state=State.CLAIMED,
                attempt=_M.attempt + 1,
                tries=_M.tries + 1,
                owner=owner,
                lease_until=lease_until,
                changed_at=now,
            )
            .returning(_M.intake, _M.attempt, _M.tries, _M.queue, _M.group_key, _M.payload, _M.owner, _M.trace)
        )
        try:
            with self._connection.begin_nested():
                row = self._connection.execute(statement).one_or_none()
        except IntegrityError:  # the unique index on claimed groups: lost a race, which is an answer, not an error
            return None
        return None if row is None else Claim(*row)

    def due(self, queues: Sequence[str], now: datetime) -> frozenset[str]:
        """Look for messages that are due or deserted; their groups may still be in their way. One statement."""
        waiting = and_(_M.state == State.WAITING, _M.available_at <= now)
        deserted = and_(_M.state == State.CLAIMED, _M.lease_until < now)
        there = or_(waiting, deserted)
        each = (select(literal(queue)).where(exists().where(_ACTIVE, _M.queue == queue, there)) for queue in queues)
        return frozenset(self._connection.execute(union_all(*each)).scalars())

    def renew(self, held: Iterable[tuple[int, int]], lease_until: datetime) -> None:
        """Extend leases in one batch; those lost meanwhile stay lost."""
        rows = [{"at_intake": intake, "at_attempt": attempt} for intake, attempt in held]
        if rows:
            fence = and_(_M.intake == bindparam("at_intake"), _M.attempt == bindparam("at_attempt"))
            statement = update(message).where(fence, _M.state == State.CLAIMED).values(lease_until=lease_until)
            self._connection.execute(statement, rows)

    def describe(self, claim: Claim, *, order: str, account: str, brm: str, now: datetime) -> bool:
        """Note what the message is about; False when the attempt is no longer current."""
        return self._fenced(
            claim.intake, claim.attempt, {"order_number": order, "account": account, "brm": brm, "changed_at": now}
        )

    def settle(
        self,
        intake: int,
        attempt: int,
        state: State,
        *,
        now: datetime,
        reason: Reason | None = None,
        available_at: datetime | None = None,
    ) -> bool:
        """Move out of CLAIMED under the fence. This rowcount is what COMMIT.md's step 5 begins with."""
        values = _reasons(reason) | {"state": state, "owner": None, "lease_until": None, "changed_at": now}
        if available_at is not None:
            values["available_at"] = available_at
        return self._fenced(intake, attempt, values)

    def hand_back(self, claim: Claim, now: datetime, *, due: datetime | None = None) -> bool:
        """Return a message unworked."""
        values = {
            "state": State.WAITING,
            "tries": _M.tries - 1,
            "owner": None,
            "lease_until": None,
            "available_at": due or now,
            "changed_at": now,
        }
        return self._fenced(claim.intake, claim.attempt, values)

    def receiving(self, records: Collection[str], queues: Collection[str], now: datetime) -> bool:
        """Look for one with a lease; few are, but records may have many thousand names."""
        wanted = select(_M.account).where(_M.queue.in_(queues), _M.state == State.CLAIMED, _M.lease_until > now)
        return not set(self._connection.execute(wanted).scalars()).isdisjoint(records)

    def leased(self, intake: int, attempt: int, now: datetime) -> bool:
        """Tell whether somebody is at it."""
        return self._any(_current(intake, attempt), _M.lease_until >= now)

    def current(self, intake: int, attempt: int) -> bool:
        """Tell whether this attempt could still commit."""
        return self._any(_current(intake, attempt))

    def abandoned(self, now: datetime, *, of_no_brm: bool = False) -> list[tuple[int, int]]:
        """Return SOAP requests that nobody works on any more."""
        rows = select(_M.intake, _M.attempt).where(
            _M.queue == DIRECT, _M.state == State.CLAIMED, _ACTIVE, _M.lease_until < now
        )
        if of_no_brm:
            rows = rows.where(_M.brm == "")
        return [(row.intake, row.attempt) for row in self._connection.execute(rows)]

    # ---- responses that wait for BRM's commit

    def release(self, transaction: str, now: datetime) -> int:
        """Held responses become available."""
        return self._held(transaction, {"state": State.WAITING, "available_at": now, "changed_at": now})

    def withdraw(self, transaction: str, now: datetime) -> int:
        """Held responses are never sent."""
        return self._held(transaction, {"state": State.DISCARDED, "changed_at": now})

    # ---- operators and outside readers

    def take(self, queue: str, now: datetime) -> tuple[int, bytes] | None:
        """Claim and finish in one step."""
        claim = self.claim(queue, "reader", now, now)
        if claim is None or not self.settle(claim.intake, claim.attempt, State.DONE, now=now):
            return None
        return claim.intake, claim.payload

    def resubmit(self, intake: int, now: datetime, payload: bytes | None, group: str | None) -> bool:
        """Error → waiting; the reason stays until the next outcome replaces it, the attempt number goes on."""
        values: dict[str, Any] = {"state": State.WAITING, "tries": 0, "available_at": now, "changed_at": now}
        if payload is not None:
            values |= {"payload": payload, "group_key": group}
        return self._from(intake, (State.ERROR,), values)

    def discard(self, intake: int, now: datetime) -> bool:
        """Error → discarded."""
        return self._from(intake, (State.ERROR,), {"state": State.DISCARDED, "changed_at": now})

    def followed(self, intake: int, queue: str, group: str) -> bool:
        """Look for a later one of the group that waits."""
        return self._any(
            _ACTIVE, _M.queue == queue, _M.group_key == group, _M.intake > intake, _M.state == State.WAITING
        )

    def supersede(self, queue: str, reason: Reason, now: datetime) -> list[int]:
        """Discard all of a queue's waiting messages and errors that a later, living message of their group follows."""
        living = (State.WAITING, State.CLAIMED, State.DONE)
        latest = (
            select(_M.group_key, func.max(_M.intake).label("intake"))
            .where(_M.queue == queue, _M.state.in_(living), _M.group_key.is_not(None))
            .group_by(_M.group_key)
            .subquery()
        )
        older = (
            select(_M.intake)
            .join(latest, and_(latest.c.group_key == _M.group_key, latest.c.intake > _M.intake))
            .where(_M.queue == queue)
        )
        needless = and_(_M.intake.in_(older), _M.state.in_((State.WAITING, State.ERROR)))
        values = _reasons(reason) | {"state": State.DISCARDED, "changed_at": now}
        discarded = update(message).where(needless).values(values).returning(_M.intake)
        return list(self._connection.execute(discarded).scalars())

    def move(
        self, intake: int, came: Sequence[State], state: State, *, now: datetime, reason: Reason | None = None
    ) -> bool:
        """Move whatever attempt is current; whoever worked on it meets the fence."""
        values = _reasons(reason) | {
            "state": state,
            "owner": None,
            "lease_until": None,
            "available_at": now,
            "changed_at": now,
        }
        return self._from(intake, came, values)

    # ---- looking

    def answered(self, intake: int, queue: str) -> bool:
        """Look for a response; it has a later number than what it answers."""
        return self._any(_M.queue == queue, _M.intake > intake, _M.origin == intake)

    def get(self, intake: int) -> Message | None:
        """Return one message."""
        row = self._connection.execute(_views().where(_M.intake == intake)).mappings().one_or_none()
        return None if row is None else _message(row)

    def payload(self, intake: int) -> bytes:
        """Return the bytes as they came."""
        row = self._connection.execute(select(_M.payload).where(_M.intake == intake)).one_or_none()
        if row is None:
            raise KeyError(intake)
        return bytes(row.payload)

    def find(self, queue: str | None, states: Sequence[State], *, limit: int, order: str | None) -> list[Message]:
        """List messages, oldest first."""
        wanted = _views().where(_M.state.in_(list(states))).order_by(_M.intake).limit(limit)
        if queue is not None:
            wanted = wanted.where(_M.queue == queue)
        if order is not None:
            wanted = wanted.where(_M.order_number == order)
        return [_message(row) for row in self._connection.execute(wanted).mappings()]

    def summaries(self) -> list[QueueSummary]:
        """Count by queue and state; one query."""
        counted = select(_M.queue, _M.state, func.count().label("number"), func.min(_M.created_at).label("oldest"))
        found: dict[str, QueueSummary] = {}
        for row in self._connection.execute(counted.group_by(_M.queue, _M.state).order_by(_M.queue)):
            summary = found.get(row.queue) or QueueSummary(row.queue, {}, None)
            summary.counts[State(row.state)] = row.number
            oldest = row.oldest if row.state == State.WAITING else summary.oldest_waiting
            found[row.queue] = QueueSummary(row.queue, summary.counts, oldest)
        return list(found.values())

    def depths(self, queues: Sequence[str]) -> list[Depth]:
        """Count by queue and state, through the indexes that hold no finished message."""
        figures = (_M.queue, _M.state, func.count(), func.min(_M.created_at))
        active = select(*figures).where(_ACTIVE, _M.queue != DIRECT).group_by(_M.queue, _M.state)
        failed = (
            select(*figures).where(_M.queue.in_(list(queues)), _M.state == State.ERROR).group_by(_M.queue, _M.state)
        )
        rows = [*self._connection.execute(active), *self._connection.execute(failed)]
        return [Depth(queue, State(state), count, oldest) for queue, state, count, oldest in rows]

    # ---- the fence

    def _fenced(self, intake: int, attempt: int, values: dict[str, Any]) -> bool:
        return self._connection.execute(update(message).where(_current(intake, attempt)).values(values)).rowcount == 1

    def _from(self, intake: int, states: Sequence[State], values: dict[str, Any]) -> bool:
        at = and_(_M.intake == intake, _M.state.in_(list(states)))
        return self._connection.execute(update(message).where(at).values(values)).rowcount == 1

    def _held(self, transaction: str, values: dict[str, Any]) -> int:
        held = and_(_M.held_by == transaction, _M.state == State.HELD)
        return self._connection.execute(update(message).where(held).values(values)).rowcount

    def _any(self, *conditions: Any) -> bool:
        return bool(self._connection.execute(select(exists().where(*conditions))).scalar_one())


def _current(intake: int, attempt: int) -> Any:
    return and_(_M.intake == intake, _M.attempt == attempt, _M.state == State.CLAIMED)


def _next(queue: str, now: datetime) -> Select[tuple[int]]:
    """Select the oldest message that may be taken.

    Waiting ones must be due, with nobody of their group claimed or held and none of it waiting before them. A claimed
    one whose lease has run out has its group's place already: only itself stands in its way.
    """
    other = message.alias("other")
    active = text("other.state IN ('waiting', 'claimed', 'held')")
    in_the_way = exists().where(
        active,
        other.c.queue == _M.queue,
        other.c.group_key == _M.group_key,
        other.c.intake != _M.intake,
        or_(other.c.state != State.WAITING, other.c.intake < _M.intake),
    )
    due = and_(_M.state == State.WAITING, _M.available_at <= now, ~in_the_way)
    deserted = and_(_M.state == State.CLAIMED, _M.lease_until < now)
    return (
        select(_M.intake)
        .where(_ACTIVE, _M.queue == queue, or_(due, deserted))
        .order_by(_M.intake)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _fresh(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "queue": draft.queue,
        "group_key": draft.group,
        "state": State.WAITING if draft.held_by is None else State.HELD,
        "attempt": 0,
        "tries": 0,
        "payload": draft.payload,
        "order_number": "",
        "account": "",
        "brm": "",
        "origin": draft.origin,
        "held_by": draft.held_by,
        "trace": draft.trace,
        "created_at": now,
        "changed_at": now,
        "available_at": now,
    }


def _reasons(reason: Reason | None) -> dict[str, Any]:
    if reason is None:
        return dict(_NO_REASON)
    return {
        "reason_code": reason.code,
        "reason_text": reason.text,
        "reason_kind": reason.kind,
        "reason_element": reason.element,
    }


def _views() -> Select[Any]:
    return select(*_VIEW, func.length(_M.payload).label("size"))


def _message(row: Any) -> Message:
    reason = None
    if row["reason_code"] is not None:
        reason = Reason(row["reason_code"], row["reason_text"], Kind(row["reason_kind"]), row["reason_element"])
    return Message(
        intake=row["intake"],
        queue=row["queue"],
        group=row["group_key"],
        state=State(row["state"]),
        attempt=row["attempt"],
        tries=row["tries"],
        size=row["size"],
        order=row["order_number"],
        account=row["account"],
        brm=row["brm"],
        reason=reason,
        origin=row["origin"],
        held_by=row["held_by"],
        owner=row["owner"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        available_at=row["available_at"],
        lease_until=row["lease_until"],
    )
