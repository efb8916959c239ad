"""What two-way partners are known to have: what of a snapshot is news to one, and what it has once it was told.

Sending only what a partner does not know is what stops echoes. A snapshot may come late, a message of the partner's may
cross a delivery; so every value bears Siebel's version of its instance and the number of the message that told it, and
what is kept is decided under the lock of the state, in the commit that makes it true. Where a delivery and a message
crossed, and nobody can tell which of them the partner saw last, nothing is known any more: the next delivery tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.cut.foreseen import Words, foreseen, noted
from gateway.cut.instances import ANY, INTEGRATION_ID, Instance, read, row_id_tag
from gateway.cut.objects import CutObject
from gateway.errors import NotYet
from gateway.messaging.ports import Clock, Database, Work
from gateway.messaging.synced import KnownValue, SyncState
from gateway.transforms.reading import Element

_PREFIX = "io"
_NAMES = (INTEGRATION_ID, "OwnerAccountId")

Values = Mapping[str, KnownValue]
Meanwhile = Callable[[KnownValue, KnownValue], KnownValue | None]
"""Given what is kept by now and what was learned: what is known. None = nothing."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Values of one instance to be kept; ``basis`` is what was known when they were decided on."""

    place: tuple[str, str]
    basis: Values
    values: Values


@dataclass(frozen=True, slots=True)
class News:
    """What a partner does not know yet: a list with keys and those fields only; ``write`` keeps that it was told.

    The list is empty where nothing is to be told, but what the partner was found to have said is to be kept.
    """

    list: Element
    write: Callable[[Work, datetime], None]


@dataclass(frozen=True, slots=True)
class Known:
    """Known states, as deliveries ask for them; what partners say comes by the queues ``incoming``."""

    database: Database
    clock: Clock
    incoming: tuple[str, ...]

    def news(self, system: str, about: CutObject, list_: Element, number: int) -> News | None:
        """Return what of a snapshot ``system`` does not know; None when there is nothing to tell it.

        ``number`` is the delivery's own. ``list_`` is not changed. Raises NotYet while somebody's word about the record
        is being received: Siebel may have it already, and tell it, before it is known whose it was.
        """
        records = read(list_)
        states, words = self._states(system, records)
        learned = {
            id(each.element): _learned(each, states.get(each.place, {}), words.get(each.place, {}), number)
            for each in _tracked(records)
        }
        list_of_news = etree.Element(about.list_element, nsmap={_PREFIX: about.namespace})
        for record in records:
            pruned = _pruned(record, learned)
            if pruned is not None:
                list_of_news.append(pruned)
        if not len(list_of_news) and not any(_is_its_own(each) for each in learned.values()):
            return None
        return News(list_of_news, lambda work, now: keep(work, system, learned.values(), told_meanwhile, now))

    def _states(self, system: str, records: tuple[Instance, ...]) -> tuple[Words, Words]:
        places = [each.place for each in _tracked(records)]
        with self.database.read() as work:  # in this order: what has been received by now is in the states
            if work.messages.receiving(_names(records), self.incoming, self.clock.now()):
                raise NotYet("a message about the record is being received")
            return work.synced.states(system, places), foreseen(work, system, places)


def keep(work: Work, system: str, learned: Iterable[Learned], meanwhile: Meanwhile, now: datetime) -> None:
    """Keep what was learned; of a value that changed since it was decided on, ``meanwhile`` tells what is known.

    States are locked in one order, whoever keeps them.
    """
    news = sorted((one for one in learned if one.values), key=lambda each: each.place)
    for each in news:
        held = work.synced.held(system, *each.place)
        merged = dict(held)
        for tag, value in each.values.items():
            kept = held.get(tag)
            known = value if kept is None or kept == each.basis.get(tag) else meanwhile(kept, value)
            if known is None:
                del merged[tag]
            else:
                merged[tag] = known
        if merged != held:
            work.synced.settle(SyncState(system, *each.place, merged), now)
    noted(work, system, {each.place: each.values for each in news}, now)


def told_meanwhile(kept: KnownValue, told: KnownValue) -> KnownValue | None:
    """Tell what a partner has that was told a value, and of which another was learned while that was under way.

    Its own message that was here before the delivery was made was sent before it came; one that says that the delivery
    was seen was sent after.
    """
    if kept.value == told.value:
        return _same(kept, told)
    if kept.own:
        crossed = None if kept.number > told.number else told
        return kept if kept.seen >= told.number else crossed
    return max(kept, told, key=lambda value: value.rank)


def said_meanwhile(last_seen: int | None) -> Meanwhile:
    """Return what tells what a partner has that said a value, when another was learned while that was worked on."""

    def meanwhile(kept: KnownValue, said: KnownValue) -> KnownValue | None:
        if kept.value == said.value:
            return _same(kept, said)
        if kept.own:
            return max(kept, said, key=lambda value: value.number)
        if last_seen is not None:
            return said if last_seen >= kept.number else kept
        return kept if said.number < kept.number else None

    return meanwhile


def _same(one: KnownValue, other: KnownValue) -> KnownValue:
    """Return a value that was learned twice: the later of both, and the partner's own if it ever said so itself."""
    return max(one, other, key=lambda value: value.rank)._replace(own=one.own or other.own)


def _tracked(records: Iterable[Instance]) -> list[Instance]:
    """Return every instance that has a row id: of others nothing can be kept."""
    return [each for record in records for each in record.walk() if each.row_id]


def _names(records: Iterable[Instance]) -> set[str]:
    """Return all that a message may call these records, or what is in them or above them."""
    named = {ANY}
    for each in (one for record in records for one in record.walk()):
        named |= {name for name in (each.row_id, *(each.fields.get(tag) for tag in _NAMES)) if name}
    return named


def seen(
    records: Iterable[Instance], known: Mapping[tuple[str, str], Values], number: int
) -> Mapping[tuple[str, str], Values]:
    """Return what is known with all that a delivery told: of one that the partner has seen, though it is under way."""
    learned = [_learned(each, known.get(each.place, {}), {}, number) for each in _tracked(records)]
    return {**known, **{each.place: {**each.basis, **each.values} for each in learned}}


def _learned(instance: Instance, known: Values, words: Values, number: int) -> Learned:
    values: dict[str, KnownValue] = {}
    for tag, value in instance.fields.items():
        kept = known.get(tag)
        if kept is not None and kept.value == value:
            if kept.mod < instance.mod:
                values[tag] = kept._replace(mod=instance.mod)
        elif tag in words and words[tag].value == value:
            values[tag] = words[tag]._replace(mod=instance.mod)
        elif kept is None or kept.rank <= (instance.mod, number):
            values[tag] = KnownValue(value, number, instance.mod)
    return Learned(instance.place, known, values)


def _is_its_own(learned: Learned) -> bool:
    """Tell whether a partner was found to have said something itself that was not known."""
    return any(value.own and value.value != _had(learned, tag) for tag, value in learned.values.items())


def _is_news(tag: str, learned: Learned | None) -> bool:
    """Tell whether a partner is to be told a field: it has another value, or none where there is one.

    What it was found to have said itself, it has.
    """
    if learned is None:
        return True
    value = learned.values.get(tag)
    return value is not None and not value.own and value.value != _had(learned, tag)


def _had(learned: Learned, tag: str) -> str | None:
    kept = learned.basis.get(tag)
    return None if kept is None else kept.value


def _pruned(instance: Instance, learned: Mapping[int, Learned]) -> Element | None:
    """Return what is news of an instance and of what is in it, with its keys; None when nothing is."""
    mine = learned.get(id(instance.element))
    news = {tag for tag in instance.fields if _is_news(tag, mine)}
    children = {id(each.element): _pruned(each, learned) for each in instance.children}
    if not news and not any(each is not None for each in children.values()):
        return None
    keys = {row_id_tag(instance.component), INTEGRATION_ID}
    attributes = {str(name): str(value) for name, value in instance.element.attrib.items()}
    pruned = etree.Element(instance.element.tag, attributes)
    for each in instance.element.iterchildren(etree.Element):
        tag = etree.QName(each).localname
        if tag in news or tag in keys:
            pruned.append(deepcopy(each))
        elif told := [found for child in each if (found := children.get(id(child))) is not None]:
            etree.SubElement(pruned, each.tag).extend(told)
    return pruned
