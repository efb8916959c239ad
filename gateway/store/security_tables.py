"""The tables of callers: users, their certificates, tokens seen, and guesses at passwords. Beside ``tables``."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.tables import metadata
from gateway.store.types import UtcDateTime

user_account = Table(
    "user_account",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text),
    Column("secret", LargeBinary),
    Column("roles", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

user_certificate = Table(
    "user_certificate",
    metadata,
    Column("kind", String(12), primary_key=True),
    Column("value", Text, primary_key=True),
    Column(
        "name",
        Text,
        ForeignKey("user_account.name", name="fk_user_certificate_name", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("expires_at", UtcDateTime),
)
Index("ix_user_certificate_name", user_certificate.c.name)

replay = Table(
    "replay",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
)
Index("ix_replay_expires_at", replay.c.expires_at)

guess = Table(
    "guess",
    metadata,
    Column("about", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("refused_until", UtcDateTime),
    Column("forget_at", UtcDateTime, nullable=False),
)
Index("ix_guess_forget_at", guess.c.forget_at)
