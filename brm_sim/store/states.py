"""The states of a BRM transaction, and its row.

open ──prepare──▶ prepared ──commit──▶ committed ──forget──▶ (gone)
│                  ├──forced──▶ heuristically committed / heuristically aborted ──forget──▶ (gone)
└──abort, expiry───┴──abort──▶ (gone: presumed abort)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from brm_sim.store.tables import transactions


class State(StrEnum):
    """Where a transaction stands; an aborted one has no row."""

    OPEN = "open"
    PREPARED = "prepared"
    COMMITTED = "committed"
    FORCED_COMMIT = "heuristically committed"
    FORCED_ABORT = "heuristically aborted"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A row of ``transactions``: ``created`` and ``expires`` are real time, seconds since 1970."""

    seq: int
    trans_id: str
    state: State
    read_only: bool
    created: int
    expires: int

    def expired(self, now: int) -> bool:
        """Whether it waited too long; a prepared one never does."""
        return self.state is State.OPEN and self.expires <= now


_by_id = select(transactions).where(transactions.c.trans_id == bindparam("trans_id"))
_by_seq = select(transactions).where(transactions.c.seq == bindparam("seq"))
_BY_ID = {True: _by_id.with_for_update(), False: _by_id}
_BY_SEQ = {True: _by_seq.with_for_update(), False: _by_seq}


def by_id(connection: Connection, trans_id: str, *, lock: bool = False) -> Transaction | None:
    """Find a transaction by the id its coordinator gave it; ``lock`` its row until the database transaction ends."""
    return _first(connection.execute(_BY_ID[lock], {"trans_id": trans_id}).first())


def by_seq(connection: Connection, seq: int, *, lock: bool = False) -> Transaction | None:
    """Find a transaction by its number."""
    return _first(connection.execute(_BY_SEQ[lock], {"seq": seq}).first())


def of_row(row: Row[Any]) -> Transaction:
    """Read a row of ``transactions``."""
    return Transaction(row.seq, row.trans_id, State(row.state), row.read_only, row.created, row.expires)


def _first(row: Row[Any] | None) -> Transaction | None:
    return None if row is None else of_row(row)
