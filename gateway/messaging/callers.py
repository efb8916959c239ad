"""What the gateway's database keeps of callers: users, tokens seen, guesses at passwords (part of port ``Work``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from soapkit.wss.ports import Ladder


class CertificateKind(StrEnum):
    """What a certificate is known by; the value of a fingerprint is SHA-256 in hex, of a subject RFC 4514's text."""

    FINGERPRINT = "fingerprint"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class UserCertificate:
    """A certificate that stands for a user."""

    kind: CertificateKind
    value: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user as stored: ``password_hash`` is argon2's, ``secret`` is encrypted."""

    name: str
    roles: frozenset[str] = frozenset()
    password_hash: str | None = field(default=None, repr=False)
    secret: bytes | None = field(default=None, repr=False)
    certificates: tuple[UserCertificate, ...] = ()


class SecretBox(Protocol):
    """Keeps secrets that must be known in clear. Raises GatewayError without the right key."""

    def closed(self, secret: str) -> bytes:
        """Encrypt."""

    def opened(self, secret: bytes) -> str:
        """Decrypt."""


class UserRecords(Protocol):
    """Users."""

    def get(self, name: str) -> UserRecord | None:
        """Return a user, without certificates."""

    def of_certificate(self, kind: CertificateKind, value: str) -> UserRecord | None:
        """Return the user a certificate stands for, without certificates."""

    def held(self, name: str) -> UserRecord | None:
        """Return a user, certificates too, whom nobody else changes or removes before this unit of work ends."""

    def all(self) -> list[UserRecord]:
        """Return every user, certificates too, by name."""

    def add(self, user: UserRecord, now: datetime) -> None:
        """Insert; raises Conflict when the name or a certificate is taken."""

    def change(self, user: UserRecord, now: datetime) -> bool:
        """Replace all there is of a user; False when there is none. Raises Conflict when a certificate is taken."""

    def remove(self, name: str) -> bool:
        """Delete a user, certificates too; False when there is none."""


class ReplayRecords(Protocol):
    """Tokens seen."""

    def add(self, token: str, until: datetime) -> bool:
        """Insert; False when it is there."""

    def prune(self, now: datetime) -> int:
        """Delete what is too old to pass anyway; returns how many are left."""


class GuessRecords(Protocol):
    """Failed attempts."""

    def refused(self, keys: Sequence[str], now: datetime) -> Mapping[str, datetime | None]:
        """Return, of the keys that are known, until when each is refused."""

    def failed(self, ladders: Mapping[str, Ladder], now: datetime) -> None:
        """Count one more failure of each key."""

    def keep(self, key: str, forget_at: datetime) -> None:
        """Set a key that has no failures."""

    def forget(self, keys: Sequence[str]) -> None:
        """Delete these keys."""

    def forget_all(self, beginnings: Sequence[str]) -> None:
        """Delete the keys that begin so."""

    def prune(self, now: datetime, most: int) -> None:
        """Delete what is over and, beyond ``most``, what would be over first."""
