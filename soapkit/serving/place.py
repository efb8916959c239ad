"""Where and how an application is served: address, threads, limits of the server itself, TLS."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
MOST_SECONDS = 60.0
DRAIN_SECONDS = 10.0


class ClientCertificates(StrEnum):
    """Whether a client must show a certificate; one that is shown must be the authority's in any case but ``none``."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class TlsVersion(StrEnum):
    """The oldest version that is spoken."""

    TLS_12 = "1.2"
    TLS_13 = "1.3"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: the certificate (with its chain), its key, and the authority of clients' certificates."""

    certificate: Path
    key: Path
    client_authority: Path | None = None
    client_certificates: ClientCertificates = ClientCertificates.NONE
    minimum: TlsVersion = TlsVersion.TLS_12


@dataclass(frozen=True, slots=True)
class Place:
    """``threads`` run handlers, in each process.

    A request must be here, whole, ``max_seconds`` after it began, and its body be no larger than ``max_bytes``; an idle
    connection is closed after ``max_seconds``. A server that stops waits ``drain_seconds`` for answers under way.
    """

    host: str
    port: int
    threads: int = 8
    max_bytes: int = MOST_BYTES
    max_seconds: float = MOST_SECONDS
    drain_seconds: float = DRAIN_SECONDS
