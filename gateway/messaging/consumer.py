"""Takes messages from one queue and has them attempted, one at a time. It starts no thread and never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.errors import GatewayError
from gateway.messaging.attempt import Ending
from gateway.messaging.coordinator import Coordinator
from gateway.messaging.queues import Claim, Draft
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.steps import Step
from gateway.messaging.unit import Service

_log = structlog.get_logger(__name__)


def _ungrouped(_payload: bytes) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class QueueRoute:
    """A queue, the service that works on its messages, and how: the consumer's row of the routes table.

    ``group`` answers, for a message's bytes, the key within which messages are taken in order; None = no order.
    """

    queue: str
    service: Service
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
class Consumer:
    """One queue's consumer; any number of threads and processes may run their own."""

    route: QueueRoute
    coordinator: Coordinator

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
        with protocol.steps.at(Step.CLAIM), protocol.database.begin() as work:
            claim = work.messages.claim(self.route.queue, protocol.leases.owner, now, until)
            work.commit()
        return claim
