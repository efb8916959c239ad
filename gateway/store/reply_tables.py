"""The table of answers that go elsewhere: requests to be run later, and envelopes to be posted. Beside ``tables``."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from gateway.store.tables import INTAKE, metadata
from gateway.store.types import UtcDateTime

OPEN = text("state IN ('waiting', 'answered')")
"""What is delivered, dead or dropped is kept, and must not slow down the search for what is due."""

reply = Table(
    "reply",
    metadata,
    Column("id", INTAKE, primary_key=True),
    Column("caller", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("partner", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("properties", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("answer", LargeBinary),
    Column("answer_action", Text),
    Column("answer_to", Text),
    Column("answer_is_fault", Boolean),
    Column("reason_code", Text),
    Column("reason_text", Text),
    Column("owner", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("available_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("caller", "message_id"),
    sqlite_autoincrement=True,  # alarms name a reply by its number: none is given twice
)
Index("ix_reply_due", reply.c.available_at, reply.c.id, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_reply_state", reply.c.state, reply.c.id)
