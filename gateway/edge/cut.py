"""Settings become the CUT workflows: services, queues, and those who are told of changes. Part of the wiring.

Everything that settings name is looked at when the gateway is built, so that it fails then and in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gateway.adapters.siebel import Addresses, Authentication, SiebelWebServices, Waits
from gateway.adapters.subscribers import OwnOperation, SoapSubscriber
from gateway.config import ConfigError, CutSettings, Settings, SiebelSettings, SubscriberSettings
from gateway.cut.delivery import Deliveries, Take, to_queue
from gateway.cut.get import Getter
from gateway.cut.intake import Intake, QueueIntake
from gateway.cut.known import Known
from gateway.cut.objects import CutObject, objects
from gateway.cut.ports import Siebel
from gateway.cut.receive import Receiver
from gateway.cut.send import Sender
from gateway.cut.services import Steps, soap
from gateway.cut.subscribers import Reached, Subscriber, Subscribers, subscribers
from gateway.cut.workflows import Kind, Workflow, switched_off, workflow, workflows
from gateway.edge import cut_brm
from gateway.edge.brm_credentials import credentials
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.errand import ErrandRoute, Errands
from gateway.messaging.ports import Clock, Database
from gateway.messaging.queues import DIRECT
from gateway.messaging.retry import RetryPolicy
from soapkit.catalog import ContractError, load
from soapkit.limits import Limits
from soapkit.server import Service as SoapService
from soapkit.transport import Timeout
from soapkit.wss.credentials import Login, tls_context


@dataclass(frozen=True)
class Cut:
    """The workflows, wired."""

    settings: CutSettings
    table: tuple[Workflow, ...]
    off: frozenset[str]
    subscribers: Subscribers
    steps: Steps
    incoming: tuple[ErrandRoute, ...]
    outgoing: tuple[ErrandRoute, ...]
    brm_queues: tuple[QueueRoute, ...]
    events: tuple[SoapService, ...]

    @property
    def queues(self) -> tuple[ErrandRoute, ...]:
        """What is consumed here without a BRM."""
        return (*self.incoming, *self.outgoing)

    @property
    def objects(self) -> tuple[CutObject, ...]:
        """Every object there is."""
        return tuple(dict.fromkeys(each.about for each in self.table))

    @property
    def services(self) -> tuple[SoapService, ...]:
        """What is served over SOAP."""
        return (*soap(self.table, self.off, self.steps), *self.events)


def build(
    settings: Settings, database: Database, clock: Clock, errands: Errands, siebel: Siebel | None = None
) -> Cut | None:
    """Wire the workflows; None where there is no Siebel. Raises ConfigError."""
    chosen = settings.cut
    if siebel is None and chosen.siebel not in settings.siebel:
        return None
    siebel = siebel or web_services(chosen.siebel, settings.siebel[chosen.siebel])
    table = workflows(objects(chosen.objects))
    off = switched_off(table, chosen.off)
    told = subscribers(chosen, table)
    limits = Limits(**settings.limits.model_dump())
    getter = Getter(siebel)
    sender = Sender(getter, told, database, clock, limits, chosen.siebel, chosen.siebel_user)
    receiver = Receiver(chosen.siebel, siebel, told, database, clock)
    steps = Steps(getter, sender, Intake(receiver.receive, told, errands, limits))
    incoming = _incoming(table, off, steps.intake, settings)
    outgoing = _outgoing(chosen, told, table, database, clock)
    about = tuple(dict.fromkeys(each.about for each in table))
    hints = cut_brm.queues(told, about, (chosen.siebel, siebel), _retry(chosen), database=database, clock=clock)
    events = cut_brm.services(told, about, chosen.siebel, database=database, clock=clock)
    return Cut(chosen, table, off, told, steps, incoming, outgoing, hints, events)


def web_services(name: str, settings: SiebelSettings) -> SiebelWebServices:
    """Return a Siebel of the settings. Raises ConfigError."""
    password = settings.password
    try:
        return SiebelWebServices(
            name,
            settings.url,
            addresses=Addresses(settings.addresses),
            authentication=Authentication(settings.authentication),
            login=Login(settings.user, password.get_secret_value()) if settings.user and password else None,
            waits=Waits(settings.connect_timeout_seconds, settings.read_timeout_seconds),
            tls=None if settings.tls_ca_file is None else tls_context(settings.tls_ca_file, None, None, None),
        )
    except ValueError as error:
        raise ConfigError(f"siebel.{name}: {error}") from None


def _incoming(
    table: tuple[Workflow, ...], off: frozenset[str], intake: Intake, settings: Settings
) -> tuple[ErrandRoute, ...]:
    """Return the queues of what is to be received; what is switched off waits on them."""
    of_queue = settings.queue
    retry = RetryPolicy(
        of_queue.retry_attempts,
        timedelta(seconds=of_queue.backoff_initial_seconds),
        of_queue.backoff_factor,
        timedelta(seconds=of_queue.backoff_maximum_seconds),
    )
    return tuple(
        _incoming_of(each, intake, retry) for each in table if each.kind is Kind.RECEIVE and each.name not in off
    )


def _incoming_of(of: Workflow, intake: Intake, retry: RetryPolicy) -> ErrandRoute:
    errand = QueueIntake(intake, of)
    return ErrandRoute(of.about.queue, errand, group=errand.group, retry=retry)


def _outgoing(
    settings: CutSettings, told: Subscribers, table: tuple[Workflow, ...], database: Database, clock: Clock
) -> tuple[ErrandRoute, ...]:
    """Return the queue of each subscriber that is no BRM, worked on by threads of its own."""
    about = {each.about.key: each.about for each in table}
    by_input = {workflow(each, Kind.RECEIVE).element("Input"): each for each in about.values()}
    received = (DIRECT, *(each.queue for each in about.values() if each.two_way))
    known = Known(database, clock, received)

    def route(subscriber: Subscriber) -> ErrandRoute:
        take = _take(subscriber, settings.subscribers[subscriber.name], about)
        errand = Deliveries(subscriber, by_input, take, known.news, database)
        return ErrandRoute(
            subscriber.outgoing, errand, group=errand.group, retry=_retry(settings), threads=subscriber.threads
        )

    return tuple(route(each) for each in told.each if each.reached is not Reached.BRM)


def _take(subscriber: Subscriber, settings: SubscriberSettings, about: Mapping[str, CutObject]) -> Take:
    if settings.queue is not None:
        return to_queue(settings.queue)
    place = f"cut.subscribers.{subscriber.name}"
    timeout = Timeout(settings.connect_timeout_seconds, settings.read_timeout_seconds)
    proofs = credentials(subscriber.name, settings.security, "cut.subscribers")
    try:
        own = None if settings.wsdl is None else OwnOperation(load(settings.wsdl), settings.operation or "")
        target = SoapSubscriber(subscriber.name, settings.url or "", timeout, proofs, own)
        for key in subscriber.objects:
            target.ready(about[key])
    except ContractError as error:
        raise ConfigError(f"{place}: {error}") from error
    return target.take


def _retry(of: CutSettings) -> RetryPolicy:
    return RetryPolicy(
        attempts=of.retry_attempts,
        first=timedelta(seconds=of.backoff_initial_seconds),
        factor=of.backoff_factor,
        longest=timedelta(seconds=of.backoff_maximum_seconds),
    )
