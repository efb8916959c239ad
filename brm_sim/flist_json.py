"""Flists as plain JSON, for people and the control API: the journal shows them so, and a seed is written so.

    {"POID": "0.0.0.1 /account 41343 9", "END_T": "2026-11-20T00:00:00Z", "PRODUCTS": {"0": {"QUANTITY": "1"}}}

Types are those of the field dictionary.
"""

from __future__ import annotations

import re
from typing import Any

from brm_sim import fields, scalars
from brm_sim.errors import Errno, ErrorBuffer, Location
from brm_sim.flist import Array, Flist, Value
from brm_sim.shapes import FieldType

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(flist: Flist) -> dict[str, Any]:
    """Give the JSON value of a flist."""
    return {name: _shown(name, value) for name, value in flist.items()}


def _shown(name: str, value: Value | Flist | Array) -> Any:
    if isinstance(value, dict):
        if isinstance(value, Array):
            return {str(index): to_json(element) for index, element in value.items()}
        return to_json(value)
    return value if value is None or isinstance(value, int) else scalars.write(value, fields.types().get(name))


def from_json(document: object) -> Flist:
    """Read a flist; ErrorBuffer FLIST BAD_FIELD_NAME, BAD_TYPE or BAD_VALUE for what the dictionary does not allow."""
    if not isinstance(document, dict):
        raise ErrorBuffer(Errno.BAD_TYPE, "A flist is a JSON object", location=Location.FLIST)
    return {str(name): _read(str(name), value) for name, value in document.items()}


def _read(name: str, value: object) -> Value | Flist | Array:
    type_ = fields.types().get(name)
    if type_ is None:
        text = f"The field dictionary has no {name}"
        raise ErrorBuffer(Errno.BAD_FIELD_NAME, text, field=name, location=Location.FLIST)
    if type_ is FieldType.ARRAY and isinstance(value, dict):
        return Array({_index(name, key): from_json(element) for key, element in value.items()})
    if type_ is FieldType.SUBSTRUCT:
        return from_json(value)
    if value is None:
        return None
    if _NOT_XML.search(str(value)):
        text = f"The value of {name} has characters that XML cannot hold"
        raise ErrorBuffer(Errno.BAD_VALUE, text, field=name, location=Location.FLIST)
    return scalars.read(type_, str(value), name)


def _index(name: str, key: str) -> int:
    index = scalars.read(FieldType.INT, key, name)
    return index if isinstance(index, int) else 0
