"""The gateway's tables. A change here needs a migration in ``alembic/versions``; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.types import UtcDateTime

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

INTAKE = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key's type is INTEGER."""

ACTIVE = text("state IN ('waiting', 'claimed', 'held')")
"""Finished messages are kept, and must not slow the queue down: its indexes hold the others only."""

CLAIMED = text("state = 'claimed' AND group_key IS NOT NULL")

gateway = Table(
    "gateway",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("id", String(16), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

message = Table(
    "message",
    metadata,
    Column("intake", INTAKE, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("group_key", Text),
    Column("state", String(12), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("brm", Text, nullable=False),
    Column("reason_code", Text),
    Column("reason_text", Text),
    Column("reason_kind", String(12)),
    Column("reason_element", Text),
    Column("origin", INTAKE),
    Column("held_by", Text),
    Column("owner", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("available_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("trace", Text),
    sqlite_autoincrement=True,  # an intake number is never given twice: transactions are named by it
)
Index("ix_message_next", message.c.queue, message.c.intake, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
Index(
    "ix_message_group",
    message.c.queue,
    message.c.group_key,
    message.c.intake,
    sqlite_where=ACTIVE,
    postgresql_where=ACTIVE,
)
# Two workers that race for one group both try to set CLAIMED; the second fails here, whatever each has read.
Index(
    "uq_message_claimed_group",
    message.c.queue,
    message.c.group_key,
    unique=True,
    sqlite_where=CLAIMED,
    postgresql_where=CLAIMED,
)
Index("ix_message_state", message.c.queue, message.c.state, message.c.intake)
Index("ix_message_order", message.c.order_number)
Index("ix_message_held_by", message.c.held_by)

decision = Table(
    "decision",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("verdict", String(12), nullable=False),
    Column("brm", Text, nullable=False),
    Column("intake", INTAKE, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("effects", LargeBinary, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
)
Index("ix_decision_brm", decision.c.brm, decision.c.verdict)
Index("ix_decision_intake", decision.c.intake)

request = Table(
    "request",
    metadata,
    Column("sender", Text, primary_key=True),
    Column("ebm_id", Text, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("intake", INTAKE, nullable=False),
    Column("result", LargeBinary),
    Column("transaction_id", Text),
    Column("changed_at", UtcDateTime, nullable=False),
)
Index("ix_request_intake", request.c.intake)

line = Table(
    "line",
    metadata,
    Column("id", INTAKE, primary_key=True),
    Column("line_id", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("billing_mode", Text, nullable=False),
    Column("fulfillment_mode", Text, nullable=False),
    Column("brm", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("poid", Text, nullable=False),
    Column("intake", INTAKE, nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
    UniqueConstraint("line_id", "revision", "billing_mode", "fulfillment_mode", "brm"),
)
Index("ix_line_intake", line.c.intake)

xref = Table(
    "xref",
    metadata,
    Column("table_name", Text, primary_key=True),
    Column("common", Text, primary_key=True),
    Column("column_name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("intake", INTAKE),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("table_name", "column_name", "value"),
)
Index("ix_xref_intake", xref.c.intake)

story = Table(
    "story",
    metadata,
    Column("id", INTAKE, primary_key=True),
    Column("intake", INTAKE, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("step", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("detail", LargeBinary, nullable=False),
)
Index("ix_story_intake", story.c.intake, story.c.id)

fallout = Table(
    "fallout",
    metadata,
    Column("id", INTAKE, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("intake", INTAKE, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("brm", Text, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("kind", "intake", "attempt"),
)
