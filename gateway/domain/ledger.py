"""What has been done for an order line, so that it is never done twice and its phase is never guessed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineKey:
    """Work on a line is known by its COMMON id, the order's revision, billing mode and fulfilment mode (DECISIONS)."""

    line_id: str
    revision: str
    billing_mode: str
    fulfillment_mode: str


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One finished piece of work: ``poid`` is what it made or touched in ``brm`` (empty for none)."""

    key: LineKey
    brm: str
    action: str
    outcome: str
    poid: str = ""
