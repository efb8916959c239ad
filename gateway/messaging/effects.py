"""A finished unit's effects: written in the local commit, and kept as bytes where a crash could come in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from gateway.domain.ledger import LineKey, LineRecord
from gateway.domain.xref import XrefRow
from gateway.errors import Superseded
from gateway.messaging.ports import Work
from gateway.messaging.queues import DIRECT, Draft
from gateway.messaging.synced import KnownValue, SyncConflict, SyncState
from gateway.messaging.unit import Effects, Reply, RequestKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """Effects, and the request they answer."""

    key: RequestKey
    effects: Effects


def write(work: Work, outcome: Outcome, *, intake: int, queue: str, held_by: str | None, now: datetime) -> None:
    """Write everything a unit leaves but the message's own state; raises Conflict, Superseded.

    Responses wait for the transaction ``held_by``. A request that came over SOAP is answered by its result, and puts
    nothing on a queue.
    """
    effects = outcome.effects
    work.lines.add(effects.lines, intake, now)
    work.xref.delete(effects.xref_delete)  # first: a row that is re-pointed is deleted and populated
    work.xref.populate(effects.xref_populate, intake, now)
    for state in effects.synced:
        work.synced.settle(state, now, intake)
    for conflict in effects.conflicts:
        work.synced.conflict(conflict)
    if queue != DIRECT:
        drafts = [Draft(reply.queue, reply.body, origin=intake, held_by=held_by) for reply in effects.replies]
        work.messages.put(drafts, now)
    if not work.requests.finish(outcome.key, intake, effects.result, held_by, now):
        raise Superseded("the same request is another's by now")


def undo(work: Work, *, intake: int, deleted: Sequence[XrefRow], now: datetime) -> None:
    """Take back what ``write`` wrote, and restore cross-references it deleted."""
    work.requests.revoke(intake)
    work.lines.revoke(intake)
    work.xref.revoke(intake)
    work.synced.revoke(intake)
    work.xref.populate(deleted, None, now)


def encode(outcome: Outcome) -> bytes:
    """Turn an outcome into bytes (JSON); ``decode`` is its inverse."""
    effects = outcome.effects
    return json.dumps(
        {
            "key": asdict(outcome.key),
            "result": _text(effects.result),
            "populate": [asdict(row) for row in effects.xref_populate],
            "delete": [asdict(row) for row in effects.xref_delete],
            "lines": [asdict(record) for record in effects.lines],
            "replies": [{"queue": reply.queue, "body": _text(reply.body)} for reply in effects.replies],
            "synced": [asdict(state) for state in effects.synced],
            "conflicts": [asdict(each) | {"at": each.at.isoformat()} for each in effects.conflicts],
        }
    ).encode()


def decode(kept: bytes) -> Outcome:
    """Read an outcome back."""
    told = json.loads(kept)
    effects = Effects(
        result=_bytes(told["result"]),
        xref_populate=tuple(XrefRow(**row) for row in told["populate"]),
        xref_delete=tuple(XrefRow(**row) for row in told["delete"]),
        lines=tuple(LineRecord(**(record | {"key": LineKey(**record["key"])})) for record in told["lines"]),
        replies=tuple(Reply(reply["queue"], _bytes(reply["body"])) for reply in told["replies"]),
        synced=tuple(_state(state) for state in told.get("synced", ())),  # absent: kept by an earlier version
        conflicts=tuple(
            SyncConflict(**(each | {"at": datetime.fromisoformat(each["at"])})) for each in told.get("conflicts", ())
        ),
    )
    return Outcome(RequestKey(**told["key"]), effects)


def _state(told: dict[str, Any]) -> SyncState:
    fields = {field: KnownValue(*kept) for field, kept in told["fields"].items()}
    return SyncState(**(told | {"fields": fields}))


def encode_rows(rows: Sequence[XrefRow]) -> bytes:
    """Turn cross-references into bytes; none into no bytes."""
    return json.dumps([asdict(row) for row in rows]).encode() if rows else b""


def decode_rows(kept: bytes) -> tuple[XrefRow, ...]:
    """Read cross-references back."""
    return tuple(XrefRow(**row) for row in json.loads(kept)) if kept else ()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
