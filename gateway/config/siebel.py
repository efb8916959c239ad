"""Settings of the Siebels there are: where each is, and what the gateway proves itself with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, SecretStr, model_validator

from gateway.config.section import Seconds, Section


def _siebel_address(value: str) -> str:
    if not value.startswith(("http://", "https://")) or any(sign.isspace() for sign in value):
        raise ValueError("must be an http:// or https:// address")
    return value


class SiebelSettings(Section):
    """One Siebel, named by its system id."""

    url: Annotated[str, AfterValidator(_siebel_address)] = "http://127.0.0.1:8082"
    """Base address of its inbound web services; with ``addresses = "eai"`` it may be the whole address, with
    ``start.swe`` and what follows it."""
    addresses: Literal["services", "eai"] = "services"
    """``services``: one address for each service, ``<url>/services/<Name>`` (the simulator); ``eai``: the one address
    of Siebel's for all of them (``/eai_enu/start.swe?SWEExtSource=WebService&SWEExtCmd=Execute&WSSOAP=1``)."""
    authentication: Literal["none", "session", "wss", "basic"] = "none"
    """``none``; ``session``: Siebel's own stateless session, logged in once, then by token; ``wss``: a UsernameToken on
    every message; ``basic``: HTTP Basic, for what stands in front of Siebel."""
    user: str | None = None
    """Name to log in with."""
    password: SecretStr | None = None
    """Password that goes with it."""
    connect_timeout_seconds: Seconds = 5
    """Wait for a connection."""
    read_timeout_seconds: Seconds = 60
    """Wait for an answer."""
    tls_ca_file: Path | None = None
    """Certificates (PEM) of the authorities that its HTTPS certificate may be of; default: the system's."""

    @model_validator(mode="after")
    def _credentials_are_there(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if self.authentication != "none" and self.user is None:
            raise ValueError(f"authentication {self.authentication} needs a user and a password")
        return self
