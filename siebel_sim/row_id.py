"""Row ids, ``1-ABC12``: a number in base 36 behind the number of the node that gave it."""

from __future__ import annotations

import re
import string

NODE = "1"
"""What a headquarters' database calls itself."""

_DIGITS = string.digits + string.ascii_uppercase
_ROW_ID = re.compile(rf"{NODE}-(0|[1-9A-Z][0-9A-Z]*)")


def row_id(number: int) -> str:
    """Write ``number``, from 0 on, as a row id."""
    digits = []
    while number >= len(_DIGITS):
        number, rest = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[rest])
    digits.append(_DIGITS[number])
    return f"{NODE}-{''.join(reversed(digits))}"


def number_of(given: str) -> int:
    """Read a row id of ours; ValueError for any other text."""
    matched = _ROW_ID.fullmatch(given)
    if matched is None:
        raise ValueError("not a row id")
    return int(matched[1], len(_DIGITS))
