"""BRM as the commit protocol sees it: an XA resource that takes opcodes; the adapter implements it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.domain.brm import Flist

LOCK = 0x20000
"""PCM_OPFLG_LOCK_OBJ: a read that keeps the object locked until the transaction ends."""


class Mode(StrEnum):
    """What a BRM instance can promise (COMMIT.md, Transaction modes)."""

    XA = "xa"
    LOCAL = "local"


class Vote(StrEnum):
    """The answer to PREPARE: RESULT 0 or 3."""

    READY = "ready"
    READ_ONLY = "read-only"


class Settled(StrEnum):
    """How a transaction ended in BRM: the answer to COMMIT (RESULT 0, 6, 7) and ABORT."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    HEURISTICALLY_COMMITTED = "heuristically committed"
    HEURISTICALLY_ABORTED = "heuristically aborted"


class Standing(StrEnum):
    """The state of a transaction that RECOVER lists: STATUS 1, 2 or 3."""

    PREPARED = "prepared"
    HEURISTICALLY_COMMITTED = "heuristically committed"
    HEURISTICALLY_ABORTED = "heuristically aborted"


@dataclass(frozen=True, slots=True)
class Recovered:
    """One row of RECOVER."""

    transaction: str
    standing: Standing
    created_at: datetime | None = None


Exchange = Callable[[str, bytes, bytes], None]
"""Told of an opcode call: its name, the input and the output (or error buffer) as XML."""


class Brm(Protocol):
    """One BRM instance as an XA resource. Every method raises Disconnected when nothing answers.

    ``commit`` raises InDoubt instead when the request may have arrived, and TransactionLost when BRM does not know the
    transaction (errno 45). Any method may raise BrmRefused or Unavailable, by what the error buffer says.
    """

    @property
    def name(self) -> str:
        """Return the application id, as in XREF columns and Target/ID (``BRM_01``)."""

    @property
    def mode(self) -> Mode:
        """Return what it can promise."""

    def open(self, transaction: str) -> None:
        """TRANS_OPEN, read-write, under this TRANS_ID."""

    def call(
        self, transaction: str | None, opcode: str, flist: Flist, flags: int = 0, exchange: Exchange | None = None
    ) -> Flist:
        """Call an opcode in a transaction (None: by itself); raises BrmRefused, Unavailable, TransactionLost."""

    def prepare(self, transaction: str) -> Vote:
        """TRANS_PREPARE: after READY, commit cannot fail."""

    def commit(self, transaction: str, *, force: bool = False) -> Settled:
        """TRANS_COMMIT; of an unprepared one, one-phase. ``force`` = an operator's heuristic decision."""

    def abort(self, transaction: str, *, force: bool = False) -> Settled:
        """TRANS_ABORT; of an unknown one, ABORTED (presumed abort)."""

    def recover(self) -> Sequence[Recovered]:
        """TRANS_RECOVER: what is prepared or heuristically settled, everybody's."""

    def forget(self, transaction: str) -> None:
        """TRANS_FORGET; of an unknown one, nothing."""
