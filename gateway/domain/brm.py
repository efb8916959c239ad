"""The gateway's picture of BRM: flists as plain data, and the opcodes' answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

Scalar = str | int | Decimal | datetime | None
"""A field's value. POIDs are strings (``0.0.0.1 /account 41343``); None is a null field (an empty element)."""

Flist = dict[str, "Scalar | Flist | Elements"]
"""Field name without ``PIN_FLD_`` (custom fields whole) → value, substruct (a Flist), or array (Elements)."""

Elements = dict[int, Flist]
"""An array: element id → its fields."""
