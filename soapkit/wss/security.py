"""The module that authenticates callers, authorises them per operation, and signs answers.

A policy says what a service must be given; whatever else of these proofs a message brings is checked all the same.

    none        nothing is asked for, and nothing is looked at
    username    a UsernameToken; or HTTP Basic, or a client certificate from a trusted proxy, where those are allowed
    signature   a Timestamp, and an X.509 signature of it, the Body and the UsernameToken (if there is one)
    both        username, by UsernameToken, and signature; of the same user
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog
from lxml import etree

from soapkit.envelope import line_of
from soapkit.exchange import Caller, Exchange
from soapkit.faults import FaultCode, Refused
from soapkit.limits import parse
from soapkit.module import Module
from soapkit.wss import basic, coverage, header, signature, signing, trust, username
from soapkit.wss.authentication import Authenticator
from soapkit.wss.authorisation import Allowed
from soapkit.wss.freshness import read_timestamp
from soapkit.wss.header import SecurityHeader
from soapkit.wss.names import SECURITY_HEADERS
from soapkit.wss.peers import Peers
from soapkit.wss.refusals import Code, not_authenticated, not_authorised, path_of, refused
from soapkit.wss.signature import Algorithms
from soapkit.wss.signing import Identity

_log = structlog.get_logger(__name__)
_FORBIDDEN = 403


class Proof(StrEnum):
    """What a service asks of its callers."""

    NONE = "none"
    USERNAME = "username"
    SIGNATURE = "signature"
    BOTH = "both"

    @property
    def username(self) -> bool:
        """Whether a name and a password are asked for."""
        return self in (Proof.USERNAME, Proof.BOTH)

    @property
    def signature(self) -> bool:
        """Whether a signature is asked for."""
        return self in (Proof.SIGNATURE, Proof.BOTH)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of callers; ``services`` are the exceptions from ``default``, by the service's name.

    ``http_basic`` and the proxy's certificate are proofs that ``username`` accepts instead of a UsernameToken.
    ``identity`` signs the answers of services whose callers sign.
    """

    default: Proof = Proof.NONE
    services: Mapping[str, Proof] = field(default_factory=dict)
    allowed: Allowed = field(default_factory=Allowed)
    http_basic: bool = True
    realm: str = "services"
    algorithms: Algorithms = field(default_factory=Algorithms)
    identity: Identity | None = None

    def of(self, service: str) -> Proof:
        """Return what a service asks for."""
        return self.services.get(service, self.default)

    @property
    def asks(self) -> bool:
        """Tell whether any service asks for anything: else the module need not be there."""
        return any(proof is not Proof.NONE for proof in (self.default, *self.services.values()))


class Security(Module):
    """WS-Security for a site."""

    understands = SECURITY_HEADERS

    def __init__(self, policy: Policy, authenticator: Authenticator, peers: Peers | None = None) -> None:
        self._policy = policy
        self._authenticator = authenticator
        self._peers = peers or Peers()

    def received(self, exchange: Exchange) -> None:
        """Authenticate, before anything is known of the operation."""
        self._authenticate(exchange, self._policy.of(exchange.service.contract.name))

    def dispatched(self, exchange: Exchange) -> None:
        """Authorise."""
        service, operation = exchange.service.contract.name, exchange.operation
        if exchange.caller is None or operation is None:  # nothing was asked of anybody
            return
        if not self._policy.allowed.allows(exchange.caller, service, operation.name):
            _log.info("caller refused", service=service, operation=operation.name, name=exchange.caller.name)
            by_http = exchange.caller.how in ("basic", "certificate")
            raise not_authorised(f"{service}.{operation.name}", status=_FORBIDDEN if by_http else None)

    def sealed(self, exchange: Exchange, envelope: bytes) -> bytes:
        """Sign the answer, a fault too, where callers sign."""
        identity = self._policy.identity
        if identity is None or not envelope or not self._policy.of(exchange.service.contract.name).signature:
            return envelope  # an empty one is an answer that goes elsewhere, and is signed when it leaves
        root = parse(envelope, signing.OURS)
        lifetime = self._authenticator.freshness.most
        stamp = signing.timestamp(self._authenticator.now(), lifetime)
        signing.secure(root, exchange.version, [stamp], identity, mandatory=False)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _authenticate(self, exchange: Exchange, asked: Proof) -> None:
        root = exchange.root
        assert root is not None  # noqa: S101 - modules are called once the message is parsed
        if asked is Proof.NONE:
            _check_not_mandatory(exchange, root)
            return
        found = header.find(root, exchange.version)
        signer = self._by_signature(exchange, root, found, asked)
        named = self._by_name(exchange, found, asked)
        if signer and named and signer.name != named.name:
            raise not_authenticated()
        if asked.username and named is None:
            raise self._nothing_presented()
        exchange.caller = named or signer

    def _by_name(self, exchange: Exchange, found: SecurityHeader | None, asked: Proof) -> Caller | None:
        address = self._peers.address(exchange.environ)
        if found is not None and found.username is not None:
            return self._authenticator.by_token(username.read(found.username), address)
        if asked is Proof.BOTH:
            raise refused(Code.INVALID_SECURITY, "username-token", "The service asks for a UsernameToken", _of(found))
        if asked is Proof.SIGNATURE:
            return None
        caller = self._by_connection(exchange)
        if caller is None and self._policy.http_basic:
            caller = basic.authenticate(self._authenticator, exchange.environ, address, self._policy.realm)
        return caller

    def _by_connection(self, exchange: Exchange) -> Caller | None:
        try:
            certificate = self._peers.certificate(exchange.environ)
        except trust.Untrusted as error:
            raise not_authenticated(status=_FORBIDDEN) from error
        return None if certificate is None else self._authenticator.by_certificate(certificate, "certificate")

    def _by_signature(
        self, exchange: Exchange, root: etree._Element, found: SecurityHeader | None, asked: Proof
    ) -> Caller | None:
        if found is None or found.signature is None:
            if asked.signature:
                raise refused(Code.INVALID_SECURITY, "signature", "The service asks for a signature", _of(found))
            self._check_timestamp(found)
            return None
        expires = self._check_timestamp(found)
        if expires is None:
            text = "A signed message needs a Timestamp"
            raise refused(Code.INVALID_SECURITY, "timestamp", text, found.element)
        certificate = coverage.certificate_of(found)
        caller = self._authenticator.by_certificate(certificate, "signature")  # before any work is done for a stranger
        now = self._authenticator.now()
        signed = signature.verify(
            root, exchange.version, found, certificate, algorithms=self._policy.algorithms, now=now
        )
        body = exchange.parts.body.getparent() if exchange.parts else None
        coverage.check(root, exchange.version, found, signed, body)
        self._authenticator.first_time(signed.key, expires)
        return caller

    def _check_timestamp(self, found: SecurityHeader | None) -> datetime | None:
        """Check the Timestamp, if there is one; returns when the message would be too old to pass again."""
        if found is None or found.timestamp is None:
            return None
        created, expires = read_timestamp(found.timestamp)
        freshness = self._authenticator.freshness
        freshness.check(found.timestamp, created, expires, self._authenticator.now())
        return freshness.until(created)

    def _nothing_presented(self) -> Refused:
        if self._policy.http_basic:
            return basic.missing(self._policy.realm)
        return refused(Code.INVALID_SECURITY, "authentication", "The caller must authenticate")


def _check_not_mandatory(exchange: Exchange, root: etree._Element) -> None:
    """Where nothing is looked at, nothing that must be understood can be (SOAP 1.1, 4.2.3; SOAP 1.2 Part 1, 2.4)."""
    version = exchange.version
    for block in root.iterfind(f"{version.header}/*"):
        ours = block.get(version.role, "").strip() in version.roles
        demanded = block.get(version.must_understand, "").strip() in ("1", "true")
        if ours and demanded and block.tag in SECURITY_HEADERS:
            text = "The header Security is not understood here: the service asks for no proof"
            code = FaultCode.MUST_UNDERSTAND
            raise Refused("must-understand", text, path=path_of(block), line=line_of(block), code=code)


def _of(found: SecurityHeader | None) -> etree._Element | None:
    return None if found is None else found.element
