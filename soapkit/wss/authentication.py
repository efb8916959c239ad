"""Proofs against users: password, digest, certificate. Throttled, replays refused, and silent about what was wrong."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

import structlog
from cryptography import x509

from soapkit.exchange import Caller
from soapkit.faults import FaultCode, Refused
from soapkit.wss.freshness import Freshness
from soapkit.wss.passwords import Passwords
from soapkit.wss.ports import Clock, Crowded, Replays, User, Users
from soapkit.wss.refusals import Code, not_authenticated, refused
from soapkit.wss.throttle import Throttle
from soapkit.wss.trust import Trust, Untrusted
from soapkit.wss.username import UsernameToken, digest

_log = structlog.get_logger(__name__)
_RETRY_SECONDS = 5
_LATELY = timedelta(seconds=1)
_MOST_LATELY = 10_000


class _Lately:
    """Callers who proved a password within the last second, under a keyed hash of all they said."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._callers: OrderedDict[bytes, tuple[datetime, Caller]] = OrderedDict()
        self._lock = threading.Lock()

    def key(self, *said: str) -> bytes:
        return hmac.digest(self._key, repr(said).encode(), "sha256")

    def get(self, key: bytes, now: datetime) -> Caller | None:
        with self._lock:
            proved_at, caller = self._callers.get(key, (now, None))
        return caller if timedelta(0) <= now - proved_at < _LATELY else None

    def put(self, key: bytes, caller: Caller, now: datetime) -> None:
        with self._lock:
            self._callers[key] = now, caller
            self._callers.move_to_end(key)
            while len(self._callers) > _MOST_LATELY:
                self._callers.popitem(last=False)


class Authenticator:
    """Tells callers from strangers; one for all threads and all services.

    Whoever proved a password from an address is known there for a second without another look at the users: a busy
    caller pays for one look a second, and a change of users is seen by every process a second later at most.
    """

    def __init__(
        self,
        users: Users,
        throttle: Throttle,
        replays: Replays,
        clock: Clock,
        *,
        trust: Trust | None = None,
        passwords: Passwords | None = None,
        freshness: Freshness | None = None,
    ) -> None:
        self._users = users
        self._throttle = throttle
        self._replays = replays
        self._clock = clock
        self._trust = trust or Trust(users)
        self._passwords = passwords or Passwords()
        self.freshness = freshness or Freshness()
        self._nobody = secrets.token_urlsafe()
        self._lately = _Lately()

    def now(self) -> datetime:
        """Return the time that everything is measured by."""
        return self._clock.now()

    def by_password(self, name: str, password: str, address: str, *, how: str) -> Caller:
        """Prove by name and password; raises Refused (wsse:FailedAuthentication, or 503 when throttled)."""
        key, now = self._lately.key(name, password, address, how), self._clock.now()
        if (known := self._lately.get(key, now)) is not None:
            return known
        self._throttle.check(name, address)
        user = self._users.find(name)
        right = self._passwords.right(password, user.password_hash if user else None)
        caller = self._proved(user if right else None, name, address, how)
        self._lately.put(key, caller, now)
        return caller

    def by_token(self, token: UsernameToken, address: str) -> Caller:
        """Prove by a UsernameToken. One with a nonce must be fresh and new, whatever its password is."""
        now = self._clock.now()
        if token.made_at is not None:
            self.freshness.check(token.element, token.made_at, None, now)
        caller = self._by_digest(token, address) if token.digest else self._by_text(token, address)
        if token.nonce and token.made_at is not None:
            self.first_time(token.replay_key, self.freshness.until(token.made_at))
        return caller

    def by_certificate(self, certificate: x509.Certificate, how: str) -> Caller:
        """Prove by a certificate whose key was used; raises Refused (wsse:FailedAuthentication)."""
        try:
            user = self._trust.user_of(certificate, self._clock.now())
        except (
            Untrusted,
            ValueError,
        ) as error:  # ValueError: fields that cannot be read, found when they are looked at
            _log.info("certificate not accepted", reason=str(error))
            raise not_authenticated() from error
        return Caller(user.name, how, user.roles)

    def first_time(self, key: str, until: datetime) -> None:
        """Refuse what was seen before; ``until`` is when it would be too old anyway."""
        try:
            new = self._replays.remember(key, self._clock.now(), until)
        except Crowded as error:
            text = "Too many signed or digested messages are remembered; try again later"
            wait = (("Retry-After", str(_RETRY_SECONDS)),)
            raise Refused("replay-cache", text, code=FaultCode.SERVER, status=503, http_headers=wait) from error
        if not new:
            raise refused(Code.FAILED_AUTHENTICATION, "replay", "The message was received before")

    def _by_text(self, token: UsernameToken, address: str) -> Caller:
        return self.by_password(token.name, token.password, address, how="username")

    def _by_digest(self, token: UsernameToken, address: str) -> Caller:
        self._throttle.check(token.name, address)
        user = self._users.find(token.name)
        secret = self._users.secret(user or User(token.name))  # looked for in any case: it takes the same time
        expected = digest(token.nonce, token.created, secret or self._nobody)
        right = (
            hmac.compare_digest(expected.encode(), token.password.strip().encode())
            and secret is not None
            and user is not None
        )
        return self._proved(user if right else None, token.name, address, "digest")

    def _proved(self, user: User | None, name: str, address: str, how: str) -> Caller:
        if user is None:
            self._throttle.failed(name, address)
            _log.info("credentials not accepted", how=how, address=address)
            raise not_authenticated()
        self._throttle.passed(name, address)
        return Caller(user.name, how, user.roles)
