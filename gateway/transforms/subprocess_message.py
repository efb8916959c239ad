"""ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage: an EBM, unchanged, and its XREF changes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from gateway.domain.order import ORDER_PATH
from gateway.domain.xref import XrefRow
from gateway.errors import InvalidMessage
from gateway.transforms.ebm import EBM
from gateway.transforms.namespaces import SUBPROCESS, sub
from gateway.transforms.reading import Element, children, text

MESSAGE = sub("ProcessFulfillmentOrderBillingBRMCommsSubprocessMessage")
RESPONSE_MESSAGE = sub("ProcessFulfillmentOrderBillingBRMCommsSubprocessResponseMessage")

_FIELDS = ("XREFTableName", "Common", "ColumnName", "Value")


@dataclass(frozen=True, slots=True)
class SubprocessMessage:
    """What a subprocess is handed, and hands back with its own XREF changes added."""

    ebm: Element
    populate: tuple[XrefRow, ...] = ()
    delete: tuple[XrefRow, ...] = ()


def decode(message: Element) -> SubprocessMessage:
    """Read a message of either root; raises InvalidMessage when it has no EBM."""
    parts = children(message)
    ebm = parts.get(EBM)
    if ebm is None:
        missing = ORDER_PATH.split("/")[1]
        raise InvalidMessage(f"{missing} is missing", element=missing)
    return SubprocessMessage(ebm, _rows(parts.get(sub("XREFPopulate"))), _rows(parts.get(sub("XREFDelete"))))


def encode(message: SubprocessMessage, root: str = MESSAGE) -> Element:
    """Write a message; the EBM is copied as it is."""
    element = etree.Element(root, nsmap={"sub": SUBPROCESS})
    ebm = deepcopy(message.ebm)
    ebm.tail = None
    element.append(ebm)
    element.extend(changes(message.populate, message.delete))
    return element


def changes(populate: Sequence[XrefRow], delete: Sequence[XrefRow]) -> list[Element]:
    """Write XREFPopulate and XREFDelete."""
    return [
        _list("XREFPopulate", "XREFPopulateData", populate),
        _list("XREFDelete", "XREFDeleteData", delete),
    ]


def _list(name: str, item: str, rows: Iterable[XrefRow]) -> Element:
    element = etree.Element(sub(name), nsmap={"sub": SUBPROCESS})
    for row in rows:
        data = etree.SubElement(element, sub(item))
        for field, value in zip(_FIELDS, (row.table, row.common, row.column, row.value), strict=True):
            etree.SubElement(data, sub(field)).text = value
    return element


def _rows(element: Element | None) -> tuple[XrefRow, ...]:
    items = () if element is None else element
    return tuple(XrefRow(*(text(children(item).get(sub(field))) for field in _FIELDS)) for item in items)
