"""Cross-references: one COMMON id, and what each system calls the same thing (AIA's XREF_DATA)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

COMMON = "COMMON"


class XrefTable(StrEnum):
    """The tables the order flows use (names of AIA O2C)."""

    CUSTOMERPARTY_ACCOUNTID = "CUSTOMERPARTY_ACCOUNTID"
    CUSTOMERPARTY_BILLPROFILEID = "CUSTOMERPARTY_BILLPROFILEID"
    INSTALLEDPRODUCT_ID = "INSTALLEDPRODUCT_ID"
    ITEM_ITEMID = "ITEM_ITEMID"
    SALESORDER_ID = "SALESORDER_ID"
    SALESORDER_LINEID = "SALESORDER_LINEID"


@dataclass(frozen=True, slots=True)
class XrefRow:
    """In ``table``, the thing with this ``common`` id is called ``value`` by the system ``column``.

    ``column`` is an application id such as ``SEBL_01`` or ``BRM_01``; a BRM value is a POID without its revision.
    """

    table: str
    common: str
    column: str
    value: str
