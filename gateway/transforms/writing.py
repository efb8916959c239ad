"""Values into messages."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

from lxml import etree

from gateway.transforms.reading import Element


def put(parent: Element, name: str, value: str, **attributes: str) -> Element:
    """Append a child with text."""
    child = etree.SubElement(parent, name, attributes)
    child.text = value
    return child


def copied(parent: Element, *elements: Element | None) -> None:
    """Append copies of elements, as they are; None is skipped."""
    for element in elements:
        if element is not None:
            copy = deepcopy(element)
            copy.tail = None
            parent.append(copy)


def date_time(moment: datetime) -> str:
    """Write an xs:dateTime in UTC, to the second: ``2026-11-20T10:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(element: Element) -> bytes:
    """Serialise a message, UTF-8 with its XML declaration."""
    return etree.tostring(element, xml_declaration=True, encoding="UTF-8")
