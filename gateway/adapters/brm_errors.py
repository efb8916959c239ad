"""What BRM's refusals mean to an order: error buffer or failed customer validation → an error with its disposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from lxml import etree

from gateway.adapters.flist_xml import name
from gateway.domain.brm import Flist
from gateway.errors import BrmRefused, GatewayError, TransactionLost, Unavailable
from soapkit.client import NotSent, RemoteFault

_BY_ERRNO: Mapping[str, type[Unavailable]] = {
    "PIN_ERR_TRANS_LOST": TransactionLost,
    "PIN_ERR_NAP_CONNECT_FAILED": Unavailable,
    "PIN_ERR_NO_MEM": Unavailable,
}
_APPLICATION = "PIN_ERRCLASS_APPLICATION"
_REASONS: Mapping[str, str] = {
    "1": "is missing",
    "2": "is too short",
    "3": "is too long",
    "4": "has the wrong type",
    "5": "is taken",
    "6": "is invalid",
    "7": "was rejected",
    "8": "is too large",
    "9": "is too small",
    "12": "has the wrong format",
}
"""FIELD[].RESULT of the customer opcodes."""


def of_fault(fault: RemoteFault, opcode: str) -> GatewayError:
    """Return the error that a fault means: by errno, else by class; only application errors are the order's own.

    A fault without an error buffer says that the service failed, not the order.
    """
    buffer = fault.detail
    if buffer is None or buffer.tag != name("ErrorBuffer"):
        return Unavailable(f"{opcode}: BRM failed to answer ({fault.text})")
    errno, text = _child(buffer, "errno"), _told(buffer, opcode)
    known = _BY_ERRNO.get(errno)
    if known is not None:
        return known(text)
    if _child(buffer, "class") != _APPLICATION:
        return Unavailable(text, code=errno)
    return BrmRefused(text, opcode=opcode, code=errno, field=_child(buffer, "field") or None)


def of_contract(error: NotSent, opcode: str) -> BrmRefused:
    """Return the error of an input flist that BRM's contract forbids, such as a cross-reference that is no POID."""
    place = error.path.partition("_inputFlist/")[2] or error.path
    text = f"{opcode} cannot be called: {place} breaks the rule '{error.rule}' of its contract"
    return BrmRefused(text, opcode=opcode, code="O2C_INVALID_FLIST", field=place.rpartition("/")[2])


def of_validation(output: Flist, opcode: str) -> BrmRefused | None:
    """Return the error in an output flist with RESULT 0 and FIELD entries, which is how customer opcodes refuse."""
    fields = list(cast("dict[int, Flist]", output.get("FIELD") or {}).values())
    if not fields:
        return None
    first = str(fields[0].get("FIELD_NAME"))
    text = f"{opcode} refused: " + "; ".join(map(_field, fields))
    return BrmRefused(text, opcode=opcode, code="PIN_ERR_VALIDATION_FAILED", field=first)


def _told(buffer: etree._Element, opcode: str) -> str:
    field = _child(buffer, "field")
    where = f" at {field}" if field else ""
    text = _child(buffer, "text")
    return f"{opcode} refused: {_child(buffer, 'errno')}{where}" + (f": {text}" if text else "")


def _field(field: Flist) -> str:
    reason = _REASONS.get(str(field.get("RESULT")), "is wrong")
    return f"{field.get('FIELD_NAME')} {reason}: {field.get('DESCR')}"


def _child(buffer: etree._Element, tag: str) -> str:
    return (buffer.findtext(name(tag)) or "").strip()
