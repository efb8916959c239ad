"""A worker process: consumes queues in threads, renews leases, recovers, and hands back what it holds when it stops.

What is done with a message is the coordinator's; here are only threads and timers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from gateway.errors import GatewayError
from gateway.messaging.consumer import Consumer, QueueRoute, Rota
from gateway.messaging.coordinator import Coordinator
from gateway.messaging.delivery import Delivery
from gateway.messaging.errand import ErrandRoute, Errands
from gateway.messaging.time import StoppablePause

_log = structlog.get_logger(__name__)


class Holding(Protocol):
    """What holds leases of one length."""

    @property
    def length(self) -> timedelta:
        """How long a lease lasts without renewal."""

    def renew(self) -> None:
        """Extend every lease held."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Renews the leases of a process that works, on queues or at its SOAP edge: every third of their length."""

    leases: Holding
    pause: StoppablePause

    def start(self) -> threading.Thread:
        """Start; returns at once."""
        thread = threading.Thread(target=self.run, name="heartbeat", daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Renew until the process stops."""
        while not self.pause.pause(self.leases.length / 3):
            _guarded("leases not renewed", self.leases.renew)


@dataclass(frozen=True, slots=True)
class Worker:
    """Consumes ``routes`` and ``errand_routes`` in threads of their own, ``shared_routes`` in ``sharing`` threads.

    It delivers answers in ``deliverers`` threads, too.

    ``idle`` is the wait when a queue is empty, ``recovery`` the timer of recovery.

    ``grace`` is how long ``stop`` waits for what is under way; whoever stops this process waits longer, or kills it.
    """

    coordinator: Coordinator
    routes: Sequence[QueueRoute]
    pause: StoppablePause
    idle: timedelta = timedelta(milliseconds=200)
    recovery: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=10)
    delivery: Delivery | None = None
    deliverers: int = 1
    errands: Errands | None = None
    errand_routes: Sequence[ErrandRoute] = ()
    shared_routes: Sequence[ErrandRoute] = ()
    sharing: int = 1
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start; returns at once. Recovery runs before the first message for a BRM (``Recovery.ready``) and on."""
        self._threads.append(Heartbeat(self.coordinator.leases, self.pause).start())
        self._start("recovery", self._recover)
        for route in self.routes:
            self._consume(Consumer(route, self.coordinator), route.queue, route.threads)
        if self.errands is not None:
            for errand in self.errand_routes:
                self._consume(Consumer(errand, self.errands), errand.queue, errand.threads)
            if self.shared_routes:
                self._consume(Rota(self.shared_routes, self.errands), "shared queues", self.sharing)
        if self.delivery is not None:
            self._threads.append(Heartbeat(self.delivery, self.pause).start())
            for number in range(self.deliverers):
                self._start(f"replies-{number}", Consuming(self.delivery, self, "replies").run)

    def stop(self) -> None:
        """Take nothing new, let what is under way finish for a while (all of it together), hand back the rest."""
        self.pause.stop()
        until = time.monotonic() + self.grace.total_seconds()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        try:
            given = self.coordinator.leases.hand_back()
            given += 0 if self.delivery is None else self.delivery.hand_back()
        except GatewayError as error:  # the leases lapse by themselves
            _log.warning("not handed back", error=error.text)
            return
        if given:
            _log.info("handed back", messages=given)

    def _consume(self, consumer: Stepping, queue: str, threads: int) -> None:
        for number in range(threads):
            self._start(f"{queue}-{number}", Consuming(consumer, self, queue).run)

    def _start(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _recover(self) -> None:
        while True:
            _guarded("recovery postponed", self.coordinator.recovery.run_all)
            if self.pause.pause(self.recovery):
                return


def _guarded(trouble: str, act: Callable[[], None]) -> None:
    """Do a timer's work; whatever goes wrong, the timer goes on: leases and recovery hang on it."""
    try:
        act()
    except GatewayError as error:
        _log.warning(trouble, error=error.text)
    except Exception:  # noqa: BLE001 - a fault of the program must not end the timer silently
        _log.exception(trouble)


class Stepping(Protocol):
    """What works one step at a time."""

    def step(self) -> object:
        """Take one step; None when there was nothing to do."""


@dataclass(frozen=True, slots=True)
class Consuming:
    """One thread on one queue."""

    consumer: Stepping
    worker: Worker
    queue: str

    def run(self) -> None:
        """Consume until the process stops; pause when there is nothing to take."""
        while not self.worker.pause.stopping:
            if self._step() is None:
                self.worker.pause.pause(self.worker.idle)

    def _step(self) -> object:
        try:
            return self.consumer.step()
        except Exception:  # noqa: BLE001 - a thread that dies would leave its queue unserved
            _log.exception("consumer failed", queue=self.queue)
            return None
