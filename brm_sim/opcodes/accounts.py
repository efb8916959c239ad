"""The account an opcode works on, with what it needs of it: found, open, and who pays."""

from __future__ import annotations

from brm_sim.call import Session
from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import given

ACTIVE = 10100
INACTIVE = 10102
CLOSED = 10103
STATUSES = (ACTIVE, INACTIVE, CLOSED)


def open_account(session: Session, poid: Poid) -> Flist:
    """Read an account that is not closed; ErrorBuffer BAD_POID_TYPE, NOT_FOUND or ACCT_CLOSED (113)."""
    if poid.type != "/account":
        raise ErrorBuffer(Errno.BAD_POID_TYPE, f"{poid.type} is no /account", field="POID")
    account = session.read(poid)
    if account.get("STATUS") == CLOSED:
        raise ErrorBuffer(Errno.ACCT_CLOSED, f"account {poid.id} is closed", field="POID")
    return account


def named(session: Session, poid: Poid, type_: str, field: str) -> Flist:
    """Read an object that must be of class ``type_``; ErrorBuffer BAD_POID_TYPE on ``field``, or NOT_FOUND."""
    if not poid.is_a(type_):
        raise ErrorBuffer(Errno.BAD_POID_TYPE, f"{poid.type} is no {type_}", field=field)
    return session.read(poid)


def own(session: Session, account: Poid, poid: Poid, type_: str, field: str) -> Flist:
    """Read an object of class ``type_`` that belongs to ``account``; another's is BAD_VALUE on ``field``."""
    found = named(session, poid, type_, field)
    owner = given.optional_poid(found, "ACCOUNT_OBJ")
    if owner is None or not owner.same(account):
        raise ErrorBuffer(Errno.BAD_VALUE, f"{type_} {poid.id} is not of account {account.id}", field=field)
    return found


def open_service(session: Session, account: Poid, poid: Poid) -> Flist:
    """Read a service of ``account`` that is not closed."""
    service = own(session, account, poid, "/service", "SERVICE_OBJ")
    if service.get("STATUS") == CLOSED:
        raise ErrorBuffer(Errno.BAD_VALUE, f"service {poid.id} is closed", field="SERVICE_OBJ")
    return service


def identity(poid: Poid) -> Poid:
    """Name an object as a reference does: without a revision, which would only grow stale."""
    return poid.at(0)
