"""Settings become what the gateway proves itself with to others. Part of the wiring; fails at start, and in words."""

from __future__ import annotations

import ssl

from pydantic import SecretStr

from gateway.config import ConfigError
from gateway.config.security import BrmSecuritySettings
from soapkit.wss import trust
from soapkit.wss.credentials import Credentials, Identity, Login, tls_context

_NOTHING = BrmSecuritySettings()


def credentials(name: str, settings: BrmSecuritySettings, place: str = "brm") -> Credentials | None:
    """Return the credentials for the system ``[<place>.<name>]``; None when there is nothing to prove.

    Raises ConfigError.
    """
    if settings == _NOTHING:
        return None
    login = _login(settings)
    try:
        return Credentials(
            basic=login if settings.login == "basic" else None,
            login=None if settings.login == "basic" else login,
            identity=_identity(settings),
            timestamp=settings.timestamp,
            signers=() if settings.signer_file is None else tuple(trust.from_file(settings.signer_file)),
            tls=_tls(settings),
        )
    except ValueError as error:
        raise ConfigError(f"{place}.{name}.security: {error}") from None


def _login(settings: BrmSecuritySettings) -> Login | None:
    password = _clear(settings.password)
    if settings.username is None or password is None:
        return None
    return Login(settings.username, password, digest=settings.login == "digest")


def _identity(settings: BrmSecuritySettings) -> Identity | None:
    if settings.key_file is None or settings.certificate_file is None:
        return None
    return Identity.read(settings.key_file, settings.certificate_file, _clear(settings.key_password))


def _tls(settings: BrmSecuritySettings) -> ssl.SSLContext | None:
    if settings.tls_ca_file is None and settings.tls_certificate_file is None:
        return None
    password = _clear(settings.tls_key_password)
    return tls_context(settings.tls_ca_file, settings.tls_certificate_file, settings.tls_key_file, password)


def _clear(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
