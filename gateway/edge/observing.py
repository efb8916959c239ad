"""What operators see of the SOAP edge: a line, figures and a span for each call, and whether the gateway can work.

Part of the wiring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from wsgiref.types import WSGIApplication

import structlog

from gateway.config import Settings
from gateway.errors import GatewayError
from gateway.messaging.ports import ALARMS, Clock, Database
from gateway.messaging.queues import Depth
from gateway.messaging.xa import Brm
from gateway.store.unit_of_work import SqlDatabase
from soapkit.module import Module
from soapkit.observe import tracing
from soapkit.observe.access_log import log_call
from soapkit.observe.health import Check, Health
from soapkit.observe.metrics import Metrics, Reading
from soapkit.observe.metrics_page import MetricsPage
from soapkit.observe.observed import Observed

_log = structlog.get_logger(__name__)
_PING = "PCM_OP_TEST_LOOPBACK"

Build = Callable[[Sequence[Module], Mapping[str, WSGIApplication]], WSGIApplication]


def observed(
    build: Build,
    settings: Settings,
    *,
    database: Database,
    brms: Mapping[str, Brm],
    queues: Sequence[str],
    clock: Clock,
) -> WSGIApplication:
    """Return the application that ``build`` makes of further modules and mounts, with all that operators see of it."""
    metrics = Metrics(lambda: _readings(database, queues, clock))
    token = settings.telemetry.metrics_token
    page = MetricsPage(metrics, token.get_secret_value() if token else None)
    checks = {"database": _database(database)} | {name: _brm(brm) for name, brm in brms.items()}
    app = build((metrics,), {"/health": Health(checks), "/metrics": page})
    return tracing.traced(Observed(app, (metrics.answered, log_call)))


def _database(database: Database) -> Check:
    def check() -> str | None:
        try:
            current = not isinstance(database, SqlDatabase) or database.is_current()
        except GatewayError:
            return "cannot be reached"
        return None if current else "is not of this version"

    return check


def _brm(brm: Brm) -> Check:
    def check() -> str | None:
        try:
            brm.call(None, _PING, {"POID": "0.0.0.1 /poid -1"})
        except GatewayError as error:
            return f"does not answer as it should ({error.code})"
        return None

    return check


def _readings(database: Database, queues: Sequence[str], clock: Clock) -> Iterator[Reading]:
    up = "Whether the gateway's database can be read"
    try:
        with database.read() as work:
            depths = work.messages.depths(queues)
            replies, since = work.replies.depths(), work.replies.oldest()
            alarms = len(work.fallout.open(ALARMS))
    except GatewayError as error:
        _log.warning("queues not counted", error=error.text)
        yield Reading("o2c_database_up", up, (), {(): 0.0})
        return
    yield Reading("o2c_database_up", up, (), {(): 1.0})
    yield Reading("o2c_alarms", "Alarms that wait for an operator", (), {(): float(alarms)})
    kept: dict[tuple[str, ...], float] = {(state.value,): float(count) for state, count in replies.items()}
    yield Reading(
        "o2c_replies", "Answers to partners' own addresses that are not delivered, by state", ("state",), kept
    )
    waited: dict[tuple[str, ...], float] = {(state.value,): _age(clock, then) for state, then in since.items()}
    yield Reading("o2c_reply_oldest_seconds", "Age of the oldest of them, by state", ("state",), waited)
    yield from _of_queues(depths, clock)


def _of_queues(depths: Sequence[Depth], clock: Clock) -> Iterator[Reading]:
    labels = ("queue", "state")
    counted: dict[tuple[str, ...], float] = {(depth.queue, depth.state.value): float(depth.count) for depth in depths}
    yield Reading("o2c_queue_messages", "Messages on queues that are not done, by state", labels, counted)
    ages: dict[tuple[str, ...], float] = {
        (depth.queue, depth.state.value): _age(clock, depth.oldest) for depth in depths if depth.oldest is not None
    }
    yield Reading("o2c_queue_oldest_seconds", "Age of the oldest message, by state", labels, ages)


def _age(clock: Clock, since: datetime) -> float:
    return max(0.0, (clock.now() - since).total_seconds())
