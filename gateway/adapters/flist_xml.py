"""The XML form of flists as BRM's web services speak it: Flist ↔ element.

Namespace ``http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes``; an element is a field's name without ``PIN_FLD_``; an
array's elements repeat it with the attribute ``elem``; a substruct nests; a null field is an empty element. Going out,
TSTAMP is xsd:dateTime in UTC and DECIMAL has no exponent; coming in, every value is text, as BRM wrote it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from lxml import etree

from gateway.domain.brm import Elements, Flist, Scalar

NAMESPACE = "http://xmlns.oracle.com/BRM/schemas/BusinessOpcodes"


def name(local: str) -> str:
    """Return the Clark name of a field or message."""
    return f"{{{NAMESPACE}}}{local}"


def append(parent: etree._Element, flist: Flist) -> None:
    """Write the fields of a flist below ``parent``, in their order."""
    for field, value in flist.items():
        if not isinstance(value, dict):
            etree.SubElement(parent, name(field)).text = _written(value)
        elif any(isinstance(key, int) for key in value):
            for elem, fields in cast("Elements", value).items():
                append(etree.SubElement(parent, name(field), {"elem": str(elem)}), fields)
        else:
            append(etree.SubElement(parent, name(field)), cast("Flist", value))


def read(parent: etree._Element) -> Flist:
    """Read the fields below ``parent``: ``<SERVICES elem="0">…`` becomes ``{"SERVICES": {0: {…}}}``."""
    flist: Flist = {}
    for child in parent:
        field = etree.QName(child).localname
        elem = child.get("elem")
        if elem is not None:
            cast("Elements", flist.setdefault(field, {}))[int(elem)] = read(child)
        else:
            flist[field] = read(child) if len(child) else child.text
    return flist


def _written(value: Scalar) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Decimal):
        return f"{value:f}"
    return None if value is None else str(value)
