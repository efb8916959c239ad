"""One attempt at one message while it goes on: its state in memory, and the unit its service works in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.brm import Flist
from gateway.domain.ledger import LineRecord
from gateway.domain.xref import COMMON
from gateway.errors import SystemFailure
from gateway.messaging.ports import Database
from gateway.messaging.queues import Claim
from gateway.messaging.story import StoryBook
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import Plan, Service
from gateway.messaging.xa import Brm


class Ending(StrEnum):
    """How an attempt at a queued message ended."""

    DONE = "done"
    DUPLICATE = "duplicate"
    RETRY = "retry"
    ERROR = "error"
    HELD = "held"
    PENDING = "pending"
    """Decided, or in doubt: recovery finishes it."""
    SUPERSEDED = "superseded"


@dataclass(slots=True)
class Attempt:
    """How far an attempt has come. Nothing here survives a crash, and nothing here needs to."""

    claim: Claim
    service: Service
    story: StoryBook
    plan: Plan | None = None
    brm: Brm | None = None
    transaction: TransactionId | None = None
    opened: bool = False
    """BRM may hold something under our name."""
    intended: bool = False
    """Mode ``local``: the intent is recorded."""
    decided: bool = False
    """The decision 'commit' is durable: phase two is owed."""
    committed: bool = False
    """Mode ``local``: BRM has committed."""
    accounts: dict[str, Flist] = field(default_factory=dict)
    """The accounts as BRM had them when they were locked, by POID."""
    settled_by_hand: tuple[TransactionId, ...] = ()
    """Earlier attempts that an operator committed in BRM."""

    @property
    def beyond_return(self) -> bool:
        """From here there is only forward: the failure path would tear BRM and gateway apart."""
        return self.decided or self.committed

    def planned(self) -> Plan:
        """Return the plan of an attempt that has one."""
        if self.plan is None:
            raise AssertionError("work begins with a plan")
        return self.plan

    def target(self) -> tuple[Brm, TransactionId]:
        """Return the BRM and the transaction of an attempt that has opened one."""
        if self.brm is None or self.transaction is None:
            raise AssertionError("the transaction is named before it is used")
        return self.brm, self.transaction


@dataclass(slots=True)
class TransactionOpcodes:
    """Opcodes in the attempt's BRM transaction (port ``Opcodes``).

    A system failure sticks: whether the opcode took effect is not known, so nothing may follow it in this transaction,
    whatever a service does with the exception.
    """

    brm: Brm
    transaction: str
    story: StoryBook
    calls: int = 0
    broken: SystemFailure | None = None

    def call(self, opcode: str, flist: Flist, flags: int = 0) -> Flist:
        """Call an opcode and tell the story."""
        self.check()
        self.calls += 1
        try:
            return self.brm.call(self.transaction, opcode, flist, flags, self.story.exchange)
        except SystemFailure as error:
            self.broken = error
            raise

    def check(self) -> None:
        """Raise the system failure that broke this transaction, if any."""
        if self.broken is not None:
            raise self.broken


@dataclass(frozen=True, slots=True)
class CommittedXref:
    """Cross-references as committed (port ``Xref``): each question is a short transaction of its own."""

    database: Database

    def value(self, table: str, common: str, column: str) -> str | None:
        """Look up one value."""
        return self.values(table, (common,), column).get(common)

    def values(self, table: str, commons: Sequence[str], column: str) -> Mapping[str, str]:
        """Look up many values."""
        with self.database.read() as work:
            return work.xref.values(table, commons, column)

    def common(self, table: str, column: str, value: str) -> str | None:
        """Look up a COMMON id."""
        if column == COMMON:
            return value
        with self.database.read() as work:
            return work.xref.commons(table, (value,), column).get(value)


@dataclass(frozen=True, slots=True)
class CommittedLines:
    """The line ledger as committed (port ``Lines``)."""

    database: Database

    def of(self, line_ids: Sequence[str]) -> Mapping[str, tuple[LineRecord, ...]]:
        """Look up what has been done."""
        with self.database.read() as work:
            return work.lines.of(line_ids)
