"""The only wiring: settings become a gateway. Tests pass doubles for what they own, such as the clock or a BRM."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from wsgiref.types import WSGIApplication

from gateway import routes
from gateway.adapters.barriers import barrier_from_environment
from gateway.adapters.brm import BrmServices, Waits
from gateway.admin import Admin
from gateway.config import BrmSettings, QueueSettings, Settings
from gateway.domain.billing import DateRules
from gateway.messaging import transactions
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.coordinator import Coordinator
from gateway.messaging.leases import Leases
from gateway.messaging.ports import Clock, Database
from gateway.messaging.queues import Draft
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.time import StoppablePause, SystemClock
from gateway.messaging.xa import Brm, Mode
from gateway.store.unit_of_work import SqlDatabase
from gateway.worker import Heartbeat, Worker
from soapkit.limits import Limits
from soapkit.server import Service, application

_SQLITE_FILE = "sqlite:///"


@dataclass(frozen=True)
class Gateway:
    """A gateway, wired. ``queues`` are the rows of the routes table that are consumed, ``services`` those on SOAP."""

    settings: Settings
    clock: Clock
    pause: StoppablePause
    database: Database
    brms: Mapping[str, Brm]
    coordinator: Coordinator
    flow: routes.Flow
    queues: tuple[QueueRoute, ...]
    admin: Admin

    @property
    def services(self) -> tuple[Service, ...]:
        """What is served over SOAP."""
        return routes.soap(self.flow, self.coordinator.run_request, Outbox(self.database, self.clock), self.clock)

    def application(self) -> WSGIApplication:
        """Return the web application."""
        return application(self.services, public_url=self.settings.gateway.address, limits=_limits(self.settings))

    def heartbeat(self) -> Heartbeat:
        """Return what keeps the leases of SOAP requests while they are worked on; a worker has its own."""
        return Heartbeat(self.coordinator.leases, self.pause)

    def close(self) -> None:
        """End all waits and let go of the database; a double of a test's own is the test's to close."""
        self.pause.stop()
        if isinstance(self.database, SqlDatabase):
            self.database.close()

    def worker(self) -> Worker:
        """Return the consumer of all queues."""
        queue = self.settings.queue
        return Worker(
            self.coordinator,
            self.queues,
            self.pause,
            idle=timedelta(seconds=queue.poll_seconds),
            recovery=timedelta(seconds=queue.recovery_seconds),
        )


@dataclass(frozen=True, slots=True)
class Outbox:
    """Puts a message in a commit of its own (port ``Outbox`` of the one-way services)."""

    database: Database
    clock: Clock

    def put(self, queue: str, body: bytes, group: str | None) -> None:
        """Put."""
        with self.database.begin() as work:
            work.messages.put([Draft(queue, body, group)], self.clock.now())
            work.commit()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    brms: Mapping[str, Brm] | None = None,
) -> Gateway:
    """Wire a gateway; opens its database, and upgrades it if need be. Raises Unavailable when that cannot be done."""
    clock = clock or SystemClock()
    pause = StoppablePause()
    database = database or _database(settings.gateway.database)
    brms = brms if brms is not None else {name: _brm(name, each) for name, each in settings.brm.items()}
    coordinator = transactions.build(
        database,
        brms,
        clock=clock,
        pause=pause,
        leases=Leases(database, clock, owner=_owner(), length=timedelta(seconds=settings.queue.lease_seconds)),
        barrier=barrier_from_environment(pause),
    )
    billing = DateRules(
        timedelta(days=settings.billing.initiate_days), timedelta(hours=settings.billing.future_threshold_hours)
    )
    flow = routes.flow(clock=clock, systems=frozenset(brms), rules=billing, limits=_limits(settings))
    queues = routes.queues(flow, retry_policy(settings.queue), settings.queue.workers)
    admin = Admin(database, brms, queues, clock, coordinator.forcing)
    return Gateway(settings, clock, pause, database, brms, coordinator, flow, queues, admin)


def retry_policy(queue: QueueSettings) -> RetryPolicy:
    """Return the policy that the settings describe."""
    return RetryPolicy(
        attempts=queue.retry_attempts,
        first=timedelta(seconds=queue.backoff_initial_seconds),
        factor=queue.backoff_factor,
        longest=timedelta(seconds=queue.backoff_maximum_seconds),
    )


def _database(url: str) -> Database:
    if url.startswith(_SQLITE_FILE):
        Path(url.removeprefix(_SQLITE_FILE)).parent.mkdir(parents=True, exist_ok=True)
    return SqlDatabase(url)


def _brm(name: str, settings: BrmSettings) -> Brm:
    waits = Waits(
        connect=settings.connect_timeout_seconds,
        read=settings.read_timeout_seconds,
        lock=settings.lock_wait_seconds,
        transaction=settings.transaction_timeout_seconds,
    )
    return BrmServices(name, settings.url, mode=Mode(settings.mode.value), waits=waits)


def _limits(settings: Settings) -> Limits:
    return Limits(**settings.limits.model_dump())


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
