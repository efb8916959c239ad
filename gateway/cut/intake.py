"""What is to be received, from SOAP and from queues: read, held against the ledger of duplicates, handed to Receive.

A queue's message is the ``_Input`` of the SOAP operation, a SiebelMessage, or the list alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from gateway.cut.instances import ANY
from gateway.cut.messages import LONGEST_ID, Data, Incoming, answer, data, from_document, named, told
from gateway.cut.objects import CutObject
from gateway.cut.subscribers import Subscribers
from gateway.cut.workflows import Workflow
from gateway.errors import InvalidMessage
from gateway.messaging.errand import Errands, Finished, Write
from gateway.messaging.queues import Claim
from gateway.messaging.unit import RequestKey, Story
from gateway.transforms.reading import Element
from soapkit.faults import Refused
from soapkit.limits import Limits, parse

_LONGEST_NUMBER = 18


class Done(Protocol):
    """What Receive leaves."""

    @property
    def list(self) -> Element:
        """The answer: row ids."""

    @property
    def write(self) -> Write:
        """What belongs into the commit."""


Receive = Callable[[CutObject, Incoming, Story], Done]


@dataclass(frozen=True, slots=True)
class Told:
    """A message to be received, read (an errand's Task)."""

    of: Workflow
    receive: Receive
    data: Data
    message_id: str
    source: str
    sender: str
    last_seen: int | None

    @property
    def key(self) -> RequestKey | None:
        """By system and message id; a message without an id may be repeated."""
        return RequestKey(self.sender, self.message_id, self.of.operation) if self.message_id else None

    @property
    def content(self) -> bytes:
        """The data; whether they came as a string is no difference."""
        return etree.tostring(self.data.list, method="c14n", with_tail=False)

    @property
    def about(self) -> str:
        """The record, by what it is called; ANY when that does not say which one it is, or there are several."""
        return identity(self.of.about, self.data.list)

    @property
    def ahead(self) -> bool:
        """Deliveries of the record wait for it."""
        return True

    def do(self, claim: Claim, story: Story) -> Finished:
        """Receive, and word the answer."""
        incoming = Incoming(self.data.list, claim.intake, self.message_id, self.source, self.last_seen)
        done = self.receive(self.of.about, incoming, story)
        output = answer(self.of, done.list, as_text=self.data.as_text)
        return Finished(etree.tostring(output, encoding="UTF-8"), done.write)


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes what is to be received."""

    receive: Receive
    subscribers: Subscribers
    errands: Errands
    limits: Limits

    def request(self, of: Workflow, body: Element, caller: str) -> Element:
        """Answer a SOAP request. Raises InvalidMessage, NotBelieved, and whatever Receive and the ledger raise."""
        came = etree.tostring(body, encoding="UTF-8", with_tail=False)
        self.subscribers.believed(told(of.about, body, "Source_spcSystem"), caller)
        return parse(self.errands.run_request(self.read(of, body, caller), came))

    def read(self, of: Workflow, body: Element, caller: str = "") -> Told:
        """Read an ``_Input``; its data are taken out."""
        about = of.about
        given = data(about, body, self.limits)
        if given is None or not about.records(given.list):
            raise InvalidMessage(f"{of.name}: there are no data", element=etree.QName(about.list_element).localname)
        source = named(about, body, "Source_spcSystem")
        message_id, last_seen = named(about, body, "Message_spcId"), _number(told(about, body, "Last_spcMessage_spcId"))
        return Told(of, self.receive, given, message_id, source, source or caller, last_seen)


@dataclass(frozen=True, slots=True)
class QueueIntake:
    """The errand of one object's queue: what is put there is believed, for only who may put there does."""

    intake: Intake
    of: Workflow

    def task(self, payload: bytes) -> Told:
        """Read a message. Raises InvalidMessage."""
        root = _parsed(payload, self.intake.limits)
        if root.tag == self.of.element("Input"):
            _check(self.of, root)
            return self.intake.read(self.of, root)
        message_id = root.get("MessageId", "")
        if len(message_id) > LONGEST_ID:
            raise InvalidMessage(f"MessageId has more than {LONGEST_ID} characters", element="MessageId")
        found = from_document(self.of.about, root)
        given = Data(found, as_text=False)
        if not self.of.about.records(found):
            raise InvalidMessage(f"{self.of.name}: there are no data", element=etree.QName(found).localname)
        return Told(self.of, self.intake.receive, given, message_id, "", "", None)

    def group(self, payload: bytes) -> str | None:
        """Return what messages are kept in order by: the first record they are about."""
        root = _parsed(payload, self.intake.limits)
        for found in root.iter():
            if isinstance(found.tag, str) and etree.QName(found).localname == self.of.about.root:
                return _identity(found) or None
        return None


def identity(about: CutObject, of: Element) -> str:
    """Return what the record of a list is called; ANY for several, and for one without an id of Siebel's length."""
    found = about.records(of)
    return (_identity(found[0]) if len(found) == 1 else "") or ANY


def _identity(record: Element) -> str:
    fields = {etree.QName(each).localname: (each.text or "").strip() for each in record}
    return next((fields[name] for name in ("Id", "IntegrationId") if 0 < len(fields.get(name, "")) <= LONGEST_ID), "")


def _parsed(payload: bytes, limits: Limits) -> Element:
    try:
        return parse(payload, limits)
    except Refused as error:
        raise InvalidMessage(f"{error.text} [{error.rule}]", element=error.path) from None


def _check(of: Workflow, root: Element) -> None:
    if violations := of.about.contract.check(root):
        first = violations[0]
        raise InvalidMessage(f"{first.text} [{first.rule}]", element=first.path)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise InvalidMessage("Last_spcMessage_spcId is no Message Id of a delivery", element="Last_spcMessage_spcId")
    return int(text)
