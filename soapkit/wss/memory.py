"""The ports in the memory of one process: for simulators, and for tests. Bounded as the gateway's are."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from soapkit.wss.ports import Crowded, Ladder, User

_MOST = 100_000


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        return datetime.now(UTC)


class KnownUsers:
    """Users who are all known from the start; ``secrets`` are passwords by name, for digests."""

    def __init__(
        self,
        users: Iterable[User] = (),
        *,
        secrets: Mapping[str, str] | None = None,
        certificates: Mapping[str, str] | None = None,
        subjects: Mapping[str, str] | None = None,
    ) -> None:
        self._users = {user.name: user for user in users}
        self._secrets = dict(secrets or {})
        self._certificates = dict(certificates or {})
        self._subjects = dict(subjects or {})

    def find(self, name: str) -> User | None:
        """Return the user of this name."""
        return self._users.get(name)

    def secret(self, user: User) -> str | None:
        """Return the password of a user who proves it by digest."""
        return self._secrets.get(user.name)

    def of_certificate(self, fingerprint: str) -> User | None:
        """Return the user a certificate was given to."""
        return self._users.get(self._certificates.get(fingerprint, ""))

    def of_subject(self, subject: str) -> User | None:
        """Return the user of a certificate's subject."""
        return self._users.get(self._subjects.get(subject, ""))


class MemoryReplays:
    """Tokens seen by this process."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._seen: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def remember(self, token: str, now: datetime, until: datetime) -> bool:
        """Keep ``token``; False when it is there already, Crowded when there is no room."""
        with self._lock:
            if self._seen.get(token, now) > now:
                return False
            if len(self._seen) >= self._most:
                self._seen = {kept: end for kept, end in self._seen.items() if end > now}
            if len(self._seen) >= self._most:
                raise Crowded
            self._seen[token] = until
            return True


@dataclass(slots=True)
class _Entry:
    failures: int
    refused_until: datetime | None
    forget_at: datetime


@dataclass(slots=True)
class MemoryGuesses:
    """Failures counted by this process."""

    most: int = _MOST
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refused(self, keys: Sequence[str], now: datetime) -> Mapping[str, datetime | None]:
        """Return until when each known key is refused."""
        with self._lock:
            found = ((key, self._entries.get(key)) for key in keys)
            return {key: entry.refused_until for key, entry in found if entry and entry.forget_at > now}

    def failed(self, ladders: Mapping[str, Ladder], now: datetime) -> None:
        """Count one more failure of each key."""
        with self._lock:
            for key, ladder in ladders.items():
                entry = self._entries.get(key)
                failures = 1 if entry is None or entry.forget_at <= now else entry.failures + 1
                refusal = ladder.refusal(failures)
                self._entries[key] = _Entry(failures, now + refusal if refusal else None, now + ladder.memory + refusal)
            self._bound(now)

    def passed(self, clear: str, known: str, now: datetime, forget_at: datetime) -> None:
        """Forget ``clear`` and keep ``known``."""
        with self._lock:
            self._entries.pop(clear, None)
            self._entries[known] = _Entry(0, None, forget_at)
            self._bound(now)

    def forget(self, beginnings: Sequence[str]) -> None:
        """Forget what is known of keys that begin so."""
        with self._lock:
            for key in [each for each in self._entries if each.startswith(tuple(beginnings))]:
                del self._entries[key]

    def _bound(self, now: datetime) -> None:
        if len(self._entries) <= self.most:
            return
        kept = {key: entry for key, entry in self._entries.items() if entry.forget_at > now}
        latest = sorted(kept.items(), key=lambda item: item[1].forget_at, reverse=True)
        self._entries = dict(latest[: self.most * 9 // 10])
