"""Settings of who may call: what is asked of callers, who may do what, and the files that proofs need."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from gateway.config.section import Count, Seconds, Section


class Proof(StrEnum):
    """What a service asks of its callers."""

    NONE = "none"
    USERNAME = "username"
    SIGNATURE = "signature"
    BOTH = "both"


class SecuritySettings(Section):
    """WS-Security, HTTP Basic and certificates. Users are kept in the database: ``o2c user``."""

    policy: Proof = Proof.NONE
    """What every service asks of its callers: ``none``, ``username`` (a UsernameToken, or what ``http_basic`` and
    ``client_certificate_header`` allow instead), ``signature`` (X.509, of Body and Timestamp) or ``both``."""
    services: dict[str, Proof] = Field(default_factory=dict)
    """Services that ask for something else, by name: ``[security.services]``, ``SyncCustomerPartyList = "both"``."""
    allow: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who may call what: ``[security.allow]``, ``"role:billing" = ["ProcessFulfillmentOrderBilling*.*"]``. Holders are
    ``role:NAME``, ``user:NAME`` and ``*``; patterns are of ``Service.operation``. Nothing written: every known caller
    may call everything."""
    allow_anonymous: bool = False
    """Acknowledgement that, beyond loopback and with the policy ``none``, something in front of the gateway (a proxy,
    the network) decides who may call."""
    http_basic: bool = True
    """Take HTTP Basic instead of a UsernameToken, and ask for it (401) when nothing was presented."""
    realm: Annotated[str, Field(pattern=r"^[ -~]{1,64}$")] = "o2c gateway"
    """What HTTP Basic calls this place."""
    client_certificate_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None
    """Header in which a proxy of ``publishing.trusted_proxies`` passes on the client certificate that it has checked
    (PEM, URL-escaped: nginx's ``$ssl_client_escaped_cert``); it stands instead of a UsernameToken."""
    clock_skew_seconds: Seconds = 60
    """How far callers' clocks may be from ours."""
    max_age_seconds: Seconds = 300
    """How old a Timestamp, or the Created of a token, may be."""
    sha1: bool = False
    """Accept signatures made with rsa-sha1 and sha1, for stacks that know no better."""
    ca_file: Path | None = None
    """Certificates (PEM) of the authorities that issue callers' certificates known by subject only; a certificate given
    to a user by ``o2c user`` needs none."""
    key_file: Path | None = None
    """Private key (PEM) that signs the answers of services whose callers sign."""
    certificate_file: Path | None = None
    """Its certificate (PEM)."""
    key_password: SecretStr | None = None
    """Password of the private key."""
    secret_key: SecretStr | None = None
    """Keys that encrypt the passwords of users who prove them by digest, as ``o2c user key`` makes them, separated by
    commas: the first encrypts, all decrypt."""
    replay_entries: Count = 1_000_000
    """Nonces and signatures remembered, so that none passes twice; when there is no room, what needs room is refused
    (503)."""
    guesses_per_user: Count = 5
    """Failed attempts about one user, before further ones are refused for a while, doubled each time."""
    guesses_per_address: Count = 20
    """The same, for one address, whoever it claims to be."""
    longest_refusal_seconds: Seconds = 900
    """No such while is longer than this."""

    @model_validator(mode="after")
    def _key_and_certificate(self) -> SecuritySettings:
        if (self.key_file is None) != (self.certificate_file is None):
            raise ValueError("key_file and certificate_file go together")
        return self


class BrmSecuritySettings(Section):
    """What the gateway proves itself with to one BRM, and what it asks of BRM's answers."""

    username: str | None = None
    """Name to log in with."""
    password: SecretStr | None = None
    """Password that goes with it."""
    login: Literal["basic", "text", "digest"] = "basic"
    """How both are sent: by HTTP Basic, or in a UsernameToken, the password as text or as digest."""
    timestamp: bool = False
    """Put a Timestamp into every message; what is signed has one anyway."""
    key_file: Path | None = None
    """Private key (PEM) that signs messages: Body, Timestamp and UsernameToken."""
    certificate_file: Path | None = None
    """Its certificate (PEM)."""
    key_password: SecretStr | None = None
    """Password of the private key."""
    signer_file: Path | None = None
    """Certificates (PEM), one of which must have signed every answer."""
    tls_ca_file: Path | None = None
    """Certificates (PEM) of the authorities that BRM's HTTPS certificate may be of; default: the system's."""
    tls_certificate_file: Path | None = None
    """Client certificate (PEM) for HTTPS."""
    tls_key_file: Path | None = None
    """Its private key (PEM); default: in the same file."""
    tls_key_password: SecretStr | None = None
    """Password of that key."""

    @model_validator(mode="after")
    def _pairs(self) -> BrmSecuritySettings:
        for one, other in (("username", "password"), ("key_file", "certificate_file")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} go together")
        return self
