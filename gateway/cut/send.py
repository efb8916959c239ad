"""CUT Send, both ways: asked, it answers a record; told of a change, it stores the change for every subscriber.

A change is stored in one commit: a message for each subscriber whose object and conditions fit, and the change's own
id, so that the same change told again is told to nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256

from lxml import etree

from gateway.cut.get import Getter
from gateway.cut.messages import LONGEST_ID, Data, answer, data, delivery, named, told
from gateway.cut.objects import CutObject
from gateway.cut.subscribers import NotBelieved, Subscriber, Subscribers
from gateway.cut.workflows import Workflow
from gateway.errors import Conflict, DuplicateContent, InvalidMessage
from gateway.messaging.ports import Clock, Database, Work
from gateway.messaging.queues import Draft
from gateway.messaging.unit import RequestKey
from gateway.transforms.reading import Element
from soapkit.limits import Limits
from soapkit.observe import tracing


def draft(subscriber: Subscriber, about: CutObject, of: Element, source: str) -> Draft:
    """Return the message that tells a subscriber of a record: ``of`` is the list with it, and is not changed.

    Messages about one record are told in order.
    """
    body = delivery(about, of, source)
    group = f"{about.key} {about.row_id(next(iter(about.records(of)), None))}"
    return Draft(subscriber.outgoing, body, group, trace=tracing.position())


@dataclass(frozen=True, slots=True)
class Sender:
    """Runs the workflows that send; ``source`` is what Siebel is called, ``user`` who must call in its name."""

    getter: Getter
    subscribers: Subscribers
    database: Database
    clock: Clock
    limits: Limits
    source: str
    user: str | None = None

    def send(self, of: Workflow, body: Element, caller: str) -> Element:
        """Answer an ``_Input``; raises InvalidMessage, DuplicateContent, NotBelieved, and what Getter raises."""
        given = data(of.about, body, self.limits)
        if given is None:
            if not told(of.about, body, "Object_spcId"):
                raise InvalidMessage(f"{of.name} takes Object_spcId, or the data of a change", element="Object_spcId")
            return self.getter.get(of, body)
        if self.user is not None and caller != self.user:
            raise NotBelieved(f"only the user of {self.source} may tell of its changes")
        records = self._records(of, given)
        self._store(of, named(of.about, body, "Message_spcId"), given.list, records)
        return answer(of, None, as_text=False, row_id=of.about.row_id(records[0]))

    def _records(self, of: Workflow, given: Data) -> list[Element]:
        records = of.about.records(given.list)
        if not records or not all(0 < len(of.about.row_id(record)) <= LONGEST_ID for record in records):
            raise InvalidMessage(f"{of.name}: every record that has changed has its Id", element=of.about.root)
        return records

    def _store(self, of: Workflow, message_id: str, changed: Element, records: list[Element]) -> None:
        digest = sha256(etree.tostring(changed, method="c14n", with_tail=False)).hexdigest() if message_id else ""
        drafts = [each for record in records for each in self._drafts(of.about, record)]
        key = RequestKey(self.source, message_id, of.operation)
        try:
            self._commit(key, digest, drafts)
        except Conflict:  # the same change is being stored at this very moment: by now it is there
            self._commit(key, digest, drafts)

    def _drafts(self, about: CutObject, record: Element) -> Iterator[Draft]:
        alone = etree.Element(about.list_element, nsmap={"io": about.namespace})
        alone.append(deepcopy(record))
        for subscriber in self.subscribers.wanting(about, alone):
            yield draft(subscriber, about, alone, self.source)

    def _commit(self, key: RequestKey, digest: str, drafts: list[Draft]) -> None:
        if not drafts and not key.ebm_id:
            return
        now = self.clock.now()
        with self.database.begin() as work:
            if key.ebm_id and _is_known(work, key, digest):
                return
            intakes = work.messages.put(drafts, now)
            if key.ebm_id:
                first = intakes[0] if intakes else 0
                work.requests.reserve(key, digest, first, now)
                work.requests.finish(key, first, b"", None, now)
            work.commit()


def _is_known(work: Work, key: RequestKey, digest: str) -> bool:
    entry = work.requests.get(key)
    if entry is not None and entry.digest != digest:
        raise DuplicateContent(f"Message Id {key.ebm_id} came before with other content", element="Message_spcId")
    return entry is not None
