"""Typed values out of a validated message; what the schema leaves open is refused here, by element."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from lxml import etree

from gateway.domain.order import Named
from gateway.errors import InvalidMessage
from gateway.transforms.namespaces import core

Element: TypeAlias = etree._Element  # noqa: SLF001 - the only name lxml has for its elements' type
Children = Mapping[str, Element]
NOTHING: Children = {}
LONGEST_ID = 255
MOST_DIGITS = 38
"""What databases keep of a number exactly."""
_UNSET = datetime(1970, 1, 1, tzinfo=UTC)


def children(element: Element | None) -> Children:
    """Return an element's children by Clark name; of repeated ones the last. One pass over them."""
    return NOTHING if element is None else {child.tag: child for child in element}


def text(element: Element | None) -> str:
    """Return an element's text with white space collapsed; empty for none."""
    return "" if element is None or element.text is None else " ".join(element.text.split())


def common_id(identification: Element | None) -> str:
    """Return ``<corecom:BusinessComponentID schemeAgencyID="COMMON">…</…>`` of an identification; empty for none.

    Raises InvalidMessage for one longer than keys may be (``LONGEST_ID``); the schema cannot say so, for Axis 1's sake.
    """
    element = children(identification).get(core("BusinessComponentID"))
    found = text(element)
    if element is not None and len(found) > LONGEST_ID:
        path = path_of(element)
        raise InvalidMessage(f"{path}: an id has at most {LONGEST_ID} characters, not {len(found)}", element=path)
    return found


def path_of(element: Element) -> str:
    """Return the path of an element by local names, with positions among its like: ``/EBM/Line[2]/Id``."""
    steps = []
    for node in (element, *element.iterancestors()):
        name = etree.QName(node).localname
        parent = node.getparent()
        like = [] if parent is None else parent.findall(node.tag)
        steps.append(name if len(like) < 2 else f"{name}[{like.index(node) + 1}]")  # noqa: PLR2004 - one is alone
    return "/" + "/".join(reversed(steps))


def named(identification: Element | None, path: str) -> Named | None:
    """Return what an identification names, or None when there is none.

    Raises InvalidMessage when it is there without its common id: cross-references start from that.
    """
    if identification is None:
        return None
    found = common_id(identification)
    if not found:
        raise InvalidMessage(f"{path}: BusinessComponentID is missing", element=path)
    return Named(found, path)


def decimal(element: Element | None, path: str) -> Decimal | None:
    """Return a decimal, or None for an element that is absent or empty; raises InvalidMessage."""
    given = text(element)
    if not given:
        return None
    try:
        value = Decimal(given)
    except InvalidOperation as error:
        raise InvalidMessage(f"{path}: '{given}' is not a number", element=path) from error
    if not value.is_finite():
        raise InvalidMessage(f"{path}: '{given}' is not a number", element=path)
    if len(value.as_tuple().digits) > MOST_DIGITS:
        raise InvalidMessage(f"{path}: a number has at most {MOST_DIGITS} digits", element=path)
    return value


def instant(element: Element | None, path: str) -> datetime | None:
    """Return a moment in UTC, to the second as BRM keeps time, or None; without a time zone UTC is meant.

    Raises InvalidMessage for what xs:dateTime allows and BRM cannot keep: it counts seconds from 1970, and 0 is unset.
    """
    given = text(element)
    if not given:
        return None
    try:
        read = datetime.fromisoformat(given)
        zoned = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidMessage(f"{path}: '{given}' is not a date and time we can keep", element=path) from error
    if zoned <= _UNSET:
        raise InvalidMessage(f"{path}: '{given}' is not a date and time BRM can keep", element=path)
    return zoned.replace(microsecond=0)
