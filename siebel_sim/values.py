"""Values of fields: what is stored of them (text that sorts), and how they look on the wire.

EAI Siebel Adapter schemas know text only: there dates are ``MM/dd/yyyy HH:mm:ss`` and booleans ``Y`` and ``N``. UI data
adapter schemas are typed, and have XML Schema's own forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

_DATE = "%m/%d/%Y"
_DATETIME = "%m/%d/%Y %H:%M:%S"
_STORED = "%Y-%m-%dT%H:%M:%S"
_MOST_DIGITS = 38
_BOOLEANS = {"Y": "Y", "N": "N", "true": "Y", "false": "N", "1": "Y", "0": "N"}


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"

    @property
    def is_numeric(self) -> bool:
        """Whether values are compared as numbers."""
        return self in (Kind.NUMBER, Kind.INTEGER)


class Lov(StrEnum):
    """How values of pick lists are said: by the code that no language has (LIC), or as this language shows them."""

    LIC = "LIC"
    LDC = "LDC"


class Wording(NamedTuple):
    """How values are said on the wire: those of pick lists, and whether moments are in the canonical form of UTC."""

    lov: Lov = Lov.LDC
    utc: bool = False


class BadValue(ValueError):
    """A text that is no value of the kind."""


def stored(kind: Kind, text: str) -> str:
    """Give what is stored of ``text``, in whichever form it came; BadValue when it is none of ``kind``."""
    try:
        return _READ[kind](text.strip() if kind is not Kind.TEXT else text)
    except (ValueError, KeyError, InvalidOperation, OverflowError) as error:
        raise BadValue(f"not a {kind.value}") from error


def shown(kind: Kind, wire: Kind, value: str) -> str:
    """Give a stored value as it looks where the schema says ``wire``."""
    if wire is Kind.TEXT:
        return _SHOWN[kind](value) if kind in _SHOWN else value
    if wire is Kind.BOOLEAN:
        return "true" if value == "Y" else "false"
    return value


def form_of(kind: Kind, wire: Kind, *, utc: bool = False) -> Callable[[str], str] | None:
    """Give what makes of a stored value what ``shown`` says, or UTC's canonical form; None for the value itself."""
    if utc and kind is Kind.DATETIME:
        return "{}Z".format
    if (wire is Kind.TEXT and kind not in _SHOWN) or (wire is not Kind.TEXT and wire is not Kind.BOOLEAN):
        return None
    return lambda value: shown(kind, wire, value)


def moment(value: datetime) -> str:
    """Give a moment as it is stored."""
    return value.astimezone(UTC).strftime(_STORED)


def _number(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS or len(number.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(text)
    return format(number, "f")


def _integer(text: str) -> str:
    if len(text) > _MOST_DIGITS:
        raise ValueError(text)
    return str(int(text))


def _date(text: str) -> str:
    if "/" in text:
        return datetime.strptime(text, _DATE).date().isoformat()  # noqa: DTZ007 - a date has no time zone
    return date.fromisoformat(text[:10]).isoformat()


def _datetime(text: str) -> str:
    if "/" in text:
        return datetime.strptime(text, _DATETIME if ":" in text else _DATE).strftime(_STORED)  # noqa: DTZ007 - UTC
    given = datetime.fromisoformat(text)
    return moment(given.replace(tzinfo=given.tzinfo or UTC))


_READ: Mapping[Kind, Callable[[str], str]] = {
    Kind.TEXT: str,
    Kind.NUMBER: _number,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _BOOLEANS.__getitem__,
}
_SHOWN: Mapping[Kind, Callable[[str], str]] = {
    Kind.DATE: lambda value: f"{value[5:7]}/{value[8:10]}/{value[:4]}",
    Kind.DATETIME: lambda value: f"{value[5:7]}/{value[8:10]}/{value[:4]} {value[11:19]}",
}
