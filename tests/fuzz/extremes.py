"""Values at the ends of what types allow, and beyond."""

from __future__ import annotations

import re
from random import Random

TEXTS = (
    "",
    " ",
    "\t\n ",
    "a" * 256,
    "a" * 70_000,
    "\u202e\u2028\U0001d518\ufffd",
    "'; DROP TABLE message; --",
    "' OR '1'='1",
    "<x>&amp;]]>",
    "../../../../etc/passwd",
    "%s%n{0.__class__}${jndi:ldap://x}",
    "true",
    "null",
    "\u0661\u0662",
    "1_000",
    "0x10",
)
INTEGERS = (
    "0",
    "-1",
    "-0",
    "+1",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 30,
    "9" * 5_000,
    "00000000000000000001",
    " 7 ",
)
DECIMALS = (
    "0.00",
    "-0.0",
    ".5",
    "5.",
    "1E400",
    "1e-400",
    "NaN",
    "INF",
    "-INF",
    "Infinity",
    "1" * 400 + "." + "1" * 400,
    "0." + "0" * 5_000 + "1",
    "99999999999999999999.999999",
)
MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "999999-12-31T23:59:59Z",
    "-0044-03-15T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2038-01-19T03:14:08Z",
    "2024-02-29T24:00:00Z",
    "2023-02-29T00:00:00Z",
    "2026-11-20T10:00:00",
    "2026-11-20T10:00:60Z",
    "2026-11-20T10:00:00." + "9" * 5_000 + "Z",
    "2026-11-20T10:00:00-00:00",
    "2026-11-20",
)
POIDS = (
    "0.0.0.1 /account 9223372036854775807 0",
    "0.0.0.1 /account 9223372036854775808 0",
    "0.0.0.1 /account -1 0",
    "0.0.0.1 /account 1 " + "9" * 40,
    "0.0.0.1 / 1 0",
    "0.0.0.1 /account/" + "x/" * 2_000 + " 1 0",
    "999999999999.0.0.1 /account 1 0",
    "0.0.0.1 /account' OR '1'='1 1 0",
    "0.0.0.1  /account  1",
)
_KINDS = (
    (re.compile(r"\d+\.\d+\.\d+\.\d+ /"), POIDS),
    (re.compile(r"-?\d{4,}-\d\d-\d\d"), MOMENTS),
    (re.compile(r"[+-]?\d+$"), INTEGERS + DECIMALS),
    (re.compile(r"[+-]?\d*\.\d*$"), DECIMALS + INTEGERS),
)
EVERYTHING = TEXTS + INTEGERS + DECIMALS + MOMENTS + POIDS


def like(text: str, random: Random) -> str:
    """Give an extreme value that looks like ``text`` to a schema."""
    found = next((values for looks, values in _KINDS if looks.match(text.strip())), TEXTS)
    return random.choice(found)


def any_value(random: Random) -> str:
    """Give an extreme value of any kind."""
    return random.choice(EVERYTHING)
