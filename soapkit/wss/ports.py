"""What security needs from outside: time, users, tokens seen, and guesses counted. Products implement these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class User:
    """A caller who may prove who they are.

    ``password_hash`` is argon2's.
    """

    name: str
    roles: frozenset[str] = frozenset()
    password_hash: str | None = field(default=None, repr=False)


class Clock(Protocol):
    """Time; tests own theirs."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""


class Users(Protocol):
    """Who may call."""

    def find(self, name: str) -> User | None:
        """Return the user of this name."""

    def secret(self, user: User) -> str | None:
        """Return the password itself, which is kept only for those who prove it by digest."""

    def of_certificate(self, fingerprint: str) -> User | None:
        """Return the user a certificate was given to; ``fingerprint`` is SHA-256, lower-case hex."""

    def of_subject(self, subject: str) -> User | None:
        """Return the user whom certificates of this subject (RFC 4514) stand for, whoever issued them."""


class Replays(Protocol):
    """Tokens seen, shared by all workers; bounded."""

    def remember(self, token: str, now: datetime, until: datetime) -> bool:
        """Keep ``token`` (64 hex digits) until it is too old to pass; False when it is there already.

        Raises Crowded when there is no room: then nothing that needs remembering can be accepted.
        """


class Crowded(Exception):
    """There is no room to remember a token."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """How long one more failure is answered for: ``free`` failures cost nothing, then ``first``, doubled each time.

    Never longer than ``longest``; without a failure for ``memory``, all is forgotten.
    """

    free: int
    first: timedelta
    longest: timedelta
    memory: timedelta

    def refusal(self, failures: int) -> timedelta:
        """Return how long to refuse after so many failures."""
        over = failures - self.free
        if over <= 0:
            return timedelta(0)
        doublings = min(over - 1, 40)
        steps: int = 2**doublings
        return min(self.longest, self.first * steps)


class Guesses(Protocol):
    """Failed attempts, shared by all workers. A key has at most 64 characters; there are bounded many."""

    def refused(self, keys: Sequence[str], now: datetime) -> Mapping[str, datetime | None]:
        """Return, of the keys that are known, until when each is refused (None: known and not refused)."""

    def failed(self, ladders: Mapping[str, Ladder], now: datetime) -> None:
        """Count one more failure of each key; none that another worker counts at the same time is lost."""

    def passed(self, clear: str, known: str, now: datetime, forget_at: datetime) -> None:
        """Forget the failures of ``clear``, and keep ``known`` until ``forget_at``."""

    def forget(self, beginnings: Sequence[str]) -> None:
        """Forget what is known of keys that begin so: an operator's doing."""
