"""CUT Receive: what another system says is inserted or updated in Siebel, by user key, children included.

One message is one Siebel transaction: several records in it are written all or none. Of a two-way partner only what it
changed is written, against the ModId just read; what it had wrong is put right by a delivery, in the same commit that
keeps what it is known to have. Whether a message is a duplicate is the caller's to know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.cut.conflicts import Winner
from gateway.cut.foreseen import foresee, noted
from gateway.cut.instances import Instance, Twins, key_of, read
from gateway.cut.known import keep, said_meanwhile, seen
from gateway.cut.merging import Merged, Says, merge, paired
from gateway.cut.messages import Incoming
from gateway.cut.objects import CutObject
from gateway.cut.ports import Siebel
from gateway.cut.send import draft
from gateway.cut.shapes import shape
from gateway.cut.subscribers import Reached, Subscriber, Subscribers
from gateway.errors import SiebelRefused, Unavailable
from gateway.messaging.ports import Clock, Database, Work
from gateway.messaging.queues import State
from gateway.messaging.synced import SyncConflict
from gateway.messaging.unit import Story
from gateway.transforms.reading import Element
from soapkit.limits import parse

MODIFIED = "SBL-DAT-00523"
"""Siebel's code of a stale ModId."""

_MOST_READINGS = 5
_PREFIX = "io"


@dataclass(frozen=True, slots=True)
class Received:
    """The answer, which is row ids, and what is written in the one commit."""

    list: Element
    write: Callable[[Work, datetime], None]


@dataclass(frozen=True, slots=True)
class _Case:
    about: CutObject
    partner: Subscriber
    message_id: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receives for one Siebel, called ``name`` (``SEBL_01``)."""

    name: str
    siebel: Siebel
    subscribers: Subscribers
    database: Database
    clock: Clock

    def receive(self, about: CutObject, incoming: Incoming, story: Story) -> Received:
        """Write what a message says. Raises SiebelRefused, Unavailable; nothing is written then."""
        partner = self.subscribers.named(incoming.source) if incoming.source else None
        if partner is None or not _in_step(partner, about):
            story.tell("Insert or Update", about.name)
            return Received(self.siebel.upsert(about.siebel, incoming.list), _nothing)
        for _ in range(_MOST_READINGS):
            merged = self._merged(about, incoming, partner)
            try:
                return self._written(about, incoming, partner, merged, story)
            except SiebelRefused as refused:
                if not is_stale(refused):
                    self._forget(partner, merged)
                    raise
                story.tell("read again", "somebody else changed the record meanwhile")
        self._forget(partner, merged)
        raise Unavailable("the record is being changed all the time; try again later", code="O2C_RECORD_BUSY")

    def _merged(self, about: CutObject, incoming: Incoming, partner: Subscriber) -> list[Merged]:
        records = read(incoming.list)
        ours = [self._found(about, record) for record in records]
        places = [each.place for one in ours if one is not None for each in one.walk()]
        with self.database.read() as work:
            known = work.synced.states(partner.system, places)
            under_way = _under_way(work, partner, about, incoming.last_seen)
        if under_way is not None:
            known = seen(under_way, known, incoming.last_seen or 0)
        says = Says(incoming.number, incoming.last_seen, partner.winner, known, shape(about))
        return [merge(record, one, says) for record, one in zip(records, ours, strict=True)]

    def _found(self, about: CutObject, record: Instance) -> Instance | None:
        """Read Siebel's own record; None when there is none, or when it is for Siebel to say what is wrong."""
        if record.row_id:
            found = self.siebel.query_by_id(about.siebel, record.row_id)
        elif key := key_of(record):
            found = self.siebel.query_by_example(about.siebel, _example(about, record, key))
        else:
            return None
        alike = Twins(read(found)).of(record)
        return alike[0] if len(alike) == 1 else None

    def _written(
        self, about: CutObject, incoming: Incoming, partner: Subscriber, merged: Sequence[Merged], story: Story
    ) -> Received:
        message = etree.Element(about.list_element, nsmap={_PREFIX: about.namespace})
        message.extend([each.element for each in merged if each.element is not None])
        answered: list[tuple[Instance, Instance]] = []
        if len(message):
            self._foresee(partner, merged)
            story.tell("Insert or Update", f"{about.name}: what {partner.name} changed")
            answered = list(paired(read(message), read(self.siebel.upsert(about.siebel, message, status=False))))
        else:
            story.tell("nothing to write", f"{partner.name} changed nothing that Siebel does not have")
        answer = etree.Element(about.list_element, nsmap={_PREFIX: about.namespace})
        answer.extend([each.status(answered) for each in merged])

        def write(work: Work, now: datetime) -> None:
            learned = [each for one in merged for each in one.learned(answered)]
            keep(work, partner.system, learned, said_meanwhile(incoming.last_seen), now)
            for one in merged:
                self._log(work, _Case(about, partner, incoming.message_id), one, now)

        return Received(answer, write)

    def _foresee(self, partner: Subscriber, merged: Sequence[Merged]) -> None:
        """Keep what Siebel is about to be told, in a commit of its own."""
        words = {place: values for each in merged for place, values in each.foreseen().items()}
        if not words:
            return
        with self.database.begin() as work:
            foresee(work, partner.system, words, self.clock.now())
            work.commit()

    def _forget(self, partner: Subscriber, merged: Sequence[Merged]) -> None:
        """Forget what Siebel did not take: the partner may go back to what it had."""
        words = {place: values for each in merged for place, values in each.foreseen().items()}
        if not words:
            return
        with self.database.begin() as work:
            noted(work, partner.system, words, self.clock.now())
            work.commit()

    def _log(self, work: Work, case: _Case, merged: Merged, now: datetime) -> None:
        """Log the conflicts of a record, and put the delivery that puts the partner right."""
        ours, partner = merged.ours, case.partner
        if ours is None:
            return
        winner = partner.system if partner.winner is Winner.SUBSCRIBER else self.name
        for path, clash in merged.clashes:
            conflict = SyncConflict(
                partner.system,
                case.about.key,
                ours.row_id,
                path,
                clash.siebel,
                clash.partner,
                winner,
                case.message_id,
                now,
            )
            work.synced.conflict(conflict)
        if merged.correct:
            current = etree.Element(case.about.list_element, nsmap={_PREFIX: case.about.namespace})
            current.append(ours.element)
            work.messages.put([draft(partner, case.about, current, self.name)], now)


def _under_way(work: Work, partner: Subscriber, about: CutObject, last_seen: int | None) -> tuple[Instance, ...] | None:
    """Return what the delivery told that a partner says it has seen, where that is not known to have arrived yet."""
    message = None if last_seen is None else work.messages.get(last_seen)
    if message is None or message.queue != partner.outgoing or message.state is State.DONE:
        return None
    list_ = parse(work.messages.payload(message.intake)).find(about.list_element)
    return None if list_ is None else read(list_)


def is_stale(refused: SiebelRefused) -> bool:
    """Tell whether Siebel refused because the record was changed since it was read."""
    return any(said.code == MODIFIED for said in refused.stack)


def _example(about: CutObject, record: Instance, key: Sequence[str]) -> Element:
    """Write an example of a record by its user key; values are literals, whatever they look like."""
    example = etree.Element(about.list_element, nsmap={_PREFIX: about.namespace})
    root = etree.SubElement(example, record.element.tag)
    for each in record.element.iterchildren(etree.Element):
        tag = etree.QName(each).localname
        if tag in key and each.text:
            doubled = each.text.replace('"', '""')
            etree.SubElement(root, each.tag).text = f'= "{doubled}"'
    return example


def _in_step(partner: Subscriber, about: CutObject) -> bool:
    """Tell whether what a partner says is held against what it knows: it must be told of such records, by messages."""
    return partner.in_step(about) and about.key in partner.objects and partner.reached is not Reached.BRM


def _nothing(_work: Work, _now: datetime) -> None:
    """Write nothing: nobody is kept in step."""
