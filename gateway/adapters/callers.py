"""Callers as the SOAP edge sees them (ports of ``soapkit.wss``), kept in the gateway's database.

Each is a unit of work of its own: what a stranger's attempt leaves behind does not depend on what happens afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from gateway.adapters.vault import Vault
from gateway.errors import GatewayError
from gateway.messaging.callers import CertificateKind, UserRecord
from gateway.messaging.ports import Database
from soapkit.wss.ports import Crowded, Ladder, User

_log = structlog.get_logger(__name__)
_BETWEEN_CENSUSES = 200
"""Tokens that one process adds before it counts them all and deletes what is over."""

_CROWDED_FOR = timedelta(seconds=1)
_BETWEEN_PRUNINGS = 100
_MOST_GUESSES = 100_000


@dataclass(frozen=True, slots=True)
class StoredUsers:
    """Users (port ``Users``)."""

    database: Database
    vault: Vault

    def find(self, name: str) -> User | None:
        """Return the user of this name."""
        with self.database.read() as work:
            return _user(work.users.get(name))

    def of_certificate(self, fingerprint: str) -> User | None:
        """Return the user a certificate was given to."""
        with self.database.read() as work:
            return _user(work.users.of_certificate(CertificateKind.FINGERPRINT, fingerprint))

    def of_subject(self, subject: str) -> User | None:
        """Return the user whom certificates of this subject stand for."""
        with self.database.read() as work:
            return _user(work.users.of_certificate(CertificateKind.SUBJECT, subject))

    def secret(self, user: User) -> str | None:
        """Decrypt the password of a user who proves it by digest."""
        with self.database.read() as work:
            record = work.users.get(user.name)
        if record is None or record.secret is None:
            return None
        try:
            return self.vault.opened(record.secret)
        except GatewayError as error:  # the gateway said so when it started; passwords as text still work
            _log.error("secret of a user cannot be read", code=error.code)
            return None


def _user(record: UserRecord | None) -> User | None:
    return None if record is None else User(record.name, record.roles, record.password_hash)


@dataclass(slots=True)
class StoredReplays:
    """Tokens seen (port ``Replays``); at most about ``most`` of them."""

    database: Database
    most: int
    _left: int = 0
    _crowded_until: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, token: str, now: datetime, until: datetime) -> bool:
        """Keep ``token``; False when it is there already, Crowded when there is no room."""
        with self._lock:
            self._take_room(now)
        with self.database.begin() as work:
            added = work.replays.add(token, until)
            work.commit()
        return added

    def _take_room(self, now: datetime) -> None:
        if self._left <= 0:
            if self._crowded_until is not None and now < self._crowded_until:
                raise Crowded
            with self.database.begin() as work:
                self._left = min(_BETWEEN_CENSUSES, self.most - work.replays.prune(now))
                work.commit()
        if self._left <= 0:
            self._crowded_until = now + _CROWDED_FOR
            _log.error("no room to remember tokens seen", most=self.most)
            raise Crowded
        self._left -= 1


@dataclass(slots=True)
class StoredGuesses:
    """Failed attempts (port ``Guesses``)."""

    database: Database
    most: int = _MOST_GUESSES
    _written: int = 0

    def refused(self, keys: Sequence[str], now: datetime) -> Mapping[str, datetime | None]:
        """Return until when each known key is refused."""
        with self.database.read() as work:
            return work.guesses.refused(keys, now)

    def failed(self, ladders: Mapping[str, Ladder], now: datetime) -> None:
        """Count one more failure of each key."""
        with self.database.begin() as work:
            work.guesses.failed(ladders, now)
            self._written += 1
            if self._written % _BETWEEN_PRUNINGS == 0:
                work.guesses.prune(now, self.most)
            work.commit()

    def passed(self, clear: str, known: str, now: datetime, forget_at: datetime) -> None:  # noqa: ARG002 - the port's
        """Forget ``clear``, and keep ``known``."""
        with self.database.begin() as work:
            work.guesses.forget([clear])
            work.guesses.keep(known, forget_at)
            work.commit()

    def forget(self, beginnings: Sequence[str]) -> None:
        """Forget what is known of keys that begin so."""
        with self.database.begin() as work:
            work.guesses.forget_all(beginnings)
            work.commit()
