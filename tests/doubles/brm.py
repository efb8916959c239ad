"""A BRM in memory that keeps the promises of COMMIT.md's simulator's side: shadow writes, locks, prepared claims.

Not a mock: a state machine. Faults are scripted by the name of what is called (``prepare``, ``PCM_OP_…``), before or
after the effect.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, cast

from gateway.domain.brm import Elements, Flist
from gateway.domain.poid import base_class, poid_order
from gateway.errors import BrmRefused, TransactionLost, Unavailable
from gateway.messaging.xa import LOCK, Exchange, Mode, Recovered, Settled, Standing, Vote

ACCOUNT = "0.0.0.1 /account 41343"
Result = TypeVar("Result")


def array(flist: Flist, name: str) -> Elements:
    """Return an array field."""
    return cast("Elements", flist[name])


class Phase(StrEnum):
    OPEN = "open"
    PREPARED = "prepared"
    COMMITTED = "committed"
    BY_HAND_COMMITTED = "heuristically committed"
    BY_HAND_ABORTED = "heuristically aborted"


@dataclass(slots=True)
class Transaction:
    phase: Phase = Phase.OPEN
    writes: dict[str, Flist] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Fault:
    """Raise ``error`` at the next call of ``what``; after the effect, or instead of it."""

    what: str
    error: Exception
    after: bool = False


class MemoryBrm:
    """Implements the ``Brm`` port."""

    def __init__(self, name: str = "BRM_01", mode: Mode = Mode.XA) -> None:
        self.name = name
        self.mode = mode
        self.objects: dict[str, Flist] = {ACCOUNT: {"POID": ACCOUNT, "ACCOUNT_NO": "A-1"}}
        self.transactions: dict[str, Transaction] = {}
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.forget_commits = False
        """A BRM without XA remembers no commit: ABORT of a committed transaction says "unknown"."""
        self._next_id = 100

    # ---- the port

    def open(self, transaction: str) -> None:
        def effect() -> None:
            assert transaction not in self.transactions, "a TRANS_ID is used once"
            self.transactions[transaction] = Transaction()

        self._faulty("open", effect)

    def call(
        self, transaction: str | None, opcode: str, flist: Flist, flags: int = 0, exchange: Exchange | None = None
    ) -> Flist:
        if exchange is not None:
            exchange(opcode, b"<in/>", b"<out/>")
        return self._faulty(opcode, lambda: self._opcode(transaction, opcode, flist, flags))

    def prepare(self, transaction: str) -> Vote:
        return self._faulty("prepare", lambda: self._prepare(transaction))

    def commit(self, transaction: str, *, force: bool = False) -> Settled:
        return self._faulty("commit", lambda: self._commit(transaction, force=force))

    def abort(self, transaction: str, *, force: bool = False) -> Settled:
        return self._faulty("abort", lambda: self._abort(transaction, force=force))

    def recover(self) -> Sequence[Recovered]:
        standing = {phase: Standing(phase.value) for phase in Phase if phase not in (Phase.OPEN, Phase.COMMITTED)}
        return self._faulty(
            "recover",
            lambda: [
                Recovered(name, standing[transaction.phase])
                for name, transaction in self.transactions.items()
                if transaction.phase in standing
            ],
        )

    def forget(self, transaction: str) -> None:
        def effect() -> None:
            found = self.transactions.get(transaction)
            if found is not None:
                assert found.phase not in (Phase.OPEN, Phase.PREPARED), "FORGET is for finished transactions"
                del self.transactions[transaction]

        self._faulty("forget", effect)

    # ---- for tests

    def made_for(self, common: str) -> list[str]:
        """Return the committed objects made for a COMMON id, read past every transaction."""
        return [poid for poid, held in self.objects.items() if held.get("O2C_FLD_COMMON_ID") == common]

    def crash(self) -> None:
        """Lose what a crash loses: open transactions."""
        self.transactions = {
            name: transaction for name, transaction in self.transactions.items() if transaction.phase is not Phase.OPEN
        }

    def reset(self) -> None:
        """Forget every transaction and object: restored from an old backup."""
        self.transactions.clear()
        self.objects = {ACCOUNT: {"POID": ACCOUNT}}

    # ---- inside

    def _faulty(self, what: str, effect: Callable[[], Result]) -> Result:
        self.calls.append(what)
        fault = next((fault for fault in self.faults if fault.what == what), None)
        if fault is None:
            return effect()
        self.faults.remove(fault)
        if fault.after:
            effect()
        raise fault.error

    def _opcode(self, transaction: str | None, opcode: str, flist: Flist, flags: int) -> Flist:
        if opcode == "PCM_OP_SEARCH":
            return self._search(flist)
        if opcode == "PCM_OP_READ_FLDS":
            return self._read(transaction, str(flist["POID"]), flags)
        assert opcode == "PCM_OP_CUST_MODIFY_CUSTOMER", opcode
        assert transaction is not None
        return self._modify_customer(self._known(transaction), flist)

    def _read(self, transaction: str | None, poid: str, flags: int) -> Flist:
        if poid not in self.objects:
            raise BrmRefused(f"no {poid}", opcode="PCM_OP_READ_FLDS", code="PIN_ERR_NOT_FOUND")
        if transaction is not None and flags & LOCK:
            mine = self._known(transaction)
            for other in self.transactions.values():
                if other is not mine and poid in other.locks:
                    raise Unavailable(f"{poid} is locked", code="PIN_ERR_STORAGE")
            mine.locks.add(poid)
        return copy.deepcopy(self.objects[poid])

    def _modify_customer(self, transaction: Transaction, flist: Flist) -> Flist:
        made: Elements = {}
        for element, service in array(flist, "SERVICES").items():
            if service.get("LOGIN") == "refused":
                raise BrmRefused("Duplicate value.", opcode="PCM_OP_CUST_MODIFY_CUSTOMER", field="LOGIN")
            self._next_id += 1
            poid = f"0.0.0.1 /service/telco {self._next_id}"
            transaction.writes[poid] = {"POID": f"{poid} 0", **service, "STATUS": 10100}
            made[element] = {"SERVICE_OBJ": f"{poid} 0"}
        return {"POID": ACCOUNT, "SERVICES": made}

    def _search(self, flist: Flist) -> Flist:
        template = str(flist["TEMPLATE"])
        wanted = array(flist, "ARGS")[1]["O2C_FLD_COMMON_ID"]
        found = [
            held
            for poid, held in sorted(self.objects.items(), key=lambda item: poid_order(item[0]))
            if base_class(poid) == template.split()[3]
            and ("like" in template or held.get("O2C_FLD_COMMON_ID") == wanted)
        ]
        return {"POID": "0.0.0.1 /search -1 0", "RESULTS": dict(enumerate(copy.deepcopy(found)))}

    def _known(self, transaction: str) -> Transaction:
        found = self.transactions.get(transaction)
        if found is None or found.phase is not Phase.OPEN:
            raise TransactionLost(f"{transaction} is not open")
        return found

    def _prepare(self, transaction: str) -> Vote:
        assert self.mode is Mode.XA, "this BRM cannot prepare"
        found = self._known(transaction)
        if not found.writes:
            del self.transactions[transaction]
            return Vote.READ_ONLY
        claimed = {held["LOGIN"] for held in self.objects.values() if held.get("LOGIN")}
        for other in self.transactions.values():
            if other.phase is Phase.PREPARED:
                claimed |= {held["LOGIN"] for held in other.writes.values() if held.get("LOGIN")}
        if any(held.get("LOGIN") in claimed for held in found.writes.values() if held.get("LOGIN")):
            raise BrmRefused("Duplicate value.", opcode="PCM_OP_TRANS_PREPARE", field="LOGIN")
        found.phase = Phase.PREPARED
        return Vote.READY

    def _commit(self, transaction: str, *, force: bool) -> Settled:
        found = self.transactions.get(transaction)
        if found is None:
            raise TransactionLost(f"{transaction} is unknown")
        if found.phase is Phase.BY_HAND_ABORTED:
            return Settled.HEURISTICALLY_ABORTED
        if found.phase is Phase.BY_HAND_COMMITTED:
            return Settled.HEURISTICALLY_COMMITTED
        if found.phase is not Phase.COMMITTED:
            assert self.mode is Mode.LOCAL or found.phase is Phase.PREPARED, "the gateway commits what is prepared"
            self.objects.update(found.writes)
            found.phase = Phase.BY_HAND_COMMITTED if force else Phase.COMMITTED
            found.locks.clear()
            if self.forget_commits:
                del self.transactions[transaction]
        return Settled.COMMITTED

    def _abort(self, transaction: str, *, force: bool) -> Settled:
        found = self.transactions.get(transaction)
        if found is None and force:
            raise TransactionLost(f"{transaction} is unknown")
        if found is None:
            return Settled.ABORTED
        if found.phase is Phase.COMMITTED:
            assert self.mode is Mode.LOCAL, "the gateway never aborts what it has committed"
            return Settled.COMMITTED
        if found.phase is Phase.BY_HAND_COMMITTED:
            return Settled.HEURISTICALLY_COMMITTED
        if found.phase is Phase.BY_HAND_ABORTED:
            return Settled.ABORTED
        if force:
            found.phase = Phase.BY_HAND_ABORTED
            found.locks.clear()
        else:
            del self.transactions[transaction]
        return Settled.ABORTED
