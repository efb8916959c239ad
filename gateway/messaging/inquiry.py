"""Asks BRM which objects were made for which COMMON id: in doubt after a one-phase commit, and to rebuild XREF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.brm import Elements, Flist
from gateway.domain.poid import bare
from gateway.domain.xref import XrefTable
from gateway.messaging.xa import Brm

COMMON_ID = "O2C_FLD_COMMON_ID"
"""The custom field that carries, on every object an order makes, the COMMON id it was made for."""

_CLOSED = 10103
_CANCELLED = 3


@dataclass(frozen=True, slots=True)
class TaggedClass:
    """A class whose objects carry COMMON_ID: the table they belong to, and the status that says "no longer live"."""

    name: str
    table: XrefTable
    dead: int


TAGGED: tuple[TaggedClass, ...] = (
    TaggedClass("/account", XrefTable.CUSTOMERPARTY_ACCOUNTID, _CLOSED),
    TaggedClass("/billinfo", XrefTable.CUSTOMERPARTY_BILLPROFILEID, _CLOSED),
    TaggedClass("/service", XrefTable.INSTALLEDPRODUCT_ID, _CLOSED),
    TaggedClass("/purchased_product", XrefTable.INSTALLEDPRODUCT_ID, _CANCELLED),
    TaggedClass("/purchased_discount", XrefTable.INSTALLEDPRODUCT_ID, _CANCELLED),
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """An object with its COMMON id; ``poid`` without revision."""

    poid: str
    common: str
    live: bool


def made_for(brm: Brm, storable_class: str, common: str) -> tuple[str, ...]:
    """Return POIDs (without revision) of the objects of a class made for a COMMON id, as committed."""
    found = _search(brm, storable_class, "F1 = V1", common)
    return tuple(bare(row["POID"]) for row in found)


def tagged(brm: Brm, wanted: TaggedClass) -> Iterator[Tagged]:
    """Yield every object of a class that carries a COMMON id."""
    for row in _search(brm, wanted.name, "F1 like V1", "%"):
        common = row.get(COMMON_ID)
        if common:
            poid = bare(row["POID"])
            yield Tagged(poid, str(common), live=_number(row.get("STATUS")) != wanted.dead)


def _search(brm: Brm, storable_class: str, condition: str, value: str) -> list[Flist]:
    arguments: Elements = {1: {COMMON_ID: value}}
    results: Elements = {0: {"POID": None, COMMON_ID: None, "STATUS": None}}
    question: Flist = {
        "POID": "0.0.0.1 /search -1 0",
        "FLAGS": 0,
        "TEMPLATE": f"select X from {storable_class} where {condition} ",  # noqa: S608 - BRM's search grammar, our own constants
        "ARGS": arguments,
        "RESULTS": results,
    }
    answer = brm.call(None, "PCM_OP_SEARCH", question).get("RESULTS", {})
    rows: Elements = answer if isinstance(answer, dict) else {}  # type: ignore[assignment] # an array, by RESULTS' spec
    return [rows[element] for element in sorted(rows)]


def _number(value: object) -> int | None:
    return None if value is None or value == "" else int(str(value))
