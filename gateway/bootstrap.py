"""The only wiring: settings become a gateway. Tests pass doubles for what they own, such as the clock or a BRM."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from wsgiref.types import WSGIApplication

from gateway import routes
from gateway.adapters.barriers import barrier_from_environment
from gateway.adapters.brm import BrmServices, Waits
from gateway.adapters.partners import PartnerAddresses
from gateway.admin import Admin
from gateway.admin.cut import CutDesk
from gateway.admin.replies import ReplyDesk
from gateway.admin.users import UserDesk
from gateway.config import AddressingSettings, BrmSettings, QueueSettings, Settings
from gateway.cut.ports import Siebel
from gateway.domain.billing import DateRules
from gateway.edge import cut, observing, publishing, security
from gateway.edge.brm_credentials import credentials
from gateway.messaging import transactions
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.coordinator import Coordinator
from gateway.messaging.delivery import Delivery, KeptReplies
from gateway.messaging.errand import ErrandRoute, Errands
from gateway.messaging.leases import Leases
from gateway.messaging.ports import Clock, Database
from gateway.messaging.queues import Draft
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.time import StoppablePause, SystemClock
from gateway.messaging.xa import Brm, Mode
from gateway.store.unit_of_work import SqlDatabase
from gateway.worker import Heartbeat, Worker
from soapkit.addressing import Addressing, Answering
from soapkit.limits import Limits
from soapkit.module import Module
from soapkit.observe import tracing
from soapkit.server import Service, application
from soapkit.transport import Timeout
from soapkit.wss.authentication import Authenticator

_SQLITE_FILE = "sqlite:///"


@dataclass(frozen=True)
class Gateway:
    """A gateway, wired. ``queues`` are the rows of the routes table that are consumed, ``services`` those on SOAP.

    ``cut`` is None where there is no Siebel.
    """

    settings: Settings
    clock: Clock
    pause: StoppablePause
    database: Database
    brms: Mapping[str, Brm]
    coordinator: Coordinator
    flow: routes.Flow
    queues: tuple[QueueRoute, ...]
    admin: Admin
    errands: Errands
    cut: cut.Cut | None

    @property
    def services(self) -> tuple[Service, ...]:
        """What is served over SOAP."""
        billing = routes.soap(self.flow, self.coordinator.run_request, Outbox(self.database, self.clock), self.clock)
        return billing if self.cut is None else (*billing, *self.cut.services)

    @cached_property
    def partners(self) -> PartnerAddresses:
        """The addresses that answers may go to."""
        return _partners(self.settings.addressing)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """What understands header blocks, in this order; of answers on the connection and of those that leave later."""
        addressing = Addressing(KeptReplies(self.database, self.clock, self.partners))
        guarded = security.module(self.settings.security, lambda: self.callers, self.proxies, self.services)
        if guarded is None:
            return (addressing,)
        self.users.check_secrets()
        return (addressing, guarded)

    @cached_property
    def callers(self) -> Authenticator:
        """What tells callers from strangers. Raises ConfigError."""
        return security.authenticator(self.settings.security, self.database, self.clock)

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses and networks of the proxies that are believed."""
        return self.settings.publishing.trusted_proxies

    @property
    def users(self) -> UserDesk:
        """What operators do about users."""
        return UserDesk(self.database, self.clock, security.vault(self.settings.security))

    @property
    def workflows(self) -> CutDesk | None:
        """What operators do about the CUT workflows; None where there is no Siebel."""
        of = self.cut
        if of is None:
            return None
        return CutDesk(of.table, of.off, of.subscribers, of.steps.getter, self.database, self.clock)

    @property
    def replies(self) -> ReplyDesk:
        """What operators do about answers that go to partners' own addresses."""
        return ReplyDesk(self.database, self.clock)

    def application(self) -> WSGIApplication:
        """Return the web application."""
        return observing.observed(
            self._site,
            self.settings,
            database=self.database,
            brms=self.brms,
            queues=[route.queue for route in self.admin.routes],
            clock=self.clock,
        )

    def _site(self, modules: Sequence[Module], mounts: Mapping[str, WSGIApplication]) -> WSGIApplication:
        return application(
            self.services,
            public_url=self.settings.address,
            limits=_limits(self.settings),
            modules=(*self.modules, *modules),
            mounts=mounts,
            publishing=publishing.publishing(
                self.settings, self.services, security.guard(self.settings.security, self.callers, self.proxies)
            ),
        )

    def heartbeat(self) -> Heartbeat:
        """Return what keeps the leases of SOAP requests while they are worked on; a worker has its own."""
        return Heartbeat(self.coordinator.leases, self.pause)

    def close(self) -> None:
        """End all waits and let go of the database; a double of a test's own is the test's to close."""
        self.pause.stop()
        if isinstance(self.database, SqlDatabase):
            self.database.close()

    def delivery(self) -> Delivery:
        """Return what runs requests whose answers go elsewhere, and delivers those."""
        return Delivery(
            self.database,
            self.clock,
            Answering(self.services, self.modules, _limits(self.settings)),
            self.partners,
            retry=retry_policy(self.settings.addressing),
            barrier=self.coordinator.steps.barrier,
            owner=self.coordinator.leases.owner,
            length=self.coordinator.leases.length,
        )

    def worker(self) -> Worker:
        """Return the consumer of all queues, which delivers answers as well."""
        queue = self.settings.queue
        return Worker(
            self.coordinator,
            self.queues,
            self.pause,
            idle=timedelta(seconds=queue.poll_seconds),
            recovery=timedelta(seconds=queue.recovery_seconds),
            delivery=self.delivery(),
            deliverers=self.settings.addressing.threads,
            errands=self.errands,
            errand_routes=() if self.cut is None else self.cut.outgoing,
            shared_routes=() if self.cut is None else self.cut.incoming,
            sharing=self.settings.cut.receive_threads,
        )


@dataclass(frozen=True, slots=True)
class Outbox:
    """Puts a message in a commit of its own (port ``Outbox`` of the one-way services)."""

    database: Database
    clock: Clock

    def put(self, queue: str, body: bytes, group: str | None) -> None:
        """Put."""
        with self.database.begin() as work:
            work.messages.put([Draft(queue, body, group, trace=tracing.position())], self.clock.now())
            work.commit()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    brms: Mapping[str, Brm] | None = None,
    siebel: Siebel | None = None,
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
    errands = Errands(database, clock, pause, coordinator.leases, coordinator.steps)
    workflows = cut.build(settings, database, clock, errands, siebel)
    queues = queues if workflows is None else (*queues, *workflows.brm_queues)
    consumed: tuple[QueueRoute | ErrandRoute, ...] = queues if workflows is None else (*queues, *workflows.queues)
    admin = Admin(database, brms, consumed, clock, coordinator.forcing)
    return Gateway(settings, clock, pause, database, brms, coordinator, flow, queues, admin, errands, workflows)


def retry_policy(of: QueueSettings | AddressingSettings) -> RetryPolicy:
    """Return the policy that the settings describe."""
    return RetryPolicy(
        attempts=of.retry_attempts,
        first=timedelta(seconds=of.backoff_initial_seconds),
        factor=of.backoff_factor,
        longest=timedelta(seconds=of.backoff_maximum_seconds),
    )


def _partners(of: AddressingSettings) -> PartnerAddresses:
    addresses = {name: partner.address for name, partner in of.partners.items()}
    return PartnerAddresses(addresses, Timeout(of.connect_timeout_seconds, of.read_timeout_seconds))


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
    proofs = credentials(name, settings.security)
    return BrmServices(name, settings.url, mode=Mode(settings.mode.value), waits=waits, credentials=proofs)


def _limits(settings: Settings) -> Limits:
    return Limits(**settings.limits.model_dump())


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
