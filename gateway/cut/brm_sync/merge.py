"""The three-way merge: Siebel's values, BRM's, and the base, which is what both had when they last agreed. Pure.

Who differs from the base has changed the field, and wins. When both do, or there is no base, the configured winner
does, and what loses is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.cut.conflicts import Clash, Winner

Values = Mapping[str, str | None]
"""Mapped fields; one that is not there is on one side only, and left alone."""


@dataclass(frozen=True, slots=True)
class Merge:
    """What to write to either side, what both have afterwards, and which fields both had changed."""

    to_siebel: Values
    to_brm: Values
    base: Values
    clashes: tuple[Clash, ...]


def merge(base: Values, siebel: Values, brm: Values, winner: Winner) -> Merge:
    """Merge the fields that both sides have."""
    to_siebel: dict[str, str | None] = {}
    to_brm: dict[str, str | None] = {}
    agreed: dict[str, str | None] = dict(base)
    clashes: list[Clash] = []
    for field in [name for name in siebel if name in brm]:
        ours, theirs = siebel[field], brm[field]
        keeps_siebels = _keeps_siebels(field, base, ours, theirs, winner)
        if ours != theirs:
            if field not in base or base[field] not in (ours, theirs):
                clashes.append(Clash(field, ours, theirs))
            (to_brm if keeps_siebels else to_siebel)[field] = ours if keeps_siebels else theirs
        agreed[field] = ours if keeps_siebels else theirs
    return Merge(to_siebel, to_brm, agreed, tuple(clashes))


def _keeps_siebels(field: str, base: Values, ours: str | None, theirs: str | None, winner: Winner) -> bool:
    if field in base and base[field] == theirs:
        return True
    if field in base and base[field] == ours:
        return False
    return winner is Winner.SIEBEL
