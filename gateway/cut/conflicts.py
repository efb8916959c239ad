"""What a two-way partner's message changes, field by field: its edit, nothing new, or a conflict. Pure.

p is what the partner says, s what Siebel has now, k what the partner is known to have:

====================  ======================================================================================
p = k                 the partner did not change it
p = s                 both have it: known from now on
k unknown, or s = k   the partner's edit: written to Siebel
else                  both changed it: the configured winner's value stays, the other one is logged
====================  ======================================================================================

A partner that says which delivery it saw last, and had not seen the one that told it k, did not mean to undo what it
did not know of: that is a conflict too. It has k by now, so what is known stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.messaging.synced import KnownValue


class Winner(StrEnum):
    """Whose value stays when both sides changed one field (settings ``winner``)."""

    SIEBEL = "siebel"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both sides changed."""

    field: str
    siebel: str | None
    partner: str | None


@dataclass(slots=True)
class Settled:
    """What follows: ``write`` to Siebel; the partner ``has`` these values; ``correct``: it is to be told Siebel's."""

    write: dict[str, str | None] = field(default_factory=dict)
    has: dict[str, str | None] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    correct: bool = False


def settle(
    theirs: Mapping[str, str | None],
    ours: Mapping[str, str | None],
    known: Mapping[str, KnownValue],
    *,
    winner: Winner,
    last_seen: int | None = None,
) -> Settled:
    """Hold what a partner says of an instance (``theirs``) against Siebel's (``ours``) and against what it had."""
    settled = Settled()
    for tag, said in theirs.items():
        kept, has = known.get(tag), ours.get(tag)
        if kept is not None and said == kept.value:
            continue
        unseen = kept is not None and is_unseen(kept, last_seen)
        if said == has:
            settled.has |= {} if unseen else {tag: said}
        elif kept is None or (has == kept.value and not unseen):
            settled.write[tag] = settled.has[tag] = said
        else:
            _clash(settled, Clash(tag, has, said), winner, unseen=unseen)
    return settled


def is_unseen(kept: KnownValue, last_seen: int | None) -> bool:
    """Tell whether a partner that saw ``last_seen`` last cannot have known a value that it was told."""
    return last_seen is not None and not kept.own and kept.number > last_seen


def _clash(settled: Settled, clash: Clash, winner: Winner, *, unseen: bool) -> None:
    settled.clashes.append(clash)
    if not unseen:
        settled.has[clash.field] = clash.partner
    if winner is Winner.SUBSCRIBER:
        settled.write[clash.field] = clash.partner
    elif not unseen:
        settled.correct = True
