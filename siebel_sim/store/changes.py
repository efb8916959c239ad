"""What a transaction changed, told to whoever listens before it is committed: the hook of run-time events.

A listener runs inside the transaction, once, after everything else was written: what it writes (``Session.connection``)
is committed with the change or not at all, an exception of it rolls everything back. What it changes through the
session is not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from siebel_sim.components import BusinessComponent

if TYPE_CHECKING:
    from siebel_sim.store.session import Session

Row: TypeAlias = "Mapping[str, str | None]"
"""A record: text by column; ``row_id``, ``parent_row_id``, ``created``, ``updated``, ``mod_id`` are in each."""


class Did(StrEnum):
    """What was done to a record."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One write of one record, in the order in which they were made; a record may have several in a transaction.

    ``row`` is the record as it is after the write, of a deleted one as it was. ``columns`` are the fields that have
    another value than before (of an insert: those with a value; of a delete: none). ``left`` is the parent that an
    update has taken the record away from.
    """

    business: BusinessComponent
    row_id: str
    parent: str | None
    did: Did
    columns: frozenset[str]
    row: Row
    left: str | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The changed fields by their names in Siebel."""
        return frozenset(self.business.field(column).name for column in self.columns)


Listener: TypeAlias = "Callable[[Session, Sequence[Change]], None]"
