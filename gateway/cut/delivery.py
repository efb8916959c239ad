"""Tells a subscriber of a change: one stored delivery, one call (or one message on its queue).

The Message Id is the delivery's own number, the same however often it is tried. To a two-way subscriber only what it
does not know is sent; where that is nothing, the delivery is done without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lxml import etree

from gateway.cut.messages import told
from gateway.cut.objects import CutObject
from gateway.cut.subscribers import Subscriber
from gateway.errors import BusinessError, InvalidMessage, Unavailable
from gateway.messaging.errand import Finished, Write
from gateway.messaging.ports import Database, Work
from gateway.messaging.queues import Claim, Draft
from gateway.messaging.unit import RequestKey, Story
from gateway.transforms.reading import Element
from soapkit.faults import Refused
from soapkit.limits import Limits, parse

_STORED = Limits(
    max_bytes=1 << 30,
    max_depth=200,
    max_elements=10_000_000,
    max_attributes=10_000_000,
    max_name_length=10_000,
    max_namespaces=10_000_000,
)
"""What came in was held against the settings' limits; what was stored of it is a little larger."""


class SubscriberRefused(BusinessError):
    """A subscriber says that a message is wrong: telling it again is no use."""

    code = "O2C_SUBSCRIBER_REFUSED"


class SubscriberUnavailable(Unavailable):
    """A subscriber cannot be reached, gave no answer, or could not take the message now."""

    code = "O2C_SUBSCRIBER_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Change:
    """What a subscriber is told: ``list`` holds the record, ``message_id`` is stable, ``source`` is the Siebel."""

    about: CutObject
    list: Element
    message_id: str
    source: str


class News(Protocol):
    """What a subscriber does not know yet."""

    @property
    def list(self) -> Element:
        """The record's keys, and the fields that are news."""

    @property
    def write(self) -> Write:
        """Keeps that it knows them from now on."""


Ask = Callable[[str, CutObject, Element, int], News | None]
"""Asks what of a list is news to a system; the number is the delivery's."""

Take = Callable[[Change], Write | None]
"""Tells a subscriber; returns what belongs into the commit, if anything. Raises SubscriberRefused and -Unavailable."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The errand of one subscriber's queue; ``objects`` are by their ``_Input``."""

    subscriber: Subscriber
    objects: Mapping[str, CutObject]
    take: Take
    ask: Ask
    database: Database

    def task(self, payload: bytes) -> Delivery:
        """Read what was stored. Raises InvalidMessage."""
        try:
            body = parse(payload, _STORED)
        except Refused as error:
            raise InvalidMessage(error.text, element=error.path) from None
        about = self.objects.get(body.tag)
        found = None if about is None else body.find(about.list_element)
        if about is None or found is None:
            raise InvalidMessage("this is no change of an object's record", element=etree.QName(body).localname)
        return Delivery(self, about, found, told(about, body, "Source_spcSystem"))

    def group(self, payload: bytes) -> str:
        """Return what deliveries are kept in order by: their record."""
        delivery = self.task(payload)
        return f"{delivery.changed.key} {delivery.about}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stored change on its way (an errand's Task)."""

    of: Deliveries
    changed: CutObject
    list: Element
    source: str

    @property
    def key(self) -> RequestKey | None:
        """A delivery is in no ledger: its subscriber knows it by its Message Id."""
        return None

    @property
    def content(self) -> bytes:
        """Nothing is compared."""
        return b""

    @property
    def about(self) -> str:
        """The record's row id."""
        return self.changed.row_id(next(iter(self.changed.records(self.list)), None))

    @property
    def ahead(self) -> bool:
        """Nobody waits for it."""
        return False

    def do(self, claim: Claim, story: Story) -> Finished:
        """Tell the subscriber, unless there is nothing to tell."""
        subscriber = self.of.subscriber
        if subscriber.latest_only and self._is_followed(claim):
            story.tell("not sent", "a later change of the record waits")
            return Finished()
        found = self._news(claim)
        if found is None:
            story.tell("not sent", f"{subscriber.name} has all of it")
            return Finished()
        news, kept = found
        if not len(news):
            story.tell("not sent", f"{subscriber.name} said it itself")
            return Finished(write=_both(kept, None))
        story.tell("send", subscriber.name)
        taken = self.of.take(Change(self.changed, news, str(claim.intake), self.source))
        return Finished(write=_both(taken, kept))

    def _is_followed(self, claim: Claim) -> bool:
        if claim.group is None:
            return False
        with self.of.database.read() as work:
            return work.messages.followed(claim.intake, claim.queue, claim.group)

    def _news(self, claim: Claim) -> tuple[Element, Write | None] | None:
        """Return what to tell, and what keeps that it was told; None when there is nothing to tell."""
        subscriber = self.of.subscriber
        if not subscriber.in_step(self.changed):
            return self.list, None
        found = self.of.ask(subscriber.system, self.changed, self.list, claim.intake)
        return None if found is None else (found.list, found.write)


def to_queue(queue: str) -> Take:
    """Return what puts changes on a queue, in the commit that ends the delivery."""

    def take(change: Change) -> Write:
        body = document(change)
        group = f"{change.about.key} {change.about.row_id(next(iter(change.about.records(change.list)), None))}"

        def put(work: Work, now: datetime) -> None:
            work.messages.put([Draft(queue, body, group, origin=int(change.message_id))], now)

        return put

    return take


def document(change: Change) -> bytes:
    """Write a change as ``CUTReceive…_Input``."""
    return bytes(etree.tostring(received(change), encoding="UTF-8"))


def received(change: Change) -> Element:
    """Return a change as ``CUTReceive…_Input``; its list moves there."""
    about = change.about
    body = etree.Element(about.element(f"CUTReceive{about.key}Data_Input"), nsmap={"cut": about.contract.namespace})
    body.append(change.list)
    for name, text in (("Message_spcId", change.message_id), ("Source_spcSystem", change.source)):
        etree.SubElement(body, about.element(name)).text = text
    return body


def _both(one: Write | None, other: Write | None) -> Write:
    def write(work: Work, now: datetime) -> None:
        for each in (one, other):
            if each is not None:
                each(work, now)

    return write
