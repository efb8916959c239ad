"""Merges a two-way partner's record into Siebel's: what is to be written, and what the partner has afterwards. Pure.

An instance that Siebel has is written with its row id, its ModId (stale: Siebel refuses, and all is read again) and the
fields that change; one that it has not is written as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from gateway.cut.conflicts import Clash, Settled, Winner, settle
from gateway.cut.instances import MOD_ID, OF_SIEBEL, PRIMARY, Instance, Twins, row_id_tag
from gateway.cut.known import Learned, Values
from gateway.cut.shapes import Shape, element
from gateway.messaging.synced import KnownValue
from gateway.transforms.reading import Element


@dataclass(frozen=True, slots=True)
class Says:
    """A partner's message: its number, the delivery that the partner saw last, and what the partner was known to have.

    ``winner`` is whose value stays in a conflict, ``shape`` the order in which Siebel takes fields.
    """

    number: int
    last_seen: int | None
    winner: Winner
    known: Mapping[tuple[str, str], Values]
    shape: Shape


@dataclass(frozen=True, slots=True)
class _Pair:
    """An instance of the partner's, Siebel's own, and what is written of it."""

    theirs: Instance
    ours: Instance | None
    settled: Settled
    element: Element | None


@dataclass(slots=True)
class Merged:
    """One record: ``element`` is what to write, None for nothing; ``clashes`` are by path."""

    says: Says
    record: Instance
    ours: Instance | None
    element: Element | None = None
    clashes: list[tuple[str, Clash]] = field(default_factory=list)
    correct: bool = False
    _pairs: list[_Pair] = field(default_factory=list)

    def learned(self, answered: Iterable[tuple[Instance, Instance]]) -> Iterator[Learned]:
        """Yield what the partner has, once ``answered`` is known: what was written, and what Siebel answered of it."""
        found = {id(sent.element): got for sent, got in answered}
        for pair in self._pairs:
            got = None if pair.element is None else found.get(id(pair.element))
            place = (got or pair.ours or pair.theirs).place
            if place[1]:
                known = self.says.known.get(place, {})
                yield Learned(place, known, dict(_values(pair, got, self.says)))

    def foreseen(self) -> dict[tuple[str, str], dict[str, KnownValue]]:
        """Return what is about to be written of instances that Siebel has, and the partner has itself."""
        seen = self.says.last_seen or 0
        return {
            pair.ours.place: {
                tag: KnownValue(value, self.says.number, pair.ours.mod, own=True, seen=seen)
                for tag, value in pair.settled.write.items()
                if tag in pair.settled.has
            }
            for pair in self._pairs
            if pair.ours is not None and pair.settled.write
        }

    def status(self, answered: Iterable[tuple[Instance, Instance]]) -> Element:
        """Return the row ids of every instance that the partner's record has, in its shape."""
        found = {id(sent.element): got for sent, got in answered}
        known = {
            id(pair.theirs.element): (found.get(id(pair.element)) if pair.element is not None else None) or pair.ours
            for pair in self._pairs
        }
        return _status(self.record, known)


def merge(record: Instance, ours: Instance | None, says: Says) -> Merged:
    """Merge a record; ``ours`` is Siebel's, None for one that is new to it."""
    merged = Merged(says, record, ours)
    merged.element = _merged(merged, record, ours, "")
    return merged


def paired(sent: Sequence[Instance], got: Sequence[Instance]) -> Iterator[tuple[Instance, Instance]]:
    """Pair what was written with what Siebel answered: instances of a component come back in their order."""
    for component in dict.fromkeys(each.component for each in sent):
        mine = [each for each in sent if each.component == component]
        back = [each for each in got if each.component == component]
        for one, other in zip(mine, back, strict=False):  # Siebel may answer less: then less is known
            yield one, other
            yield from paired(one.children, other.children)


def _merged(merged: Merged, theirs: Instance, ours: Instance | None, path: str) -> Element | None:
    """Merge an instance and what is in it; return what to write, None for nothing."""
    if ours is None:
        return _new(merged, theirs)
    says = merged.says
    settled = settle(
        theirs.fields, ours.fields, says.known.get(ours.place, {}), winner=says.winner, last_seen=says.last_seen
    )
    merged.clashes += [(f"{path}{clash.field}", clash) for clash in settled.clashes]
    merged.correct = merged.correct or settled.correct
    children: dict[int, Element] = {}
    twins = Twins(ours.children)
    for child in theirs.children:
        found = twins.of(child)
        twin = found[0] if len(found) == 1 else None
        inside = _merged(merged, child, twin, f"{path}{child.component}[{twin.row_id if twin else ''}]/")
        if inside is not None:
            children[id(child.element)] = inside
    changed = None
    if settled.write or children or _becomes_primary(theirs, ours):
        primary = theirs.element.get(PRIMARY)
        changed = written(ours, settled.write, _containers(theirs, children), says.shape, primary)
    merged._pairs.append(_Pair(theirs, ours, settled, changed))  # noqa: SLF001 - this module's own
    return changed


def _new(merged: Merged, theirs: Instance) -> Element:
    """Write an instance that Siebel has not, as it came; what only Siebel says is left out."""
    copied = deepcopy(theirs.element)
    copied.tail = None
    for one, made in zip(theirs.walk(), _walked(theirs, copied), strict=True):
        for each in [child for child in made if etree.QName(child).localname in OF_SIEBEL]:
            made.remove(each)
        settled = Settled(write=dict(one.fields), has=dict(one.fields))
        merged._pairs.append(_Pair(one, None, settled, made))  # noqa: SLF001 - this module's own
    return copied


def _walked(instance: Instance, copied: Element) -> Iterator[Element]:
    """Yield the elements of a copy in the order in which ``Instance.walk`` yields instances."""
    places = {id(each): number for number, each in enumerate(instance.element.iter())}
    elements = list(copied.iter())
    for each in instance.walk():
        yield elements[places[id(each.element)]]


def _becomes_primary(theirs: Instance, ours: Instance) -> bool:
    return theirs.element.get(PRIMARY) == "Y" and ours.element.get(PRIMARY) != "Y"


def written(
    ours: Instance, write: Mapping[str, str | None], containers: Iterable[Element], shape: Shape, primary: str | None
) -> Element:
    """Write an instance that Siebel has: its row id, the ModId that was read, what changes, and what is in it."""
    texts: dict[str, str | None] = {row_id_tag(ours.component): ours.row_id, **write}
    if ours.element.find(f"{{*}}{MOD_ID}") is not None:
        texts[MOD_ID] = str(ours.mod)
    fields = [_field(ours, tag, text) for tag, text in texts.items()]
    made = element(str(ours.element.tag), shape, [*fields, *containers])
    if primary is not None:
        made.set(PRIMARY, primary)
    return made


def _containers(theirs: Instance, children: Mapping[int, Element]) -> Iterator[Element]:
    """Yield the containers of a partner's instance with those of its children that are written."""
    for container in theirs.element.iterchildren(etree.Element):
        inside = [children[id(each)] for each in container if id(each) in children]
        if inside:
            made = etree.Element(container.tag)
            made.extend(inside)
            yield made


def _field(instance: Instance, tag: str, text: str | None) -> Element:
    made = etree.Element(_qualified(instance, tag))
    made.text = text
    return made


def _qualified(instance: Instance, tag: str) -> str:
    return f"{{{etree.QName(instance.element).namespace}}}{tag}"


def _values(pair: _Pair, got: Instance | None, says: Says) -> Iterator[tuple[str, KnownValue]]:
    """Yield what the partner has: what was written, as Siebel has it now; the rest, held against what Siebel had."""
    before = pair.ours.mod if pair.ours is not None else 0
    seen = says.last_seen or 0
    for tag, value in pair.settled.has.items():
        if tag in pair.settled.write:
            said = value if got is None else got.fields.get(tag, value)
            yield tag, KnownValue(said, says.number, before if got is None else got.mod, own=True, seen=seen)
        else:
            yield tag, KnownValue(value, says.number, before, own=True, seen=seen)


def _status(theirs: Instance, known: Mapping[int, Instance | None]) -> Element:
    made = etree.Element(theirs.element.tag)
    found = known.get(id(theirs.element))
    if found is not None:
        made.append(_field(theirs, row_id_tag(theirs.component), found.row_id))
        if found.element.find(f"{{*}}{MOD_ID}") is not None:
            made.append(_field(theirs, MOD_ID, str(found.mod)))
    made.extend(_containers(theirs, {id(each.element): _status(each, known) for each in theirs.children}))
    return made
