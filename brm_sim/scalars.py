"""Scalar values as the XML form writes them, both ways.

INT ENUM  40        DECIMAL  35.00      STR     text         TSTAMP  2017-01-07T00:00:00Z
POID      0.0.0.1 /account 41343 9      BUF     base64       BINSTR  hexadecimal
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Poid, Value
from brm_sim.shapes import FieldType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""A timestamp that is unset."""

_INT = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_LARGEST = 2**31 - 1
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_TSTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read(type_: FieldType, text: str, field: str) -> Value:
    """Read a value that is not null; ErrorBuffer BAD_TYPE for another type's form, BAD_VALUE out of range."""
    trimmed = text if type_ is FieldType.STR else text.strip()
    try:
        return _READ[type_](trimmed)
    except _WrongForm as error:
        raise _refused(Errno.BAD_TYPE, type_, field) from error
    except (ValueError, OverflowError) as error:
        raise _refused(Errno.BAD_VALUE, type_, field) from error


def write(value: Value, type_: FieldType | None = None) -> str:
    """Write a value; null is the empty text. ValueError for a decimal that is not finite."""
    if value is None:
        return ""
    if isinstance(value, bytes) and type_ is FieldType.BINSTR:
        return value.hex()
    return _WRITE[type(value)](value)


def fits(type_: FieldType, value: Value) -> bool:
    """Whether a Python value is one of BRM's type (null fits all)."""
    if value is None:
        return True
    if not isinstance(value, _PYTHON[type_]) or isinstance(value, bool):
        return False
    return not isinstance(value, int) or -_LARGEST - 1 <= value <= _LARGEST


class _WrongForm(Exception):
    pass


def _refused(errno: Errno, type_: FieldType, field: str) -> ErrorBuffer:
    text = "is not of type" if errno is Errno.BAD_TYPE else "is out of range for"
    return ErrorBuffer(errno, f"The value of {field} {text} {type_}", field=field, location=Location.PCM)


def _matched(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise _WrongForm
    return match


def _read_int(text: str) -> int:
    value = int(_matched(_INT, text)[0])
    if not -_LARGEST - 1 <= value <= _LARGEST:
        raise ValueError("more than 32 bits")
    return value


def _read_tstamp(text: str) -> datetime:
    local, zone = _matched(_TSTAMP, text).groups()
    return datetime.fromisoformat(local + ("+00:00" if zone in (None, "Z") else zone)).astimezone(UTC)


def _read_poid(text: str) -> Poid:
    try:
        return Poid.parse(text)
    except ValueError as error:
        raise _WrongForm from error


def _read_buf(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except binascii.Error as error:
        raise _WrongForm from error


def _read_binstr(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise _WrongForm from error


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("a decimal must be finite")
    return format(value, "f")


def _write_tstamp(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


_READ: Mapping[FieldType, Callable[[str], Value]] = MappingProxyType(
    {
        FieldType.INT: _read_int,
        FieldType.ENUM: _read_int,
        FieldType.DECIMAL: lambda text: Decimal(_matched(_DECIMAL, text)[0]),
        FieldType.STR: str,
        FieldType.TSTAMP: _read_tstamp,
        FieldType.POID: _read_poid,
        FieldType.BUF: _read_buf,
        FieldType.BINSTR: _read_binstr,
        FieldType.ERRBUF: str,
    }
)

_WRITE: Mapping[type, Callable[..., str]] = MappingProxyType(
    {
        int: str,
        str: str,
        Decimal: _write_decimal,
        datetime: _write_tstamp,
        Poid: str,
        bytes: lambda value: base64.b64encode(value).decode("ascii"),
    }
)

_PYTHON: Mapping[FieldType, type] = MappingProxyType(
    {
        FieldType.INT: int,
        FieldType.ENUM: int,
        FieldType.DECIMAL: Decimal,
        FieldType.STR: str,
        FieldType.TSTAMP: datetime,
        FieldType.POID: Poid,
        FieldType.BUF: bytes,
        FieldType.BINSTR: bytes,
        FieldType.ERRBUF: str,
    }
)


def seconds(moment: datetime) -> int:
    """Give the seconds since 1970 that BRM stores."""
    return (moment - EPOCH) // timedelta(seconds=1)


def moment(since_epoch: int) -> datetime:
    """Give the moment for BRM's seconds since 1970; OverflowError beyond the year 9999."""
    return EPOCH + timedelta(seconds=since_epoch)
