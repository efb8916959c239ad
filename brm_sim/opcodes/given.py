"""Typed access to what an opcode was given. Input flists are checked against the XSD before; this narrows their types.

A required field that is absent or null is ErrorBuffer MISSING_ARG, a value of another type BAD_TYPE, both naming the
field.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.flist import Array, Flist, Poid
from brm_sim.store.codec import EPOCH

T = TypeVar("T", str, int, Decimal, datetime, Poid)


def _optional(flist: Flist, name: str, type_: type[T]) -> T | None:
    value = flist.get(name)
    if value is None:
        return None
    if not isinstance(value, type_):
        raise ErrorBuffer(Errno.BAD_TYPE, f"{name} is no {type_.__name__}", field=name)
    return value


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise ErrorBuffer(Errno.MISSING_ARG, f"{name} is missing", field=name)
    return value


def optional_poid(flist: Flist, name: str) -> Poid | None:
    """Give a POID, or None."""
    return _optional(flist, name, Poid)


def poid(flist: Flist, name: str) -> Poid:
    """Give a POID."""
    return _required(name, optional_poid(flist, name))


def text(flist: Flist, name: str) -> str:
    """Give a STR; absent is empty."""
    return _optional(flist, name, str) or ""


def integer(flist: Flist, name: str) -> int | None:
    """Give an INT or ENUM, or None."""
    return _optional(flist, name, int)


def decimal(flist: Flist, name: str) -> Decimal | None:
    """Give a DECIMAL, or None."""
    return _optional(flist, name, Decimal)


def moment(flist: Flist, name: str) -> datetime | None:
    """Give a TSTAMP; 1970-01-01 is unset, as in BRM."""
    value = _optional(flist, name, datetime)
    return None if value is None or value <= EPOCH else value


def array(flist: Flist, name: str) -> Array:
    """Give an array; absent is empty."""
    value = flist.get(name)
    return value if isinstance(value, Array) else Array()


def substruct(flist: Flist, name: str) -> Flist:
    """Give a substruct; absent is empty."""
    value = flist.get(name)
    return value if isinstance(value, dict) and not isinstance(value, Array) else {}


def reference(flist: Flist, name: str) -> int | None:
    """Give the element id an empty array element points at (``BAL_INFO[2]`` NULL), or None."""
    elements = array(flist, name)
    return min(elements) if elements else None
