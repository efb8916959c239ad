"""Flists as plain Python data: the types, and the POID; the codecs are in ``flist_xml`` and ``flist_text``.

Field names are BRM's without ``PIN_FLD_``; custom fields keep their whole name. A dict is the field list, in order;
a nested dict is a substruct, an :class:`Array` an array. A scalar asked for or removed is ``None``; a null substruct
or array element is an empty flist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

_POID = re.compile(
    r"(?P<db>\d+\.\d+\.\d+\.\d+)\s+(?P<type>/[^\s]*)\s+(?P<id>-?\d{1,19})(?:\s+(?P<rev>-?\d{1,10}))?", re.ASCII
)
_LARGEST_ID = 2**63 - 1

ANY_ELEMENT = -1
"""The element id that means "any element"; ``*`` in the text form."""


@dataclass(frozen=True, slots=True)
class Poid:
    """A storable object's identity: database, class, number and revision (``0.0.0.1 /account 41343 9``)."""

    db: str
    type: str
    id: int
    rev: int = 0

    @classmethod
    def parse(cls, text: str) -> Poid:
        """Read ``db type id [rev]``, an id of 64 bits; ValueError when it is anything else."""
        match = _POID.fullmatch(text.strip())
        if match is None or abs(int(match["id"])) > _LARGEST_ID:
            raise ValueError(f"not a POID: {text!r}")
        return cls(match["db"], match["type"], int(match["id"]), int(match["rev"] or 0))

    @property
    def type_only(self) -> bool:
        """Whether it names a class and no object (id -1): used to create."""
        return self.id == -1

    def same(self, other: Poid) -> bool:
        """Whether both name one object, whatever the revisions."""
        return (self.db, self.type, self.id) == (other.db, other.type, other.id)

    def at(self, rev: int) -> Poid:
        """Name the same object at another revision."""
        return replace(self, rev=rev)

    def is_a(self, type_: str) -> bool:
        """Whether its class is ``type_`` or a subclass of it (``/service/telco/gsm`` is a ``/service``)."""
        return self.type == type_ or self.type.startswith(type_ + "/")

    def __str__(self) -> str:
        return f"{self.db} {self.type} {self.id} {self.rev}"


Value = str | int | Decimal | datetime | bytes | Poid | None
"""A scalar: STR, INT and ENUM, DECIMAL, TSTAMP (aware, UTC), BUF and BINSTR, POID, or null."""

Flist = dict[str, "Value | Flist | Array"]
"""Field name → value, substruct or array, in order."""


class Array(dict[int, Flist]):
    """An array field: element id → the element's fields."""

    def single(self) -> Flist:
        """Give the lowest element; KeyError when the array is empty."""
        return self[min(self)]


def walk(flist: Flist, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value | Flist | Array]]:
    """Every field with its path, depth first: ``(("ACCTINFO", "CURRENCY"), 840)``."""
    for name, value in flist.items():
        here = (*path, name)
        yield here, value
        for element in value.values() if isinstance(value, Array) else (value,):
            if isinstance(element, dict):
                yield from walk(element, here)
