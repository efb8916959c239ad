"""Operators' use cases: queues and error queues, cross-references, BRM's transactions, alarms. For CLI and console.

Nothing here prints. What cannot be done raises NotPossible, saying why; everything that is done is one local commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.domain.poid import bare, is_poid
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import BusinessError
from gateway.messaging.consumer import QueueRoute
from gateway.messaging.errand import ErrandRoute, alarm_of
from gateway.messaging.forcing import Forcing, OpenTransaction
from gateway.messaging.inquiry import TAGGED, Tagged, TaggedClass, tagged
from gateway.messaging.ports import ALARMS, Clock, Database, Fallout, FalloutKind, StoryStep, Work
from gateway.messaging.queues import ERROR_SUFFIX, Draft, Message, QueueSummary, QueueView, State
from gateway.messaging.xa import Brm, Settled

_OBJECTS = frozenset(
    {
        XrefTable.CUSTOMERPARTY_ACCOUNTID,
        XrefTable.CUSTOMERPARTY_BILLPROFILEID,
        XrefTable.INSTALLEDPRODUCT_ID,
        XrefTable.ITEM_ITEMID,
    }
)
"""Tables whose things are objects in BRM."""


class NotPossible(BusinessError):
    """What the operator asked for cannot be done; the text says why."""

    code = "O2C_NOT_POSSIBLE"


@dataclass(frozen=True, slots=True)
class Admin:
    """The use cases; ``routes`` are the queues that are consumed here."""

    database: Database
    brms: Mapping[str, Brm]
    routes: Sequence[QueueRoute | ErrandRoute]
    clock: Clock
    forcing: Forcing

    # ---- queues

    def queues(self) -> list[QueueSummary]:
        """Return every queue with its counts; those consumed here even when they never held anything."""
        with self.database.read() as work:
            found = {summary.queue: summary for summary in work.messages.summaries()}
        for route in self.routes:
            found.setdefault(route.queue, QueueSummary(route.queue, {}, None))
        return [found[name] for name in sorted(found)]

    def messages(self, name: str, states: Sequence[State] = (), limit: int = 100) -> list[Message]:
        """Return the messages of a queue or of an error queue (``…_ErrorQ``), in the order they came."""
        view = QueueView.named(name)
        with self.database.read() as work:
            return work.messages.find(view.queue, states or view.states, limit=limit, order=None)

    def message(self, intake: int) -> Message:
        """Return one message; raises NotPossible when there is none of this number."""
        with self.database.read() as work:
            return _known(work, intake)

    def payload(self, intake: int) -> bytes:
        """Return a message's bytes, as they came."""
        with self.database.read() as work:
            _known(work, intake)
            return work.messages.payload(intake)

    def story(self, intake: int) -> list[StoryStep]:
        """Return what happened to a message: steps, opcodes, decisions."""
        with self.database.read() as work:
            return work.stories.of(intake)

    def of_order(self, number: str, limit: int = 100) -> list[Message]:
        """Return every message that carried an order, over queues and SOAP; their stories are the order's."""
        with self.database.read() as work:
            return work.messages.find(None, tuple(State), limit=limit, order=number)

    def put(self, queue: str, payload: bytes) -> int:
        """Put a message; returns its intake number. To an error queue nothing can be put."""
        if queue.endswith(ERROR_SUFFIX):
            raise NotPossible(f"{queue} is where messages fail to; put it on {queue.removesuffix(ERROR_SUFFIX)}")
        with self.database.begin() as work:
            [intake] = work.messages.put([self._draft(queue, payload)], self.clock.now())
            work.commit()
        return intake

    def get(self, queue: str) -> tuple[int, bytes] | None:
        """Consume the next message of a queue that nobody here consumes; None when it is empty."""
        if any(route.queue == queue for route in self.routes):
            raise NotPossible(f"{queue} is consumed by this gateway; look at it with `o2c queue show {queue}`")
        with self.database.begin() as work:
            taken = work.messages.take(queue, self.clock.now())
            work.commit()
        return taken

    def resubmit(self, intakes: Sequence[int], payload: bytes | None = None) -> None:
        """Put messages of an error queue back to be consumed, all or none; with ``payload`` a single one is edited."""
        if payload is not None and len(intakes) != 1:
            raise NotPossible("an edited message replaces exactly one")
        self._each(intakes, lambda work, message: self._resubmitted(work, message, payload))

    def discard(self, intakes: Sequence[int]) -> None:
        """Take messages out of an error queue for good, all or none; they stay readable."""
        self._each(intakes, lambda work, message: work.messages.discard(message.intake, self.clock.now()))

    def errors(self, queue: str, code: str | None = None, limit: int = 10_000) -> list[Message]:
        """Return what lies in a queue's error queue, perhaps only what failed with ``code``."""
        found = self.messages(queue.removesuffix(ERROR_SUFFIX) + ERROR_SUFFIX, limit=limit)
        return [m for m in found if code is None or (m.reason is not None and m.reason.code == code)]

    def _draft(self, queue: str, payload: bytes) -> Draft:
        route = next((route for route in self.routes if route.queue == queue), None)
        return Draft(queue, payload) if route is None else route.draft(payload)

    def _resubmitted(self, work: Work, message: Message, payload: bytes | None) -> bool:
        group = None if payload is None else self._draft(message.queue, payload).group
        return work.messages.resubmit(message.intake, self.clock.now(), payload, group)

    def _each(self, intakes: Sequence[int], act: Callable[[Work, Message], bool]) -> None:
        with self.database.begin() as work:
            for intake in intakes:
                message = _known(work, intake)
                if not act(work, message):
                    raise NotPossible(f"message {intake} is not in an error queue: it is {message.state}")
                work.fallout.settle_of(alarm_of(intake), (FalloutKind.MESSAGE_GIVEN_UP,), self.clock.now())
            work.commit()

    # ---- alarms

    def alarms(self) -> list[Fallout]:
        """Return what waits for an operator's decision."""
        with self.database.read() as work:
            return work.fallout.open(ALARMS)

    def settle_alarm(self, alarm: int) -> None:
        """Mark an alarm as dealt with."""
        with self.database.begin() as work:
            if not work.fallout.settle(alarm, self.clock.now()):
                raise NotPossible(f"there is no open alarm {alarm}")
            work.commit()

    # ---- cross-references

    def xref(
        self,
        table: str | None = None,
        *,
        common: str | None = None,
        column: str | None = None,
        value: str | None = None,
        limit: int = 100,
    ) -> list[XrefRow]:
        """Return cross-references that match all that is given."""
        with self.database.read() as work:
            return work.xref.find(table, common=common, column=column, value=value, limit=limit)

    def load_xref(self, rows: Sequence[XrefRow], *, replacing: bool = False) -> int:
        """Add cross-references, all or none; returns how many were new. ``replacing`` overrides what is there."""
        rows = [self._as_kept(row) for row in rows]
        with self.database.begin() as work:
            if replacing:
                work.xref.delete([old for row in rows for old in _at(work, row)])
            _refuse_taken(work, rows)
            added = work.xref.populate(rows, None, self.clock.now())
            work.commit()
        return added

    def _as_kept(self, row: XrefRow) -> XrefRow:
        """Return a row as orders expect it: what a BRM calls an object is its POID, without revision."""
        if row.column not in self.brms or row.table not in _OBJECTS:
            return row
        if not is_poid(row.value):
            raise NotPossible(
                f"{row.table} {row.common}: '{row.value}' is no POID; {row.column} calls things 0.0.0.1 /account 41343"
            )
        return replace(row, value=bare(row.value))

    def delete_xref(self, rows: Sequence[XrefRow]) -> int:
        """Delete exactly these cross-references; returns how many there were."""
        with self.database.begin() as work:
            deleted = work.xref.delete(rows)
            work.commit()
        return deleted

    def rebuild_xref(self, name: str) -> int:
        """Read back from BRM which object was made for which COMMON id, and add what is missing here; returns how many.

        Only live objects count. For a gateway whose database was lost (COMMIT.md).
        """
        brm = self._brm(name)
        rows = [row for wanted in TAGGED for row in _live(brm, wanted)]
        return self.load_xref(rows)

    # ---- BRM's transactions

    def transactions(self, name: str) -> list[OpenTransaction]:
        """Return what has not ended in a BRM or here: prepared (everybody's), settled by hand, decided, intended."""
        return self.forcing.open_transactions(self._brm(name))

    def force(self, name: str, transaction: str, *, commit: bool) -> Settled:
        """Settle a transaction by hand; recorded first, and followed through here. Raises NotForced."""
        return self.forcing.settle(self._brm(name), transaction, commit=commit)

    def _brm(self, name: str) -> Brm:
        if name not in self.brms:
            raise NotPossible(f"there is no BRM called {name}; there is {', '.join(sorted(self.brms))}")
        return self.brms[name]


def _known(work: Work, intake: int) -> Message:
    message = work.messages.get(intake)
    if message is None:
        raise NotPossible(f"there is no message {intake}")
    return message


def _refuse_taken(work: Work, rows: Sequence[XrefRow]) -> None:
    """Refuse, by name, what a system calls another thing already: the database would only say that a key is taken."""
    for table, column in {(row.table, row.column) for row in rows}:
        here = [row for row in rows if (row.table, row.column) == (table, column)]
        taken = work.xref.commons(table, [row.value for row in here], column)
        for row in here:
            if taken.get(row.value, row.common) != row.common:
                raise NotPossible(
                    f"{table}: {column} '{row.value}' is {taken[row.value]} already, and cannot be {row.common}"
                )


def _at(work: Work, row: XrefRow) -> list[XrefRow]:
    there = work.xref.values(row.table, (row.common,), row.column)
    return [replace(row, value=value) for value in there.values()]


def _live(brm: Brm, wanted: TaggedClass) -> list[XrefRow]:
    def row(found: Tagged) -> XrefRow:
        return XrefRow(wanted.table.value, found.common, brm.name, found.poid)

    return [row(found) for found in tagged(brm, wanted) if found.live]
