"""Users and their certificates (port ``UserRecords``)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from gateway.messaging.callers import CertificateKind, UserCertificate, UserRecord
from gateway.store.security_tables import user_account, user_certificate

_U = user_account.c
_C = user_certificate.c


class UserStore:
    """Users within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> UserRecord | None:
        """Return a user, without certificates."""
        row = self._connection.execute(select(user_account).where(_U.name == name)).one_or_none()
        return None if row is None else _user(row)

    def of_certificate(self, kind: CertificateKind, value: str) -> UserRecord | None:
        """Return the user a certificate stands for, without certificates."""
        joined = select(user_account).join(user_certificate, _C.name == _U.name)
        row = self._connection.execute(joined.where(_C.kind == kind, _C.value == value)).one_or_none()
        return None if row is None else _user(row)

    def held(self, name: str) -> UserRecord | None:
        """Lock the row, then read: what was committed meanwhile is seen, and replaced by nobody's older picture."""
        row = self._connection.execute(select(user_account).where(_U.name == name).with_for_update()).one_or_none()
        if row is None:
            return None
        wanted = select(user_certificate).where(_C.name == name).order_by(_C.kind, _C.value)
        return _user(row, tuple(_certificate(each) for each in self._connection.execute(wanted)))

    def all(self) -> list[UserRecord]:
        """Return every user, certificates too, by name."""
        certificates: dict[str, list[UserCertificate]] = defaultdict(list)
        for row in self._connection.execute(select(user_certificate).order_by(_C.kind, _C.value)):
            certificates[row.name].append(_certificate(row))
        found = self._connection.execute(select(user_account).order_by(_U.name))
        return [_user(row, tuple(certificates[row.name])) for row in found]

    def add(self, user: UserRecord, now: datetime) -> None:
        """Insert."""
        self._connection.execute(insert(user_account).values(name=user.name, made_at=now, **_values(user, now)))
        self._insert_certificates(user)

    def change(self, user: UserRecord, now: datetime) -> bool:
        """Replace all there is of a user."""
        done = self._connection.execute(update(user_account).where(_U.name == user.name).values(**_values(user, now)))
        if done.rowcount == 0:
            return False
        self._connection.execute(delete(user_certificate).where(_C.name == user.name))
        self._insert_certificates(user)
        return True

    def remove(self, name: str) -> bool:
        """Delete a user; the foreign key deletes the certificates."""
        return self._connection.execute(delete(user_account).where(_U.name == name)).rowcount == 1

    def _insert_certificates(self, user: UserRecord) -> None:
        rows = [
            {"kind": each.kind, "value": each.value, "name": user.name, "expires_at": each.expires_at}
            for each in user.certificates
        ]
        if rows:
            self._connection.execute(insert(user_certificate), rows)


def _values(user: UserRecord, now: datetime) -> dict[str, Any]:
    return {
        "password_hash": user.password_hash,
        "secret": user.secret,
        "roles": " ".join(sorted(user.roles)),
        "changed_at": now,
    }


def _certificate(row: Row[Any]) -> UserCertificate:
    return UserCertificate(CertificateKind(row.kind), row.value, row.expires_at)


def _user(row: Row[Any], certificates: tuple[UserCertificate, ...] = ()) -> UserRecord:
    secret = None if row.secret is None else bytes(row.secret)
    return UserRecord(row.name, frozenset(row.roles.split()), row.password_hash, secret, certificates)
