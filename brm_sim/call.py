"""What an opcode gets and gives: the seam between the dispatcher and the opcodes, and between both and the store.

An ordinary opcode is a function of a :class:`Call` and its input flist. It reads and writes through the call's
:class:`Session`: one short database transaction inside the caller's BRM transaction (or, without one, a transaction of
its own). The opcodes that open and end BRM transactions get a :class:`TransactionCall`: they act on the store itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from brm_sim.flist import Flist, Poid, Value

if TYPE_CHECKING:
    from brm_sim.catalog import PriceCatalog
    from brm_sim.store import Store
    from brm_sim.store.query import Query


class Session(Protocol):
    """Storable objects as one BRM transaction sees them: what is committed, with its own changes on top."""

    def read(self, poid: Poid) -> Flist:
        """Give the whole object with its current revision in POID; ErrorBuffer NOT_FOUND when there is none."""

    def read_many(self, poids: Collection[Poid]) -> dict[int, Flist]:
        """Give whole objects by POID id, in few queries; those that do not exist are left out."""

    def create(self, type_: str, fields: Flist, poid_id: int | None = None) -> Poid:
        """Store a new object of class ``type_`` and name it."""

    def update(self, poid: Poid, fields: Flist) -> Poid:
        """Merge ``fields`` into the object; the POID returned has the next revision."""

    def delete(self, poid: Poid) -> None:
        """Remove the object; ErrorBuffer NOT_FOUND when there is none."""

    def find(self, type_: str, **equals: Value) -> list[Flist]:
        """Objects of ``type_`` or a subclass whose top-level fields equal ``equals``, by POID id."""

    def query(self, query: Query) -> Iterator[tuple[Flist, ...]]:
        """Give the objects a search finds, one tuple a match. An opcode searches before it writes."""

    def lock(self, poid: Poid) -> None:
        """Hold the object until the BRM transaction ends; a bounded wait, then ErrorBuffer SYSTEM_RETRYABLE STORAGE."""

    def claim(self, kind: str, value: str) -> None:
        """Reserve a unique value (a login, an account number); ErrorBuffer DUPLICATE when another holds it."""

    def release(self, kind: str, value: str) -> None:
        """Give up a unique value."""

    def taken(self, kind: str, values: Collection[str]) -> set[str]:
        """Tell which of ``values`` are held, by committed objects or by this transaction."""

    def number(self) -> int:
        """Give a number nobody else has."""


@dataclass(frozen=True, slots=True)
class Call:
    """One opcode call: ``now`` is the virtual time (aware, UTC), ``flags`` the opcode's flags."""

    opcode: str
    session: Session
    now: datetime
    flags: int
    catalog: PriceCatalog


@dataclass(frozen=True, slots=True)
class TransactionCall:
    """One TRANS_* call: ``trans_id`` is the one named in the SOAP header, when there is one."""

    opcode: str
    store: Store
    now: datetime
    flags: int
    trans_id: str | None


Opcode = Callable[[Call, Flist], Flist]
"""``brm_sim.opcodes.OPCODES`` maps ``PCM_OP_…`` to these. They refuse by raising an ErrorBuffer."""

TransactionOpcode = Callable[[TransactionCall, Flist], Flist]
"""``brm_sim.transactions.OPCODES`` maps ``PCM_OP_TRANS_…`` to these."""
