"""Callers: users, their certificates, tokens seen, and guesses at passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = UtcDateTime(timezone=True)


def upgrade() -> None:
    """Create everything."""
    for create in (_user_account, _user_certificate, _replay, _guess):
        create()


def _user_account() -> None:
    op.create_table(
        "user_account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _user_certificate() -> None:
    op.create_table(
        "user_certificate",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("kind", "value"),
        sa.ForeignKeyConstraint(["name"], ["user_account.name"], name="fk_user_certificate_name", ondelete="CASCADE"),
    )
    op.create_index("ix_user_certificate_name", "user_certificate", ["name"], unique=False)


def _replay() -> None:
    op.create_table(
        "replay",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_replay_expires_at", "replay", ["expires_at"], unique=False)


def _guess() -> None:
    op.create_table(
        "guess",
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("refused_until", _TIME, nullable=True),
        sa.Column("forget_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("about"),
    )
    op.create_index("ix_guess_forget_at", "guess", ["forget_at"], unique=False)
