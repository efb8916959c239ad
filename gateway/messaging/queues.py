"""The messages of a queue as values: states, drafts, claims, and what an operator sees. No SQL, no transitions' code.

A message has an *intake* number for life. Its *attempt* number rises with every claim and is the fence: a worker may
change the message only while its own attempt is the current one. *Tries* counts attempts since the message was put
or resubmitted; retries are decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.errors import GatewayError, Kind

ERROR_SUFFIX = "_ErrorQ"
DIRECT = ""
"""The queue of requests that came over SOAP: none."""


class State(StrEnum):
    """Every message is in exactly one."""

    WAITING = "waiting"
    """To be taken, now or (a retry) at ``available_at``."""
    CLAIMED = "claimed"
    """Worked on under a lease; with the lease expired as good as waiting."""
    HELD = "held"
    """A response whose commit is not acknowledged yet, or a message whose outcome only an operator can tell."""
    DONE = "done"
    ERROR = "error"
    """In the queue's error queue."""
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is where it is: the last failure."""

    code: str
    text: str
    kind: Kind
    element: str | None = None

    @classmethod
    def of(cls, error: Exception) -> Reason:
        """Word an error for the error queue; a fault of the program shows its type only, the rest is in the log."""
        if isinstance(error, GatewayError):
            return cls(error.code, error.text, error.kind, error.element)
        return cls("O2C_INTERNAL", f"internal error ({type(error).__name__})", Kind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to put.

    ``group`` orders messages (one at a time, by intake number); None = no order. ``origin`` is the intake number of
    the message this one answers; ``held_by`` the transaction whose commit releases it (None = at once). ``trace`` is
    where in a trace it is put (a ``traceparent``), if anybody traces.
    """

    queue: str
    payload: bytes
    group: str | None = None
    origin: int | None = None
    held_by: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A message taken by a worker: its attempt is the fence for whatever the worker then does."""

    intake: int
    attempt: int
    tries: int
    queue: str
    group: str | None
    payload: bytes
    owner: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as operators see it; the payload is read separately."""

    intake: int
    queue: str
    group: str | None
    state: State
    attempt: int
    tries: int
    size: int
    order: str
    account: str
    brm: str
    reason: Reason | None
    origin: int | None
    held_by: str | None
    owner: str | None
    created_at: datetime
    changed_at: datetime
    available_at: datetime
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """How many messages a queue has in each state, and since when its oldest waits."""

    queue: str
    counts: dict[State, int]
    oldest_waiting: datetime | None


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue has in one state, and since when the oldest of them is there."""

    queue: str
    state: State
    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class QueueView:
    """A name as people type it: a queue (all states) or its error queue (a view on one state)."""

    queue: str
    states: tuple[State, ...]

    @classmethod
    def named(cls, name: str) -> QueueView:
        """Resolve ``X_ErrorQ`` to the errors of ``X``."""
        if name.endswith(ERROR_SUFFIX):
            return cls(name.removesuffix(ERROR_SUFFIX), (State.ERROR,))
        return cls(name, tuple(State))
