"""Takes messages from one queue and has them attempted, one at a time. It starts no thread and never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import structlog

from gateway.errors import GatewayError
from gateway.messaging.attempt import Ending
from gateway.messaging.leases import Leases
from gateway.messaging.ports import Clock, Database, Pause
from gateway.messaging.queues import Claim, Draft
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.steps import Step, Steps
from gateway.messaging.unit import Service

Works = TypeVar("Works")
"""What works on a queue's messages: a Service, in a BRM transaction; an Errand, without one."""
Takes_contra = TypeVar("Takes_contra", contravariant=True)

_log = structlog.get_logger(__name__)


def _ungrouped(_payload: bytes) -> str | None:
    return None


class Processing(Protocol[Takes_contra]):
    """What attempts messages: the coordinator, and the runner of errands."""

    @property
    def database(self) -> Database: ...  # noqa: D102 - named for what it is

    @property
    def clock(self) -> Clock: ...  # noqa: D102 - same

    @property
    def pause(self) -> Pause: ...  # noqa: D102 - same

    @property
    def leases(self) -> Leases: ...  # noqa: D102 - same

    @property
    def steps(self) -> Steps: ...  # noqa: D102 - same

    def process(self, claim: Claim, service: Takes_contra, retry: RetryPolicy) -> Ending:
        """Attempt a claimed message. Whatever is wrong with the message is recorded, not raised."""


@dataclass(frozen=True, slots=True)
class Route(Generic[Works]):
    """A queue, the service that works on its messages, and how: the consumer's row of the routes table.

    ``group`` answers, for a message's bytes, the key within which messages are taken in order; None = no order.
    """

    queue: str
    service: Works
    group: Callable[[bytes], str | None] = _ungrouped
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    threads: int = 1

    def draft(self, payload: bytes) -> Draft:
        """Make a message for this queue. One whose group cannot be read is put all the same, and fails when worked."""
        return Draft(self.queue, payload, group=self._group(payload))

    def _group(self, payload: bytes) -> str | None:
        try:
            return self.group(payload)
        except GatewayError:
            return None


@dataclass(frozen=True, slots=True)
class QueueRoute(Route[Service]):
    """A queue whose messages are worked on in BRM's transactions."""


@dataclass(frozen=True, slots=True)
class Consumer(Generic[Works]):
    """One queue's consumer; any number of threads and processes may run their own."""

    route: Route[Works]
    coordinator: Processing[Works]

    def step(self) -> Ending | None:
        """Take one message and attempt it; None when there was nothing to take, or nothing could be taken."""
        try:
            claim = self._claim()
            if claim is None:
                return None
            if self.coordinator.pause.pause(timedelta()):  # the process was asked to stop meanwhile: not begun at all
                self._hand_back(claim)
                return None
            return self.coordinator.process(claim, self.route.service, self.route.retry)
        except GatewayError as error:  # the database is away: what was claimed comes back when its lease lapses
            _log.warning("queue not served", queue=self.route.queue, error=error.text)
            return None

    def _hand_back(self, claim: Claim) -> None:
        with self.coordinator.database.begin() as work:
            work.messages.hand_back(claim, self.coordinator.clock.now())
            work.commit()

    def _claim(self) -> Claim | None:
        protocol = self.coordinator
        now, until = protocol.clock.now(), protocol.leases.until()
        with protocol.database.read() as work:  # a queue that is empty most of the time locks nothing
            if not work.messages.due((self.route.queue,), now):
                return None
        with protocol.steps.at(Step.CLAIM), protocol.database.begin() as work:
            claim = work.messages.claim(self.route.queue, protocol.leases.owner, now, until)
            work.commit()
        return claim


@dataclass(frozen=True, slots=True)
class Rota(Generic[Works]):
    """The consumer of several queues, mostly empty: one look at all of them, then a message of each that is due.

    It costs an idle process one question for all, where a consumer for each would ask as often as there are queues.
    """

    routes: Sequence[Route[Works]]
    coordinator: Processing[Works]

    def step(self) -> Ending | None:
        """Take a message of each queue that has one; None when there was nothing to take."""
        endings = [Consumer(route, self.coordinator).step() for route in self._due()]
        return next((ending for ending in endings if ending is not None), None)

    def _due(self) -> list[Route[Works]]:
        now = self.coordinator.clock.now()
        try:
            with self.coordinator.database.read() as work:
                due = work.messages.due([route.queue for route in self.routes], now)
        except GatewayError as error:
            _log.warning("queues not served", error=error.text)
            return []
        return [route for route in self.routes if route.queue in due]
