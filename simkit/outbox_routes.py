"""The outbox in a control API.

GET    /outbox?state=&after=&limit=    {"counts": {"waiting": 1, …}, "entries": [{"number": 1, …}]}
POST   /outbox/retry · POST /outbox/N/retry      dead rows live again, rows that back off are due now
DELETE /outbox/N                       a dead row is given up; those of its record behind it go on
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import flask
from werkzeug.exceptions import BadRequest, NotFound

from simkit.outbox import Sender
from simkit.store.outbox import Outbox, State

_MOST_ENTRIES = 1000
_MOMENTS = ("created", "due", "leased_until", "sent")


def outbox_routes(outbox: Outbox, sender: Sender) -> flask.Blueprint:
    """Make the routes; ``sender`` is told when there is something to do again."""
    routes = flask.Blueprint("outbox", __name__)

    @routes.get("/outbox")
    def entries() -> dict[str, Any]:
        asked = flask.request.args
        after, limit = asked.get("after", 0, type=int), asked.get("limit", 100, type=int)
        found = outbox.entries(state=_state(asked.get("state")), after=after, limit=max(1, min(limit, _MOST_ENTRIES)))
        return {"counts": outbox.counts(), "entries": [_shown(each) for each in found]}

    @routes.post("/outbox/retry")
    @routes.post("/outbox/<int:number>/retry")
    def retry(number: int | None = None) -> dict[str, Any]:
        retried = outbox.retry(number)
        if number is not None and not retried:
            raise NotFound(f"There is no row {number} that failed and was not delivered since")
        sender.wake()
        return {"retried": retried}

    @routes.delete("/outbox/<int:number>")
    def discard(number: int) -> dict[str, Any]:
        if not outbox.discard(number):
            raise NotFound(f"There is no parked row {number}")
        sender.wake()
        return {"discarded": number}

    return routes


def _state(given: str | None) -> State | None:
    if given is None:
        return None
    try:
        return State(given)
    except ValueError:
        raise BadRequest(f"state is one of {', '.join(State)}") from None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    shown = row | {name: _moment(row[name]) for name in _MOMENTS}
    return {"number": shown.pop("number"), "group": shown.pop("grouped"), **shown}


def _moment(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None
