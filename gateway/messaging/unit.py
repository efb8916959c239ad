"""What a service sees while it works on one message, and what it leaves behind: the seam between flow and commit.

A service *plans* (decodes and validates, names the accounts it will touch), then *works* inside one unit: it calls
opcodes in the unit's BRM transaction, reads cross-references, and returns its effects. It never commits, never
writes the database and never sees a transaction id; ``transactions`` does all of that, both or neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.domain.brm import Flist
from gateway.domain.ledger import LineRecord
from gateway.domain.xref import XrefRow
from gateway.messaging.synced import SyncConflict, SyncState


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The ledger's key of duplicates: Sender/ID, EBMID, operation (COMMIT.md, Duplicates)."""

    sender: str
    ebm_id: str
    operation: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be known before work begins.

    ``accounts`` are COMMON ids of every customer account touched, to be locked in BRM in sorted POID order.
    ``order`` and ``account`` are for people (order number, customer account COMMON id). ``payload`` is the
    service's own decoded message, handed back to ``work``.
    """

    key: RequestKey
    content: bytes
    brm: str
    accounts: tuple[str, ...]
    payload: Any
    order: str = ""
    account: str = ""


class Opcodes(Protocol):
    """Calls into the unit's BRM transaction. Never retried inside it: abort, retry the order."""

    def call(self, opcode: str, flist: Flist, flags: int = 0) -> Flist:
        """Call ``PCM_OP_…``; raises BrmRefused (error buffer, RESULT 0) or Unavailable."""


class Xref(Protocol):
    """Cross-references as committed; one's own pending changes are the service's to carry (XREFPopulate)."""

    def value(self, table: str, common: str, column: str) -> str | None:
        """Return what ``column`` calls the thing ``common``, or None."""

    def values(self, table: str, commons: Sequence[str], column: str) -> Mapping[str, str]:
        """Look up many at once; absent ones are left out. One query, however many."""

    def common(self, table: str, column: str, value: str) -> str | None:
        """Return the COMMON id of what ``column`` calls ``value``, or None."""


class Lines(Protocol):
    """The line ledger."""

    def of(self, line_ids: Sequence[str]) -> Mapping[str, tuple[LineRecord, ...]]:
        """Return what has been done for each of the lines, oldest first; lines unknown are left out."""


class Story(Protocol):
    """The order's story: steps as they happen, kept whatever the outcome."""

    def tell(self, step: str, text: str = "", detail: bytes = b"") -> None:
        """Record a step (a service, an opcode, a decision); ``detail`` is XML, masked before it is stored."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of work, open."""

    brm: str
    opcodes: Opcodes
    xref: Xref
    lines: Lines
    story: Story
    accounts: Mapping[str, Flist] = field(default_factory=dict)
    """The plan's accounts as BRM had them when they were locked: POID without revision → ACCOUNT_NO, CURRENCY."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to put on ``queue`` when (and only when) the outcome it tells is final."""

    queue: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Effects:
    """What a finished unit leaves in the gateway, all in its one commit.

    ``result`` is what a caller over SOAP is answered, and a duplicate is answered again, identical.
    """

    result: bytes
    xref_populate: tuple[XrefRow, ...] = ()
    xref_delete: tuple[XrefRow, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    replies: tuple[Reply, ...] = field(default=())
    synced: tuple[SyncState, ...] = ()
    """What systems hold from now on, in place of all that was known of these records."""
    conflicts: tuple[SyncConflict, ...] = ()


class Service(Protocol):
    """A flow's entry: what the consumer and the SOAP edge run through the same code."""

    operation: str

    def plan(self, body: bytes) -> Plan:
        """Decode and validate; raises BusinessError naming element and rule."""

    def work(self, plan: Plan, unit: Unit) -> Effects:
        """Do it, inside the unit."""

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:
        """Return the error response its sender asked for (responseCode), or None."""

    def refusal(self, body: bytes, error: Exception) -> Reply | None:
        """Return the same for a message of which no plan could be made."""

    def response(self, result: bytes) -> Reply | None:
        """Return the response to a queued message that needs no work: its ``result`` was told to a SOAP caller."""
