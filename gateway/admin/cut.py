"""Operators' use cases about the CUT workflows: what is served, who is told, conflicts, catching up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.admin import NotPossible
from gateway.cut.get import Getter
from gateway.cut.subscribers import Subscriber, Subscribers
from gateway.cut.workflows import Kind, Workflow
from gateway.errors import Kind as ErrorKind
from gateway.messaging.errand import alarm_of
from gateway.messaging.ports import Clock, Database, FalloutKind
from gateway.messaging.queues import Depth, Reason, State
from gateway.messaging.synced import SyncConflict
from gateway.transforms.reading import Element

_NEEDLESS = Reason("O2C_SUPERSEDED", "a later change of the record is told instead", ErrorKind.BUSINESS)


@dataclass(frozen=True, slots=True)
class SubscriberView:
    """A subscriber, and what it is still to be told."""

    name: str
    reached: str
    system: str
    objects: tuple[str, ...]
    two_way: bool
    winner: str
    latest_only: bool
    queue: str
    waiting: int
    error: int
    oldest_waiting: datetime | None


@dataclass(frozen=True, slots=True)
class CutDesk:
    """The use cases. What cannot be done raises NotPossible, saying why."""

    table: tuple[Workflow, ...]
    off: frozenset[str]
    told: Subscribers
    getter: Getter
    database: Database
    clock: Clock

    def get(self, name: str, asked: Mapping[str, str]) -> Element:
        """Run the Get workflow of an object (its name or key); returns its ``_Output``.

        ``asked`` is by process property (``Object_spcId``, ``SearchSpec`` …).
        """
        of = next((each for each in self.table if each.kind is Kind.GET and name in _names(each)), None)
        if of is None:
            known = ", ".join(each.about.name for each in self.table if each.kind is Kind.GET)
            raise NotPossible(f"there is no CUT Get for '{name}'; there is one for {known}")
        if of.name in self.off:
            raise NotPossible(f"{of.name} is switched off")
        body = etree.Element(of.element("Input"))
        for each, text in asked.items():
            etree.SubElement(body, of.about.element(each)).text = text
        return self.getter.get(of, body)

    def subscribers(self) -> list[SubscriberView]:
        """Return who is told of changes, with what waits for each."""
        queues = [each.outgoing for each in self.told.each]
        with self.database.read() as work:
            depths = {(depth.queue, depth.state): depth for depth in work.messages.depths(queues)}
        return [self._view(each, depths) for each in self.told.each]

    def _view(self, each: Subscriber, depths: Mapping[tuple[str, State], Depth]) -> SubscriberView:
        names = {one.about.key: one.about.name for one in self.table}
        waiting, error = depths.get((each.outgoing, State.WAITING)), depths.get((each.outgoing, State.ERROR))
        return SubscriberView(
            each.name,
            each.reached,
            each.system,
            tuple(name for key, name in names.items() if key in each.objects),
            each.two_way,
            each.winner,
            each.latest_only,
            each.outgoing,
            waiting.count if waiting else 0,
            error.count if error else 0,
            waiting.oldest if waiting else None,
        )

    def catch_up(self, name: str) -> int:
        """Leave a subscriber the latest change of each record only; returns how many deliveries are needless then."""
        found = self.told.named(name)
        if found is None:
            known = ", ".join(each.name for each in self.told.each) or "none"
            raise NotPossible(f"there is no subscriber {name}; there is {known}")
        with self.database.begin() as work:
            failed = work.messages.find(found.outgoing, (State.ERROR,), limit=1_000_000, order=None)
            needless = frozenset(work.messages.supersede(found.outgoing, _NEEDLESS, self.clock.now()))
            for message in failed:
                if message.intake in needless:
                    kinds = (FalloutKind.MESSAGE_GIVEN_UP,)
                    work.fallout.settle_of(alarm_of(message.intake), kinds, self.clock.now())
            work.commit()
        return len(needless)

    def conflicts(self, system: str | None = None, record: str | None = None, limit: int = 100) -> list[SyncConflict]:
        """Return the log of conflicts, newest first."""
        with self.database.read() as work:
            return work.synced.conflicts(system=system, record=record, limit=limit)


def _names(of: Workflow) -> tuple[str, str]:
    return (of.about.name, of.about.key)
