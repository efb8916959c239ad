"""Flists as JSON text in the database, losslessly: JSON lists are tagged values, objects are substructs.

"x"  1  null            STR, INT, null
["d", "35.00"]          DECIMAL
["t", 1483707600]       TSTAMP
["p", "0.0.0.1 /account 41343 9"]   POID
["b", "aGVsbG8="]       BUF
["a", {"0": {…}}]       array
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brm_sim.flist import Array, Flist, Poid, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dumps(flist: Flist) -> str:
    """Write a flist."""
    return json.dumps(_plain(flist), ensure_ascii=False, separators=(",", ":"))


def loads(text: str) -> Flist:
    """Read what :func:`dumps` wrote."""
    flist: Flist = _typed(json.loads(text))
    return flist


def seconds(moment: datetime) -> int:
    """Give a TSTAMP as BRM keeps it: whole seconds since 1970."""
    return int(moment.timestamp())


def moment(epoch: int) -> datetime:
    """Read a TSTAMP."""
    return datetime.fromtimestamp(epoch, UTC)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Array):
        return ["a", {str(element): _plain(flist) for element, flist in value.items()}]
    if isinstance(value, dict):
        return {name: _plain(field) for name, field in value.items()}
    for type_, tag, write in _WRITERS:
        if isinstance(value, type_):
            return [tag, write(value)]
    raise TypeError(f"not a flist value: {type(value).__name__}")


_WRITERS: tuple[tuple[type, str, Callable[[Any], str | int]], ...] = (
    (Poid, "p", str),
    (Decimal, "d", str),
    (datetime, "t", seconds),
    (bytes, "b", lambda value: base64.b64encode(value).decode()),
)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(field) for name, field in value.items()}
    if isinstance(value, list):
        tag, content = value
        return _READERS[tag](content)
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "a": lambda elements: Array({int(element): _typed(flist) for element, flist in elements.items()}),
    "p": Poid.parse,
    "d": Decimal,
    "t": moment,
    "b": base64.b64decode,
}


def key(value: Value) -> str | None:
    """Write a value for the index: equal values alike, and ordered as text as they are as values.

    POIDs go without their revision. None for what is not indexed: null, DECIMAL (its equals differ in text), BUF.
    """
    if isinstance(value, Poid):
        return f"{value.db} {value.type} {value.id}"
    if isinstance(value, datetime):
        return number_key(seconds(value))
    if isinstance(value, int):
        return number_key(value)
    return value if isinstance(value, str) else None


def number_key(number: int) -> str:
    """Write a 64-bit number so that text order is number order."""
    return f"{number + 2**63:020d}"
