"""Settings become the synchronisation with BRMs: a queue of hints for each, and the service that takes their events.

Part of the wiring.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.cut.brm_sync.events import Events
from gateway.cut.brm_sync.service import BrmSync
from gateway.cut.objects import CutObject
from gateway.cut.ports import Siebel
from gateway.cut.subscribers import Reached, Subscriber, Subscribers
from gateway.cut.workflows import Kind, workflow
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.ports import Clock, Database
from gateway.messaging.retry import RetryPolicy
from soapkit.server import Service


def queues(
    told: Subscribers,
    about: Sequence[CutObject],
    syncing: tuple[str, Siebel],
    retry: RetryPolicy,
    *,
    database: Database,
    clock: Clock,
) -> tuple[QueueRoute, ...]:
    """Return the queues of hints; ``syncing`` is the Siebel and what it is called. They run in BRM's transactions."""
    source, siebel = syncing
    by_input = {workflow(each, Kind.RECEIVE).element("Input"): each for each in about}

    def route(subscriber: Subscriber) -> QueueRoute:
        kept = {tag: each for tag, each in by_input.items() if each.key in subscriber.objects}
        sync = BrmSync(subscriber.system, source, siebel, kept, subscriber.winner, database, clock)
        return QueueRoute(subscriber.outgoing, sync, retry=retry, threads=subscriber.threads)

    return tuple(route(each) for each in _brms(told))


def services(
    told: Subscribers, about: Sequence[CutObject], source: str, *, database: Database, clock: Clock
) -> tuple[Service, ...]:
    """Return the service of events, where there is a BRM that is kept in step."""
    if not _brms(told):
        return ()
    return (Events(told, {each.key: each for each in about}, database, clock, source).service(),)


def _brms(told: Subscribers) -> list[Subscriber]:
    return [each for each in told.each if each.reached is Reached.BRM]
