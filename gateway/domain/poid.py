"""POIDs as the gateway handles them: text, ``0.0.0.1 /account 41343 9`` (database, type, id, revision)."""

from __future__ import annotations

import re

_POID = re.compile(r"\d+\.\d+\.\d+\.\d+ /\S+ \d+( \d+)?")


def bare(poid: object) -> str:
    """Return a POID without its revision, as cross-references keep it: ``0.0.0.1 /account 41343``; empty for none."""
    return " ".join(poid.split()[:3]) if isinstance(poid, str) else ""


def is_poid(text: str) -> bool:
    """Tell whether a text names a stored object: ``0.0.0.1 /account 41343``, perhaps with a revision."""
    return _POID.fullmatch(text) is not None


def base_class(poid: str) -> str | None:
    """Return the searchable class of a POID: ``/service`` of ``0.0.0.1 /service/telco/gsm 12``; None if not a POID."""
    parts = poid.split()
    if len(parts) < 3 or not parts[1].startswith("/"):  # noqa: PLR2004 - database, type, id
        return None
    return "/" + parts[1].split("/")[1]


def poid_order(poid: str) -> tuple[str, str, int]:
    """Return the key that sorts POIDs: every gateway locks in this order, so that no two wait for each other."""
    database, kind, number = poid.split()[:3]
    return database, kind, int(number)
