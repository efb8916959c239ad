"""Delivers what is in an outbox: at least once, in order per record, later and later while it fails, until it is dead.

What a try comes to:

=============================  ==================================================================
delivered                      the next of its record is due
Unreachable                    nobody took it: tried again, as long as it takes
a fault, no or a wrong answer  tried again, ``Patience.tries`` times; then it is dead (parked)
NotSent, any other ValueError  it can never be delivered: parked at once
=============================  ==================================================================

The lease is longer than a delivery may take: what a killed process had claimed is delivered again once it has ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from lxml import etree

from simkit.store.outbox import Claimed, Message, Outbox
from soapkit.catalog import Contract
from soapkit.client import Client
from soapkit.faults import Unreachable
from soapkit.limits import parse
from soapkit.transport import Timeout
from soapkit.wss.credentials import Credentials

__all__ = ["Deliver", "Message", "Outbox", "Patience", "Sender", "SoapDelivery"]

_log = structlog.get_logger(__name__)
_TIMEOUT = Timeout(connect=5.0, read=60.0)

Deliver = Callable[[Message], None]
"""Delivers a message, or raises what soapkit's client does."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: the wait after the ``first`` failure, doubled each time up to ``most``; tries; the lease of one."""

    first: float = 1.0
    most: float = 60.0
    tries: int = 20
    lease: float = 150.0

    def wait(self, attempts: int) -> float:
        """Say how long to wait after so many attempts, from 1."""
        return min(self.most, self.first * 2.0 ** min(attempts - 1, 32))


class Sender:
    """Delivers the rows of ``outbox``; any number of them, in any number of processes, may share it."""

    def __init__(
        self,
        outbox: Outbox,
        deliver: Deliver,
        patience: Patience = Patience(),
        *,
        now: Callable[[], float] = time.time,
        threads: int = 2,
        idle: float = 0.5,
    ) -> None:
        self._outbox = outbox
        self._deliver = deliver
        self._patience = patience
        self._now = now
        self._idle = idle
        self._more = threading.Event()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"outbox-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        """Deliver in threads; returns at once."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there is something to deliver; without it, that is found out a little later."""
        self._more.set()

    def stop(self, grace: float = 10.0) -> None:
        """Begin nothing new, and wait for what is under way; what has not ended then is delivered again."""
        self._ending.set()
        self._more.set()
        until = time.monotonic() + grace
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def step(self) -> bool:
        """Try what is due first; False when nothing was."""
        claimed = self._outbox.claim(self._now(), self._patience.lease)
        if claimed is None:
            return False
        try:
            self._deliver(claimed.message)
        except Unreachable as error:
            self._failed(claimed, error, counts=False)
        except ValueError as error:  # NotSent is one
            self._failed(claimed, error, parks=True)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it is written down, and others are not kept
            self._failed(claimed, error)
        else:
            if not self._outbox.sent(claimed, self._now()):
                _log.warning("delivered after its lease, so perhaps twice", message=claimed.message.message_id)
        return True

    def _failed(self, claimed: Claimed, error: Exception, *, counts: bool = True, parks: bool = False) -> None:
        parks = parks or (counts and claimed.refused + 1 >= self._patience.tries)
        due = self._now() + self._patience.wait(claimed.attempts)
        self._outbox.failed(claimed, f"{type(error).__name__}: {error}", due=due, counts=counts, parks=parks)
        tell = _log.error if parks else _log.warning
        told = {"message": claimed.message.message_id, "kind": claimed.message.kind, "attempt": claimed.attempts}
        tell("parked, its record waits" if parks else "not delivered yet", error=type(error).__name__, **told)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._more.clear()
            if not self._stepped():
                self._more.wait(self._idle)

    def _stepped(self) -> bool:
        try:
            return self.step()
        except Exception:  # noqa: BLE001 - a database that is away now must not end the thread
            _log.exception("the outbox cannot be worked on")
            return False


def accept_anything(_answer: etree._Element | None) -> None:
    """Take any answer that is no fault for a yes."""


class SoapDelivery:
    """Calls the operation that a message's ``kind`` names; ``address`` says where the service of a contract is.

    ``check`` looks at the answer, and raises what is to count as a refusal. Bodies are validated before they go out.
    """

    def __init__(
        self,
        contracts: Iterable[Contract],
        address: Callable[[Contract], str],
        *,
        credentials: Credentials | None = None,
        timeout: Timeout = _TIMEOUT,
        check: Callable[[etree._Element | None], None] = accept_anything,
    ) -> None:
        made = {
            each: Client(each, address(each), credentials=credentials, timeout=timeout)
            for each in dict.fromkeys(contracts)
        }
        self._clients: Mapping[str, Client] = {
            operation.name: client for contract, client in made.items() for operation in contract.operations
        }
        self._check = check

    def __call__(self, message: Message) -> None:
        """Call. Raises what ``Client.call`` does, and ValueError when no contract has such an operation."""
        client = self._clients.get(message.kind)
        if client is None:
            raise ValueError(f"there is no operation {message.kind} to call")
        with structlog.contextvars.bound_contextvars(correlation_id=message.message_id):
            self._check(client.call(message.kind, parse(message.payload.encode())))
