"""What the commit protocol needs from the gateway's database and from time; the store implements it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from gateway.domain.ledger import LineRecord
from gateway.domain.xref import XrefRow
from gateway.messaging.callers import GuessRecords, ReplayRecords, UserRecords
from gateway.messaging.queues import Claim, Depth, Draft, Message, QueueSummary, Reason, State
from gateway.messaging.replies import ReplyStore
from gateway.messaging.synced import SyncRecords
from gateway.messaging.transaction_id import TransactionId
from gateway.messaging.unit import RequestKey


class Clock(Protocol):
    """Time; tests own theirs. Safety never rests on it: fences and the decision's primary key arbitrate."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""


class Pause(Protocol):
    """A wait with a bound, cut short when the process stops."""

    def pause(self, duration: timedelta) -> bool:
        """Wait; True when it ended early because the process stops."""


class Verdict(StrEnum):
    """What the decision table says of a transaction; its primary key arbitrates between worker and recovery."""

    COMMIT = "commit"
    ABORT = "abort"
    INTENT = "intent"
    """Mode ``local``: the one-phase commit may or may not have taken place."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the decision table.

    ``acknowledged``: BRM has confirmed the commit and the response is released; only FORGET is owed. ``effects`` are
    an intent's (to finish it) or a commit's (to undo it, should BRM prove to have rolled back heuristically).
    """

    transaction: str
    verdict: Verdict
    brm: str
    intake: int
    attempt: int
    acknowledged: bool
    effects: bytes
    decided_at: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class RequestEntry:
    """A row of the ledger of duplicates; ``result`` is None while the request is worked on."""

    key: RequestKey
    digest: str
    intake: int
    result: bytes | None
    transaction: str | None


@dataclass(frozen=True, slots=True)
class StoryStep:
    """A step of an order's story; ``detail`` is XML, masked."""

    at: datetime
    step: str
    text: str
    detail: bytes = b""
    attempt: int = 0


class FalloutKind(StrEnum):
    """What the outbox of fallout tells; what is in ALARMS waits for an operator."""

    ORDER_FAILED = "order failed"
    HEURISTIC_COMMIT = "heuristic commit"
    HEURISTIC_ROLLBACK = "heuristic rollback"
    LOST_IN_BRM = "committed here, unknown to BRM"
    UNDECIDABLE = "outcome in BRM unknown"
    FORCED = "forced by an operator"
    REPLY_UNDELIVERED = "reply not delivered"
    """About the reply whose number stands in ``intake``."""
    MESSAGE_GIVEN_UP = "message given up"
    """About a message that no order is in, such as a change that a subscriber did not take."""


ALARMS = tuple(kind for kind in FalloutKind if kind not in (FalloutKind.ORDER_FAILED, FalloutKind.FORCED))


@dataclass(frozen=True, slots=True)
class Fallout:
    """A row of the outbox of fallout; unique by kind, intake, attempt."""

    kind: FalloutKind
    intake: int
    attempt: int
    brm: str
    transaction: str
    code: str
    text: str
    raised_at: datetime
    id: int = 0
    settled_at: datetime | None = None


class Messages(Protocol):
    """The queues. A transition says whether it took place: False means the attempt is no longer the caller's."""

    def put(self, drafts: Sequence[Draft], now: datetime) -> list[int]:
        """Add messages; returns their intake numbers."""

    def claim(self, queue: str, owner: str, now: datetime, lease_until: datetime) -> Claim | None:
        """Take the next message of a queue, in order within its group; None when there is none to take."""

    def due(self, queues: Sequence[str], now: datetime) -> frozenset[str]:
        """Return those queues that may have something to claim: cheap, and locks nothing."""

    def followed(self, intake: int, queue: str, group: str) -> bool:
        """Tell whether a later message of the same group waits, too."""

    def supersede(self, queue: str, reason: Reason, now: datetime) -> list[int]:
        """Discard what a later message of its group, not in error, makes needless; returns their intake numbers."""

    def admit(self, payload: bytes, owner: str, now: datetime, lease_until: datetime) -> Claim:
        """Enter a request that came over SOAP: on no queue, claimed at once."""

    def renew(self, held: Iterable[tuple[int, int]], lease_until: datetime) -> None:
        """Extend the leases of (intake, attempt) that are still current."""

    def describe(self, claim: Claim, *, order: str, account: str, brm: str, now: datetime) -> bool:
        """Note what a message is about."""

    def settle(
        self,
        intake: int,
        attempt: int,
        state: State,
        *,
        now: datetime,
        reason: Reason | None = None,
        available_at: datetime | None = None,
    ) -> bool:
        """Move a message out of CLAIMED, if this attempt is still the current one."""

    def hand_back(self, claim: Claim, now: datetime, *, due: datetime | None = None) -> bool:
        """Put a claimed message back as if it had not been taken, due at once or at ``due``; the try is not counted."""

    def receiving(self, records: Collection[str], queues: Collection[str], now: datetime) -> bool:
        """Tell whether a message of one of ``queues`` that is about one of ``records`` is being worked on."""

    def move(
        self, intake: int, came: Sequence[State], state: State, *, now: datetime, reason: Reason | None = None
    ) -> bool:
        """Move a message from one of the states ``came``, without a fence: an operator's doing, or recovery's."""

    def release(self, transaction: str, now: datetime) -> int:
        """Let go of the responses held by a transaction."""

    def withdraw(self, transaction: str, now: datetime) -> int:
        """Discard the responses held by a transaction."""

    def leased(self, intake: int, attempt: int, now: datetime) -> bool:
        """Tell whether this attempt is current and its lease runs."""

    def current(self, intake: int, attempt: int) -> bool:
        """Tell whether this attempt is current, its lease run out or not."""

    def abandoned(self, now: datetime, *, of_no_brm: bool = False) -> list[tuple[int, int]]:
        """Return (intake, attempt) of SOAP requests whose lease has expired: nobody will answer them.

        ``of_no_brm``: only those that have nothing to do in any BRM.
        """

    def get(self, intake: int) -> Message | None:
        """Return one message."""

    def payload(self, intake: int) -> bytes:
        """Return a message's bytes, as they came; KeyError when there is no such message."""

    def find(self, queue: str | None, states: Sequence[State], *, limit: int, order: str | None) -> list[Message]:
        """Return messages in intake order, of one queue or of all, for one order or for all."""

    def summaries(self) -> list[QueueSummary]:
        """Count all queues."""

    def depths(self, queues: Sequence[str]) -> list[Depth]:
        """Count what is not done yet, and the errors of ``queues``: cheap, however much was done before."""

    def take(self, queue: str, now: datetime) -> tuple[int, bytes] | None:
        """Consume the next available message at once: an outside reader's get."""

    def resubmit(self, intake: int, now: datetime, payload: bytes | None, group: str | None) -> bool:
        """Move from the error queue back to waiting, tries from zero; with new bytes (and their group) if given."""

    def discard(self, intake: int, now: datetime) -> bool:
        """Move from the error queue to discarded."""

    def answered(self, intake: int, queue: str) -> bool:
        """Tell whether a message was ever answered on ``queue``."""


class Decisions(Protocol):
    """The decision table."""

    def commit(self, transaction: TransactionId, now: datetime, lease_until: datetime, undo: bytes) -> None:
        """Insert 'commit'; raises Superseded when there is a decision already."""

    def intend(self, transaction: TransactionId, now: datetime, lease_until: datetime, effects: bytes) -> None:
        """Insert 'intent'; raises Superseded when there is a decision already."""

    def abort(self, transaction: TransactionId, now: datetime) -> bool:
        """Insert 'abort' unless there is a decision already; says whether it did. Waits for an insert under way."""

    def get(self, transaction: str) -> Decision | None:
        """Return the decision, if any."""

    def acknowledge(self, transaction: str) -> bool:
        """Note that BRM confirmed; True for the first to say so."""

    def drop(self, transaction: str) -> None:
        """Delete the decision."""

    def hand_over(self, transaction: str, now: datetime) -> None:
        """End the lease: recovery may finish it."""

    def unfinished(self, brm: str, now: datetime) -> list[Decision]:
        """Return commits and intents whose lease has expired, oldest first."""

    def of(self, brm: str) -> list[Decision]:
        """Return every decision about a BRM's transactions, oldest first."""

    def intents(self, intake: int) -> list[Decision]:
        """Return a message's open intents."""

    def drop_stale_aborts(self, brm: str) -> int:
        """Delete 'abort' rows whose attempt can never be committed any more: the fence has moved on."""


class Requests(Protocol):
    """The ledger of duplicates."""

    def get(self, key: RequestKey) -> RequestEntry | None:
        """Return the entry, locked until the unit of work ends."""

    def reserve(self, key: RequestKey, digest: str, intake: int, now: datetime) -> None:
        """Insert an entry being worked on; raises Conflict when there is one."""

    def take_over(self, key: RequestKey, digest: str, intake: int, now: datetime) -> None:
        """Make an unfinished entry ours."""

    def finish(self, key: RequestKey, intake: int, result: bytes, transaction: str | None, now: datetime) -> bool:
        """Remember the result, if the entry is still ours."""

    def release(self, intake: int) -> None:
        """Forget entries of a message that have no result: failures are not remembered."""

    def revoke(self, intake: int) -> None:
        """Forget entries of a message, result and all: its effects proved to be rolled back."""


class LineLedger(Protocol):
    """What has been done for order lines."""

    def of(self, line_ids: Sequence[str]) -> Mapping[str, tuple[LineRecord, ...]]:
        """Return records by line, oldest first."""

    def add(self, records: Sequence[LineRecord], intake: int, now: datetime) -> None:
        """Insert; raises Conflict when the same work is there already."""

    def revoke(self, intake: int) -> None:
        """Delete a message's records."""


class XrefStore(Protocol):
    """Cross-references."""

    def values(self, table: str, commons: Sequence[str], column: str) -> Mapping[str, str]:
        """Return COMMON id → value."""

    def commons(self, table: str, values: Sequence[str], column: str) -> Mapping[str, str]:
        """Return value → COMMON id."""

    def populate(self, rows: Sequence[XrefRow], intake: int | None, now: datetime) -> int:
        """Insert; rows that are there already are left alone. Conflict when one says otherwise. Returns how many."""

    def delete(self, rows: Sequence[XrefRow]) -> int:
        """Delete exactly these rows; absent ones are no error. Returns how many there were."""

    def revoke(self, intake: int) -> None:
        """Delete the rows a message populated."""

    def find(
        self, table: str | None, *, common: str | None, column: str | None, value: str | None, limit: int
    ) -> list[XrefRow]:
        """Return rows that match, in order of table, COMMON id, column."""


class Stories(Protocol):
    """Stories of orders."""

    def add(self, intake: int, steps: Sequence[StoryStep]) -> None:
        """Append."""

    def of(self, intake: int) -> list[StoryStep]:
        """Return a message's story, oldest first."""


class FalloutBox(Protocol):
    """The outbox of fallout, and alarms."""

    def raise_(self, fallout: Fallout) -> bool:
        """Add, unless the same is there already; says whether it did."""

    def open(self, kinds: Sequence[FalloutKind]) -> list[Fallout]:
        """Return what is not settled."""

    def settle(self, fallout_id: int, now: datetime) -> bool:
        """Mark as dealt with."""

    def settle_of(self, transaction: str, kinds: Sequence[FalloutKind], now: datetime) -> None:
        """Mark what concerns a transaction as dealt with."""


class Work(Protocol):
    """A unit of work on the gateway's database: all of it or, without ``commit``, nothing."""

    @property
    def messages(self) -> Messages: ...  # noqa: D102 - named for what it is

    @property
    def decisions(self) -> Decisions: ...  # noqa: D102 - same

    @property
    def requests(self) -> Requests: ...  # noqa: D102 - same

    @property
    def lines(self) -> LineLedger: ...  # noqa: D102 - same

    @property
    def xref(self) -> XrefStore: ...  # noqa: D102 - same

    @property
    def stories(self) -> Stories: ...  # noqa: D102 - same

    @property
    def fallout(self) -> FalloutBox: ...  # noqa: D102 - same

    @property
    def replies(self) -> ReplyStore: ...  # noqa: D102 - same

    @property
    def users(self) -> UserRecords: ...  # noqa: D102 - same

    @property
    def replays(self) -> ReplayRecords: ...  # noqa: D102 - same

    @property
    def guesses(self) -> GuessRecords: ...  # noqa: D102 - same

    @property
    def synced(self) -> SyncRecords: ...  # noqa: D102 - same

    def commit(self) -> None:
        """Make it durable. Raises InDoubt when the connection was lost meanwhile: it may have happened, or not."""


class Database(Protocol):
    """The gateway's database. Raises Unavailable while it cannot be used, Conflict on a unique key."""

    @property
    def gateway_id(self) -> str:
        """Return this gateway's id: 16 hex digits, made once for a database."""

    def begin(self) -> AbstractContextManager[Work]:
        """Open a unit of work that writes."""

    def read(self) -> AbstractContextManager[Work]:
        """Open a unit of work that only reads."""
