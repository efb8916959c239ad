"""The store's own error buffers: in one place, so that each says the same wherever it is found."""

from __future__ import annotations

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass, Location
from brm_sim.flist import Poid


def not_found(poid: Poid, field: str = "POID") -> ErrorBuffer:
    """No such object, as this transaction sees it."""
    return ErrorBuffer(Errno.NOT_FOUND, f"no object {poid.db} {poid.type} {poid.id}", field=field, location=Location.DM)


def conflict(text: str) -> ErrorBuffer:
    """Another transaction was there first; the same work may succeed when tried again."""
    return ErrorBuffer(Errno.STORAGE, text, field="POID", location=Location.DM, class_=ErrorClass.SYSTEM_RETRYABLE)


def unavailable() -> ErrorBuffer:
    """Say that the database is busy or away."""
    return ErrorBuffer(
        Errno.STORAGE, "the database did not answer", location=Location.DM, class_=ErrorClass.SYSTEM_RETRYABLE
    )


def duplicate(kind: str, *, final: bool) -> ErrorBuffer:
    """Say that another holds a unique value: for good, or by a transaction that may yet give it up."""
    class_ = ErrorClass.APPLICATION if final else ErrorClass.SYSTEM_RETRYABLE
    text = f"the {kind.replace('_', ' ')} is taken by another transaction"
    return ErrorBuffer(Errno.DUPLICATE, text, field=_FIELDS.get(kind, "POID"), location=Location.DM, class_=class_)


_FIELDS = {"account_no": "ACCOUNT_NO", "billinfo_id": "BILLINFO_ID"}


def lost(trans_id: str) -> ErrorBuffer:
    """Say that the transaction is not known: never opened, timed out, or aborted."""
    return ErrorBuffer(Errno.TRANS_LOST, f"no transaction {trans_id}", field="TRANS_ID", location=Location.CM)


def not_open(trans_id: str, state: str) -> ErrorBuffer:
    """Say that the transaction is past the point where this could be done."""
    text = f"transaction {trans_id} is {state}"
    return ErrorBuffer(Errno.TRANS_NOT_OPEN, text, field="TRANS_ID", location=Location.CM)


def already_open(trans_id: str) -> ErrorBuffer:
    """Say that the id is in use."""
    text = f"transaction {trans_id} has been opened already"
    return ErrorBuffer(Errno.TRANS_ALREADY_OPEN, text, field="TRANS_ID", location=Location.CM)


def read_only() -> ErrorBuffer:
    """Refuse a write, or a lock, in a transaction that was opened without the read-write flag."""
    return ErrorBuffer(Errno.READ_ONLY_TXN, "the transaction is read-only", field="TRANS_ID", location=Location.DM)


def too_many() -> ErrorBuffer:
    """Give up a join that has to look at too much; joining by POIDs, or narrowing each class, helps."""
    text = "the join looks at too many combinations of objects"
    return ErrorBuffer(Errno.BAD_SEARCH_ARG, text, field="TEMPLATE", location=Location.DM)
