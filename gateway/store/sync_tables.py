"""The tables of two-way synchronisation: what each system is known to hold, and the log of conflicts."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from gateway.store.tables import INTAKE, metadata
from gateway.store.types import UtcDateTime

sync_state = Table(
    "sync_states",
    metadata,
    Column("system", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("state", Text, nullable=False),  # JSON: field → [value or null, number of the delivery that told it]
    Column("intake", INTAKE),  # of the message whose effect it is, where that can be rolled back
    Column("changed_at", UtcDateTime, nullable=False),
)
Index("ix_sync_states_intake", sync_state.c.intake)

sync_conflict = Table(
    "sync_conflicts",
    metadata,
    Column("id", INTAKE, primary_key=True),
    Column("system", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("siebel", Text),
    Column("partner", Text),
    Column("winner", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_sync_conflicts_record", sync_conflict.c.record, sync_conflict.c.id)
