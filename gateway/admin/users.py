"""What operators do about users: who may call the SOAP services, and how they prove it. Nothing here shows a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from cryptography import x509

from gateway.errors import BusinessError, Conflict, GatewayError
from gateway.messaging.callers import CertificateKind, SecretBox, UserCertificate, UserRecord
from gateway.messaging.ports import Clock, Database
from soapkit.wss import passwords, trust
from soapkit.wss.throttle import keys_of_user

_NAME = re.compile(r"[^\s:\x00-\x1f\x7f](?:[^:\x00-\x1f\x7f]{0,254}[^\s:\x00-\x1f\x7f])?")
_ROLE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_AFTER_COMMA = re.compile(r"(?<!\\),\s+")
_AROUND_EQUALS = re.compile(r"(^|,)([\w.]+)\s*=\s*")
SHORTEST_PASSWORD = 8
_CODE = "O2C_USER"


class Wrong(BusinessError):
    """What was asked about a user cannot be done; the text says why."""

    code = _CODE


@dataclass(frozen=True, slots=True)
class UserDesk:
    """Users, as operators handle them."""

    database: Database
    clock: Clock
    secrets: SecretBox

    def users(self) -> list[UserRecord]:
        """Return all users, by name."""
        with self.database.read() as work:
            return work.users.all()

    def add(
        self,
        name: str,
        *,
        password: str | None = None,
        digest: bool = False,
        roles: Sequence[str] = (),
        certificates: Sequence[UserCertificate] = (),
    ) -> None:
        """Add a user who proves themselves by password, certificate, or either. Raises Wrong; GatewayError, no key."""
        if not _NAME.fullmatch(name):
            raise Wrong("a user's name has 1 to 256 characters, none of them a colon or a control character")
        if password is None and not certificates:
            raise Wrong("a user needs a password, a certificate or a subject: what else should they prove?")
        user = UserRecord(name, _roles(roles), certificates=tuple(certificates))
        if password is not None:
            user = self._with_password(user, password, digest=digest)
        try:
            with self.database.begin() as work:
                work.users.add(user, self.clock.now())
                work.commit()
        except Conflict:
            raise Wrong(f"there is a user {name} already, or the certificate stands for another one") from None

    def set_password(self, name: str, password: str, *, digest: bool) -> None:
        """Give a user another password; the old one ends within a second."""
        self._change(name, lambda user: self._with_password(user, password, digest=digest))

    def set_roles(self, name: str, roles: Iterable[str]) -> None:
        """Replace a user's roles."""
        given = _roles(roles)
        self._change(name, lambda user: replace(user, roles=given))

    def add_certificates(self, name: str, certificates: Sequence[UserCertificate]) -> None:
        """Let certificates stand for a user, besides those that do."""
        known = {(each.kind, each.value): each for each in certificates}

        def added(user: UserRecord) -> UserRecord:
            kept = [each for each in user.certificates if (each.kind, each.value) not in known]
            return replace(user, certificates=(*kept, *certificates))

        self._change(name, added)

    def remove(self, name: str) -> None:
        """Remove a user, who is a stranger within a second."""
        with self.database.begin() as work:
            removed = work.users.remove(name)
            work.commit()
        if not removed:
            raise Wrong(f"there is no user {name}")

    def unlock(self, name: str) -> None:
        """Forget the failed attempts about a user."""
        with self.database.begin() as work:
            work.guesses.forget_all(keys_of_user(name))
            work.commit()

    def check_secrets(self) -> None:
        """Raise GatewayError when a user's secret cannot be decrypted: they could not prove anything by digest."""
        for user in self.users():
            if user.secret is not None:
                try:
                    self.secrets.opened(user.secret)
                except GatewayError as error:
                    raise GatewayError(f"user {user.name}: {error.text}", code=error.code) from None

    def _change(self, name: str, change: Callable[[UserRecord], UserRecord]) -> None:
        try:
            with self.database.begin() as work:
                user = work.users.held(name)
                if user is None:
                    raise Wrong(f"there is no user {name}")
                work.users.change(change(user), self.clock.now())
                work.commit()
        except Conflict:
            raise Wrong("the certificate stands for another user") from None

    def _with_password(self, user: UserRecord, password: str, *, digest: bool) -> UserRecord:
        if not SHORTEST_PASSWORD <= len(password) <= passwords.MOST_CHARACTERS:
            raise Wrong(f"a password has {SHORTEST_PASSWORD} to {passwords.MOST_CHARACTERS} characters")
        secret = self.secrets.closed(password) if digest else None
        return replace(user, password_hash=passwords.hashed(password), secret=secret)


def of_certificate(certificate: x509.Certificate) -> UserCertificate:
    """Return what makes this very certificate stand for a user. Raises Wrong for a key that signs nothing here."""
    try:
        trust.check_key(certificate)
    except trust.Untrusted as error:
        raise Wrong(str(error)) from None
    found = trust.fingerprint(certificate)
    return UserCertificate(CertificateKind.FINGERPRINT, found, certificate.not_valid_after_utc)


def of_subject(subject: str) -> UserCertificate:
    """Return what makes a trusted authority's certificates of this subject (``CN=osm,O=Example``) stand for a user."""
    try:
        plain = _AROUND_EQUALS.sub(r"\1\2=", _AFTER_COMMA.sub(",", subject.strip()))  # openssl prints CN = osm, O = …
        written = x509.Name.from_rfc4514_string(plain).rfc4514_string()
    except ValueError:
        raise Wrong(f"{subject!r} is no subject: write it as in CN=osm,O=Example") from None
    return UserCertificate(CertificateKind.SUBJECT, written)


def _roles(roles: Iterable[str]) -> frozenset[str]:
    given = frozenset(roles)
    wrong = sorted(role for role in given if not _ROLE.fullmatch(role))
    if wrong:
        raise Wrong(f"a role's name is of letters, digits, dots, dashes and underscores: {', '.join(wrong)}")
    return given
