"""A site whose answers may go elsewhere, on a real database: the edge, the worker's step, and time that tests move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from wsgiref.types import WSGIApplication

from lxml import etree

from gateway.adapters.partners import PartnerAddresses
from gateway.admin.replies import ReplyDesk
from gateway.messaging.delivery import Delivered, Delivery, KeptReplies
from gateway.messaging.ports import ALARMS, Database, Fallout
from gateway.messaging.replies import Reply
from gateway.messaging.retry import RetryPolicy
from gateway.messaging.steps import Barrier, NoBarrier
from soapkit.addressing import W3C, Addressing, Answering
from soapkit.module import Module
from soapkit.server import application
from soapkit.service import Handler, Request
from soapkit.transport import Timeout
from soapkit.versions import Version
from tests.addressing.messages import ID, Read, Way
from tests.addressing.receiver import Receiver
from tests.contract.soapkit.orders import URL, O, envelope, order, placed, post_as, service
from tests.doubles.clock import FakeClock

LEASE = timedelta(seconds=30)
SOAP_11 = Way(W3C, Version.SOAP_11)
PARAMETERS = '<a:ReferenceParameters><k:Key xmlns:k="urn:example:key">7</k:Key></a:ReferenceParameters>'


def to(partner: Receiver, local: str = "ReplyTo", way: Way = SOAP_11) -> str:
    """Refer to a partner, with a reference parameter."""
    return way.reference(local, f"{partner.url}/replies", PARAMETERS)


@dataclass
class Placed:
    """A handler whose effects are idempotent, as the gateway's are: an order is placed once, however often it comes."""

    orders: set[str] = field(default_factory=set)
    calls: int = 0

    def __call__(self, request: Request) -> etree._Element:
        self.calls += 1
        number = request.body.findtext(f"{O}Id") or ""
        self.orders.add(number)
        return placed(number)


@dataclass
class Later:
    """One process: its edge and its worker. ``restarted`` is what a crash leaves."""

    database: Database
    partners: Mapping[str, str]
    clock: FakeClock = field(default_factory=FakeClock)
    handler: Handler = field(default_factory=Placed)
    barrier: Barrier = field(default_factory=NoBarrier)
    modules: tuple[Module, ...] = ()
    owner: str = "worker-1"
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=3))
    delivery: Delivery = field(init=False)
    app: WSGIApplication = field(init=False)

    def __post_init__(self) -> None:
        addresses = PartnerAddresses(self.partners, Timeout(5, 5))
        served = [service(PlaceOrder=self.handler)]
        modules = (Addressing(KeptReplies(self.database, self.clock, addresses)), *self.modules)
        self.app = application(served, public_url=URL, modules=modules)
        self.delivery = Delivery(
            self.database,
            self.clock,
            Answering(served, modules),
            addresses,
            retry=self.retry,
            barrier=self.barrier,
            owner=self.owner,
            length=LEASE,
        )

    def restarted(self, **changes: Any) -> Later:
        """Start anew where a process died; its lease has lapsed meanwhile."""
        self.clock.advance(LEASE * 2)
        kept: dict[str, Any] = {"handler": self.handler, "modules": self.modules, "retry": self.retry}
        return Later(self.database, self.partners, self.clock, owner="worker-2", **(kept | changes))

    def post(self, way: Way, *references: str, message_id: str = ID, body: str = "") -> Read:
        """Send a request that names endpoints."""
        message = envelope(body or order(), way.headers(*references, message_id=message_id), version=way.version)
        return Read(way, post_as(way.version, self.app, message))

    def accepted(self, way: Way, *references: str) -> None:
        """Send one that must be kept."""
        answer = self.post(way, *references).answer
        assert (answer.status, answer.content) == (202, b"")

    def drain(self) -> list[Delivered]:
        """Work until nothing is due."""
        return list(iter(self.delivery.step, None))

    def sit_out(self) -> list[Delivered]:
        """Work until nothing is left, waiting out every retry."""
        endings = []
        for _ in range(50):
            endings += self.drain()
            if not any(reply.state in ("waiting", "answered") for reply in self.replies()):
                return endings
            self.clock.advance(timedelta(minutes=10))
        raise AssertionError(f"it comes to no end: {endings}")

    @property
    def desk(self) -> ReplyDesk:
        return ReplyDesk(self.database, self.clock)

    def replies(self) -> list[Reply]:
        return self.desk.list()

    @property
    def reply(self) -> Reply:
        [only] = self.replies()
        return only

    def alarms(self) -> list[Fallout]:
        with self.database.read() as work:
            return work.fallout.open(ALARMS)
