"""What a client proves itself with, and what it asks of answers: on every message of a transport, zeep's own too."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from lxml import etree

from soapkit.envelope import version_of
from soapkit.faults import InvalidAnswer, Refused
from soapkit.limits import Limits, parse
from soapkit.transport import Reply, Timeout, Transport
from soapkit.wss import coverage, header, signature, signing, trust
from soapkit.wss.freshness import Freshness, read_timestamp
from soapkit.wss.signature import Algorithms
from soapkit.wss.signing import Identity, Login

__all__ = ["Credentials", "Identity", "Login", "SecuringTransport", "tls_context"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """All of it is optional.

    ``basic`` goes into HTTP's Authorization, ``login`` into a UsernameToken; ``identity`` signs Body, Timestamp and
    token; ``timestamp`` adds one to a message that is not signed. With ``signers``, answers must be signed by one of
    these certificates. ``tls`` is the context of HTTPS connections: its own CA file, its client certificate.
    """

    basic: Login | None = None
    login: Login | None = None
    identity: Identity | None = None
    timestamp: bool = False
    lifetime: timedelta = timedelta(minutes=5)
    signers: tuple[x509.Certificate, ...] = ()
    algorithms: Algorithms = field(default_factory=Algorithms)
    freshness: Freshness = field(default_factory=Freshness)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def http_headers(self) -> Mapping[str, str]:
        """Return what HTTP is to say."""
        if self.basic is None:
            return {}
        coded = base64.b64encode(f"{self.basic.name}:{self.basic.password}".encode()).decode()
        return {"Authorization": f"Basic {coded}"}

    def secured(self, message: bytes) -> bytes:
        """Return an envelope with the security header; as it is, when there is nothing to say in one."""
        now = self.now()
        tokens = []
        if self.timestamp or self.identity is not None:
            tokens.append(signing.timestamp(now, self.lifetime))
        if self.login is not None:
            tokens.append(signing.username_token(self.login, now))
        if not tokens:
            return message
        root = parse(message, signing.OURS)
        signing.secure(root, version_of(root), tokens, self.identity, mandatory=True)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def check(self, answer: bytes, charset: str | None, limits: Limits) -> None:
        """Raise InvalidAnswer for an answer that none of ``signers`` has signed just now."""
        if not self.signers:
            return
        try:
            self._check_signed(parse(answer, limits, charset=charset))
        except (Refused, trust.Untrusted) as error:
            raise InvalidAnswer(f"The answer is not signed as it must be: {error}") from error

    def _check_signed(self, root: etree._Element) -> None:
        version, now = version_of(root), self.now()
        found = header.find(root, version)
        if found is None or found.signature is None or found.timestamp is None:
            raise trust.Untrusted("it bears no signature with a Timestamp")
        self.freshness.check(found.timestamp, *read_timestamp(found.timestamp), now)
        certificate = coverage.certificate_of(found)
        if certificate not in self.signers:
            raise trust.Untrusted("its signer is unknown")
        signed = signature.verify(root, version, found, certificate, algorithms=self.algorithms, now=now)
        coverage.check(root, version, found, signed, root.find(version.body))


class SecuringTransport(Transport):
    """Sends through another transport what ``credentials`` make of it."""

    def __init__(self, inner: Transport, credentials: Credentials, limits: Limits) -> None:
        super().__init__(inner.timeout)
        self._inner = inner
        self._credentials = credentials
        self._limits = limits

    def send(self, address: str, message: bytes, headers: Mapping[str, str], timeout: Timeout) -> Reply:
        """Secure, send, and check the answer; an empty one bears nothing to check."""
        told = {**headers, **self._credentials.http_headers()}
        reply = self._inner.send(address, self._credentials.secured(message), told, timeout)
        if reply.is_xml and reply.content.strip():
            self._credentials.check(reply.content, reply.charset, self._limits)
        return reply

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Reply:
        """Post for zeep, which reads an answer of any media type. Raises InvalidAnswer for one that was not checked."""
        reply = super().post(address, message, headers)
        if self._credentials.signers and reply.content.strip() and not reply.is_xml:
            raise InvalidAnswer("The answer is not signed as it must be: it is of no media type of XML")
        return reply


def tls_context(
    ca: Path | None = None, certificate: Path | None = None, key: Path | None = None, password: str | None = None
) -> ssl.SSLContext:
    """Make the context of HTTPS connections: who is trusted, and who we are. ValueError says which file is wrong."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"{ca} holds no certificates that can be read") from error
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password or "")  # without one, OpenSSL would ask the terminal
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{certificate} and {key or certificate} are no certificate and its key") from error
    return context
