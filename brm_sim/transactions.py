"""The opcodes that open and end BRM transactions: PCM_OP_TRANS_*, worded over the store.

A transaction is named by TRANS_ID in the input flist, or by the TransactionContext header.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from brm_sim.call import TransactionCall, TransactionOpcode
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Array, Flist
from brm_sim.store import DEFAULT_TIMEOUT, State

READ_WRITE = 65536
"""Flag of TRANS_OPEN; without it the transaction may only read."""

LONGEST_ID = 300
"""Characters of a TRANS_ID: XA's two parts of 64 bytes in hexadecimal, and what stands between them."""

FORCED = 0x1
"""Flag of TRANS_COMMIT and TRANS_ABORT: an operator decides a prepared transaction in its coordinator's place."""

RECOVER_STATUS = {State.PREPARED: 1, State.FORCED_COMMIT: 2, State.FORCED_ABORT: 3}


def open_(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_OPEN: {POID, TRANS_ID, TRANS_TIMEOUT_IN_SECS} → {POID, TRANS_ID}.

    Without an id BRM makes one. Raises TRANS_ALREADY_OPEN, and BAD_VALUE for an id too long or a time-out that is not
    positive.
    """
    given = str(flist.get("TRANS_ID") or call.trans_id or "")
    if len(given) > LONGEST_ID:
        text = f"an id has {LONGEST_ID} characters at most"
        raise ErrorBuffer(Errno.BAD_VALUE, text, field="TRANS_ID", location=Location.CM)
    trans_id = call.store.open(given or None, read_only=not call.flags & READ_WRITE, timeout=_timeout(flist))
    return {"POID": flist["POID"], "TRANS_ID": trans_id}


def prepare(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_PREPARE → {POID, TRANS_ID, RESULT}: 0 ready, 3 nothing to commit (and over).

    Raises STORAGE (retryable) when another transaction changed or holds an object, DUPLICATE for a unique value; the
    transaction is aborted then.
    """
    return _answer(flist, call, int(call.store.prepare(_trans_id(call, flist))))


def commit(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_COMMIT → RESULT 0 committed, 6 or 7 an operator rolled back or committed before."""
    return _answer(flist, call, int(call.store.commit(_trans_id(call, flist), forced=bool(call.flags & FORCED))))


def abort(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_ABORT → RESULT 0 aborted (an unknown one was), 6 or 7 as with commit."""
    return _answer(flist, call, int(call.store.abort(_trans_id(call, flist), forced=bool(call.flags & FORCED))))


def recover(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_RECOVER → {POID, RESULTS[]{TRANS_ID, STATUS, CREATED_T}}, oldest first."""
    results = Array(
        {
            index: {"TRANS_ID": each.trans_id, "STATUS": RECOVER_STATUS[each.state], "CREATED_T": each.created}
            for index, each in enumerate(call.store.recover())
        }
    )
    return {"POID": flist["POID"]} | ({"RESULTS": results} if results else {})


def forget(call: TransactionCall, flist: Flist) -> Flist:
    """PCM_OP_TRANS_FORGET → RESULT 0; TRANS_NOT_OPEN for a transaction that is not over."""
    call.store.forget(_trans_id(call, flist))
    return _answer(flist, call, 0)


def _answer(flist: Flist, call: TransactionCall, result: int) -> Flist:
    return {"POID": flist["POID"], "TRANS_ID": _trans_id(call, flist), "RESULT": result}


def _trans_id(call: TransactionCall, flist: Flist) -> str:
    named = flist.get("TRANS_ID") or call.trans_id
    if not named:
        raise ErrorBuffer(Errno.TRANS_NOT_OPEN, "no TRANS_ID", field="TRANS_ID", location=Location.CM)
    return str(named)


def _timeout(flist: Flist) -> timedelta:
    seconds = flist.get("TRANS_TIMEOUT_IN_SECS")
    if seconds is None:
        return DEFAULT_TIMEOUT
    if not isinstance(seconds, int) or seconds <= 0:
        text = "a time-out is a positive number of seconds"
        raise ErrorBuffer(Errno.BAD_VALUE, text, field="TRANS_TIMEOUT_IN_SECS", location=Location.CM)
    return timedelta(seconds=seconds)


OPCODES: Mapping[str, TransactionOpcode] = {
    "PCM_OP_TRANS_OPEN": open_,
    "PCM_OP_TRANS_PREPARE": prepare,
    "PCM_OP_TRANS_COMMIT": commit,
    "PCM_OP_TRANS_ABORT": abort,
    "PCM_OP_TRANS_RECOVER": recover,
    "PCM_OP_TRANS_FORGET": forget,
}
