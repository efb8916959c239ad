"""Secrets at rest: what must be known in clear (a password that is proved by digest) is encrypted with Fernet."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gateway.errors import GatewayError

_CODE = "O2C_SECRET_KEY"


class Vault:
    """Encrypts with the first of ``keys``, and reads what any of them encrypted: that is how a key is changed."""

    def __init__(self, keys: str | None) -> None:
        """Take keys in a row, separated by commas or spaces; raises GatewayError for one that is none."""
        written = (keys or "").replace(",", " ").split()
        try:
            self._fernet = MultiFernet([Fernet(key) for key in written]) if written else None
        except ValueError:
            text = "security.secret_key must be keys as `o2c user key` makes them, separated by commas"
            raise GatewayError(text, code=_CODE) from None

    def closed(self, secret: str) -> bytes:
        """Encrypt. Raises GatewayError without a key."""
        return self._keys().encrypt(secret.encode())

    def opened(self, secret: bytes) -> str:
        """Decrypt. Raises GatewayError without a key, or without the right one."""
        try:
            return self._keys().decrypt(secret).decode()
        except InvalidToken:
            raise GatewayError("security.secret_key is not the key that encrypted this secret", code=_CODE) from None

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            text = (
                "a password for digests is kept encrypted: that needs security.secret_key (make one with: o2c user key)"
            )
            raise GatewayError(text, code=_CODE)
        return self._fernet


def new_key() -> str:
    """Make a key."""
    return Fernet.generate_key().decode()
