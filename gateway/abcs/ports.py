"""What the billing services are to each other, and what they need beyond the unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.domain.billing import LineResult
from gateway.domain.ledger import LineRecord
from gateway.domain.order import Family, Line
from gateway.domain.xref import XrefRow
from gateway.messaging.unit import Unit
from gateway.transforms.ebm import Ebm


@dataclass(frozen=True, slots=True)
class Step:
    """A subprocess's part of an order: its lines, and the XREF changes of the steps before it."""

    ebm: Ebm
    family: Family
    lines: tuple[Line, ...]
    populate: tuple[XrefRow, ...] = ()
    delete: tuple[XrefRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Billed:
    """What a subprocess did; ``populate`` and ``delete`` are its own, to be added to those it was handed."""

    results: tuple[LineResult, ...]
    populate: tuple[XrefRow, ...] = ()
    delete: tuple[XrefRow, ...] = ()
    lines: tuple[LineRecord, ...] = ()


class SubProcess(Protocol):
    """A subprocess as ProvABCSImpl calls it: within its unit, which its caller commits."""

    name: str

    def bill(self, step: Step, unit: Unit) -> Billed:
        """Bill the lines of a step; raises BusinessError, SystemFailure."""


class Outbox(Protocol):
    """Puts a message on a queue by itself, in a commit of its own: what the one-way operations need."""

    def put(self, queue: str, body: bytes, group: str | None) -> None:
        """Put; messages of one group are consumed one at a time, in order of arrival."""
