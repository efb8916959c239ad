"""The first tables: queues, decisions, ledgers, cross-references, stories, fallout."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ACTIVE = sa.text("state IN ('waiting', 'claimed', 'held')")
_CLAIMED = sa.text("state = 'claimed' AND group_key IS NOT NULL")


def upgrade() -> None:
    """Create everything."""
    for create in (_decision, _fallout, _gateway, _line, _message, _request, _story, _xref):
        create()


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("brm", sa.Text(), nullable=False),
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("effects", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("lease_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("transaction_id"),
    )
    op.create_index("ix_decision_brm", "decision", ["brm", "verdict"], unique=False)
    op.create_index("ix_decision_intake", "decision", ["intake"], unique=False)


def _fallout() -> None:
    op.create_table(
        "fallout",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("brm", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "intake", "attempt", name="uq_fallout_kind_intake_attempt"),
    )


def _gateway() -> None:
    op.create_table(
        "gateway",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("only"),
    )


def _line() -> None:
    op.create_table(
        "line",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("billing_mode", sa.Text(), nullable=False),
        sa.Column("fulfillment_mode", sa.Text(), nullable=False),
        sa.Column("brm", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("poid", sa.Text(), nullable=False),
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("done_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "line_id",
            "revision",
            "billing_mode",
            "fulfillment_mode",
            "brm",
            name="uq_line_line_id_revision_billing_mode_fulfillment_mode_brm",
        ),
    )
    op.create_index("ix_line_intake", "line", ["intake"], unique=False)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("brm", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=True),
        sa.Column("reason_kind", sa.String(length=12), nullable=True),
        sa.Column("reason_element", sa.Text(), nullable=True),
        sa.Column("origin", _NUMBER, nullable=True),
        sa.Column("held_by", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("available_at", _TIME, nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("intake"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_message_group",
        "message",
        ["queue", "group_key", "intake"],
        unique=False,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_index("ix_message_held_by", "message", ["held_by"], unique=False)
    op.create_index(
        "ix_message_next", "message", ["queue", "intake"], unique=False, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    )
    op.create_index("ix_message_order", "message", ["order_number"], unique=False)
    op.create_index("ix_message_state", "message", ["queue", "state", "intake"], unique=False)
    op.create_index(
        "uq_message_claimed_group",
        "message",
        ["queue", "group_key"],
        unique=True,
        sqlite_where=_CLAIMED,
        postgresql_where=_CLAIMED,
    )


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("ebm_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("transaction_id", sa.Text(), nullable=True),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("sender", "ebm_id", "operation"),
    )
    op.create_index("ix_request_intake", "request", ["intake"], unique=False)


def _story() -> None:
    op.create_table(
        "story",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("intake", _NUMBER, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_story_intake", "story", ["intake", "id"], unique=False)


def _xref() -> None:
    op.create_table(
        "xref",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("common", sa.Text(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("intake", _NUMBER, nullable=True),
        sa.Column("made_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("table_name", "common", "column_name"),
        sa.UniqueConstraint("table_name", "column_name", "value", name="uq_xref_table_name_column_name_value"),
    )
    op.create_index("ix_xref_intake", "xref", ["intake"], unique=False)
