"""Where a simulator tells what has changed, and how hard it tries: the settings of an outbox's sender."""

from __future__ import annotations

import ssl
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from simkit.outbox import Patience
from soapkit.wss.credentials import Credentials, Login, tls_context

_DEFAULT = Patience()


class SendAuthentication(StrEnum):
    """How the simulator proves who it is: not at all, by HTTP Basic, or by a UsernameToken of WS-Security."""

    NONE = "none"
    BASIC = "basic"
    WSS = "wss"


class SendingSettings(BaseSettings):
    """What a simulator sends of its own accord; nothing without ``send_to``."""

    send_to: str | None = Field(
        None, pattern=r"^https?://", description="Base address that changes are told to; nothing is told without it."
    )
    send_authentication: SendAuthentication = Field(SendAuthentication.NONE, description="none, basic or wss.")
    send_user: str | None = Field(None, description="The name that it proves to be.")
    send_password: SecretStr | None = Field(None, description="Its password.")
    send_ca: Path | None = Field(
        None, description="Authorities of the receiver's certificate (PEM); the system's else."
    )
    send_certificate: Path | None = Field(None, description="The simulator's own certificate (PEM), for mutual TLS.")
    send_key: Path | None = Field(None, description="Its private key (PEM), when that is not in the same file.")
    send_threads: int = Field(2, ge=0, le=32, description="Threads of each process that deliver; 0 = it delivers none.")
    send_first_wait: float = Field(_DEFAULT.first, gt=0, description="Seconds to wait after the first failure.")
    send_most_wait: float = Field(_DEFAULT.most, gt=0, description="Seconds to wait at most.")
    send_tries: int = Field(_DEFAULT.tries, ge=1, description="Refused tries after which a message is parked.")
    send_lease: float = Field(
        _DEFAULT.lease, ge=1, description="Seconds after which what a killed process was delivering is delivered again."
    )

    @model_validator(mode="after")
    def _proofs_are_complete(self) -> Self:
        proves = self.send_authentication is not SendAuthentication.NONE
        if proves and (self.send_user is None or self.send_password is None):
            raise ValueError("send_authentication needs send_user and send_password")
        self._tls()  # files that cannot be read are told now
        return self

    @property
    def patience(self) -> Patience:
        """How hard to try."""
        return Patience(self.send_first_wait, self.send_most_wait, self.send_tries, self.send_lease)

    @property
    def send_credentials(self) -> Credentials:
        """What messages prove themselves with, and whom they are told to."""
        login = self._login()
        basic = self.send_authentication is SendAuthentication.BASIC
        return Credentials(basic=login if basic else None, login=None if basic else login, tls=self._tls())

    def _login(self) -> Login | None:
        if self.send_authentication is SendAuthentication.NONE or self.send_user is None or self.send_password is None:
            return None
        return Login(self.send_user, self.send_password.get_secret_value())

    def _tls(self) -> ssl.SSLContext | None:
        if self.send_ca is None and self.send_certificate is None:
            return None
        return tls_context(self.send_ca, self.send_certificate, self.send_key)
