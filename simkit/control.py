"""The control API: what a test or an operator may do to a simulator, outside the surface it imitates.

Every request needs the bearer token. Bodies and answers are JSON.

    POST   /reset                       empty state, real time, no faults, empty journal
    POST   /seed                        the product's own document
    GET    /snapshots · POST /snapshot/NAME · POST /restore/NAME
    GET    /clock · PUT /clock          {"set": "2026-11-20T10:00:00Z", "frozen": false} | {"advance": seconds} |
                                        {"real": true}
    GET    /journal?operation=&transaction=&after=&limit= · DELETE /journal
    GET    /faults · POST /faults · DELETE /faults · DELETE /faults/ID
    GET    /barriers · POST /barriers/release · POST /barriers/ID/release
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

import flask
import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, FiniteFloat, ValidationError, model_validator
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, Unauthorized

from simkit.clock import Clock
from simkit.faults import Action, Fault
from simkit.simulation import Simulation
from simkit.store import Posted

_log = structlog.get_logger(__name__)
_MOST_BYTES = 10 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MOST_ENTRIES = 1000


class Product(Protocol):
    """What a simulator offers to its control API."""

    def reset(self) -> None:
        """Empty the state."""

    def seed(self, document: Any) -> Any:
        """Fill the state from a JSON value; what came of it. ValueError when the document is wrong."""

    def snapshot(self, name: str) -> None:
        """Keep the state under a name."""

    def restore(self, name: str) -> None:
        """Go back to the state kept under a name; KeyError when there is none."""

    def snapshots(self) -> list[str]:
        """Name the states kept."""


class _ClockChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    set: AwareDatetime | None = None
    frozen: bool = False
    advance: FiniteFloat | None = None
    real: bool = False

    @model_validator(mode="after")
    def _one(self) -> _ClockChange:
        if [self.set is not None, self.advance is not None, self.real].count(True) != 1:
            raise ValueError("give one of set, advance and real")
        return self

    def apply(self, clock: Clock, real: datetime) -> Clock:
        if self.set is not None:
            return clock.set_to(self.set, real, frozen=self.frozen)
        return Clock() if self.advance is None else clock.advanced(self.advance, real)


def control_app(
    simulation: Simulation,
    product: Product,
    *,
    token: str,
    pages: Mapping[str, Callable[[], Any]] | None = None,
    routes: Sequence[flask.Blueprint] = (),
) -> flask.Flask:
    """Build the control API; ``pages`` are more things to GET, by path, ``routes`` the product's own.

    ValueError for an empty token.
    """
    if not token:
        raise ValueError("The control API needs a token")
    app = flask.Flask("simkit.control", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined] # the default provider has it
    app.before_request(_guard(token))
    for error in (HTTPException, ValidationError, ValueError):
        app.register_error_handler(error, _refuse)
    app.register_error_handler(Exception, _fail)
    app.register_blueprint(_state(simulation, product))
    app.register_blueprint(_time(simulation))
    app.register_blueprint(_calls(simulation))
    for each in routes:
        app.register_blueprint(each)
    for path, page in (pages or {}).items():
        app.add_url_rule(path, endpoint=f"page{path}", view_func=_page(page))
    return app


def _guard(token: str) -> Callable[[], None]:
    expected = f"Bearer {token}".encode()

    def check() -> None:
        given = flask.request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            raise Unauthorized("The control API needs its bearer token")

    return check


def _refuse(error: Exception) -> tuple[dict[str, Any], int]:
    if isinstance(error, HTTPException):
        return {"error": error.description or error.name}, error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, ValidationError):
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        return {"error": told}, HTTPStatus.BAD_REQUEST
    return {"error": str(error)}, HTTPStatus.BAD_REQUEST


def _fail(error: Exception) -> tuple[dict[str, Any], int]:
    _log.error("control request failed", path=flask.request.path, exc_info=error)
    return {"error": "The simulator failed; its log says why"}, HTTPStatus.INTERNAL_SERVER_ERROR


def _page(page: Callable[[], Any]) -> Callable[[], flask.Response]:
    return lambda: flask.jsonify(page())


def _body() -> Any:
    try:
        return flask.request.get_json(force=True)
    except RecursionError:
        raise BadRequest("The JSON value is too deeply nested") from None


def _state(simulation: Simulation, product: Product) -> flask.Blueprint:
    routes = flask.Blueprint("state", __name__)

    @routes.post("/reset")
    def reset() -> dict[str, Any]:
        simulation.store.reset()  # first: what is held at a barrier goes on, and into the state that is emptied
        product.reset()
        return {"reset": True}

    @routes.post("/seed")
    def seed() -> flask.Response:
        return flask.jsonify(product.seed(_body()))

    @routes.get("/snapshots")
    def snapshots() -> flask.Response:
        return flask.jsonify(product.snapshots())

    @routes.post("/snapshot/<name>")
    def snapshot(name: str) -> tuple[dict[str, Any], int]:
        product.snapshot(_named(name))
        simulation.store.keep_clock(name)
        return {"snapshot": name}, HTTPStatus.CREATED

    @routes.post("/restore/<name>")
    def restore(name: str) -> dict[str, Any]:
        try:
            product.restore(_named(name))
        except KeyError:
            raise NotFound(f"There is no snapshot {name}") from None
        simulation.store.restore_clock(name)
        return {"restored": name}

    return routes


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadRequest("A snapshot's name has up to 64 letters, digits, dots, dashes and underscores")
    return name


def _time(simulation: Simulation) -> flask.Blueprint:
    routes = flask.Blueprint("time", __name__)

    def shown(clock: Clock) -> dict[str, Any]:
        now = clock.now(datetime.now(UTC))
        return {"now": now.isoformat(), "pace": clock.pace, "offset": clock.offset}

    @routes.get("/clock")
    def clock() -> dict[str, Any]:
        return shown(simulation.store.clock())

    @routes.put("/clock")
    def change() -> dict[str, Any]:
        change, real = _ClockChange.model_validate(_body()), datetime.now(UTC)
        return shown(simulation.store.change_clock(lambda clock: change.apply(clock, real)))

    return routes


def _calls(simulation: Simulation) -> flask.Blueprint:
    routes = flask.Blueprint("calls", __name__)
    store = simulation.store

    @routes.get("/journal")
    def journal() -> flask.Response:
        asked = flask.request.args
        after, limit = asked.get("after", 0, type=int), asked.get("limit", 100, type=int)
        operation, transaction = asked.get("operation"), asked.get("transaction")
        limit = max(1, min(limit, _MOST_ENTRIES))
        return flask.jsonify(store.entries(operation=operation, transaction=transaction, after=after, limit=limit))

    @routes.delete("/journal")
    def clear_journal() -> dict[str, Any]:
        return {"removed": store.clear_journal()}

    @routes.get("/faults")
    def faults() -> flask.Response:
        return flask.jsonify([_posted(posted) for posted in store.faults()])

    @routes.post("/faults")
    def add_fault() -> tuple[dict[str, Any], int]:
        fault = Fault.model_validate(_body())
        if fault.action is Action.ERROR:
            simulation.word_error(fault.error or {})
        return {"id": store.add_fault(fault)}, HTTPStatus.CREATED

    @routes.delete("/faults")
    @routes.delete("/faults/<int:number>")
    def remove(number: int | None = None) -> dict[str, Any]:
        return {"removed": store.remove_faults(number)}

    @routes.get("/barriers")
    def barriers() -> flask.Response:
        return flask.jsonify(store.barriers())

    @routes.post("/barriers/release")
    @routes.post("/barriers/<int:number>/release")
    def release(number: int | None = None) -> dict[str, Any]:
        return {"released": store.release(number)}

    return routes


def _posted(posted: Posted) -> dict[str, Any]:
    state = {"id": posted.id, "calls": posted.calls, "struck": posted.struck}
    return state | posted.fault.model_dump(mode="json", exclude_none=True)
