"""Certificates: which are trusted to sign, and whom they stand for.

A certificate is trusted because it was given to a user (it is pinned by its fingerprint), or because one of the
configured authorities issued it and a user goes by its subject. Its validity period counts either way.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import verification

from soapkit.wss.ports import User, Users

_SMALLEST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_LARGEST = 16 * 1024
_SPACE = re.compile(r"\s+")


class Untrusted(Exception):
    """A certificate that proves nothing here; the text is for the log, not for the caller."""


class Trust:
    """Whom certificates stand for; ``authorities`` issue those that are known by subject only."""

    def __init__(self, users: Users, authorities: Sequence[x509.Certificate] = ()) -> None:
        self._users = users
        self._store = verification.Store(list(authorities)) if authorities else None

    def user_of(self, certificate: x509.Certificate, now: datetime) -> User:
        """Return the user a certificate stands for at ``now``; raises Untrusted."""
        check_key(certificate)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Untrusted("the certificate's period of validity is not now")
        pinned = self._users.of_certificate(fingerprint(certificate))
        if pinned is not None:
            return pinned
        self._check_chain(certificate, now)
        known = self._users.of_subject(subject(certificate))
        if known is None:
            raise Untrusted("the certificate stands for no user")
        return known

    def _check_chain(self, certificate: x509.Certificate, now: datetime) -> None:
        if self._store is None:
            raise Untrusted("the certificate was given to nobody, and no authority is trusted")
        builder = verification.PolicyBuilder().store(self._store).time(now).max_chain_depth(4)
        policies = builder.extension_policies(ee_policy=_signers(), ca_policy=_issuers())
        try:
            policies.build_client_verifier().verify(certificate, [])
        except verification.VerificationError as error:
            raise Untrusted("no trusted authority issued the certificate") from error


def check_key(certificate: x509.Certificate) -> None:
    """Raise Untrusted for a key that is too short, or of a kind that signs nothing here."""
    try:
        key = certificate.public_key()
    except Exception as error:  # cryptography raises its own, ValueError and TypeError, by the key's kind
        raise Untrusted("the certificate's key cannot be read") from error
    rsa_key = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SMALLEST_RSA
    if not (rsa_key or (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES))):
        raise Untrusted("the certificate's key is too short, or of another kind than RSA or ECDSA")


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject(certificate: x509.Certificate) -> str:
    """Return the subject as RFC 4514 writes it: ``CN=osm,O=Example``."""
    return certificate.subject.rfc4514_string()


def from_base64(text: str) -> x509.Certificate:
    """Read a DER certificate from Base64, white space allowed; raises Untrusted."""
    if len(text) > _LARGEST:
        raise Untrusted("the certificate is too large")
    try:
        return x509.load_der_x509_certificate(base64.b64decode(_SPACE.sub("", text), validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise Untrusted("the certificate cannot be read") from error


def from_file(path: Path) -> list[x509.Certificate]:
    """Read the certificates of a PEM file, or the one of a DER file. ValueError says what is wrong with the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    try:
        if b"-----BEGIN CERTIFICATE" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except (ValueError, TypeError):
        raise ValueError(f"{path} holds no certificate that can be read") from None


def _signers() -> verification.ExtensionPolicy:
    return verification.ExtensionPolicy.permit_all().may_be_present(
        x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign
    )


def _issuers() -> verification.ExtensionPolicy:
    """Ask of an authority's certificate that it says so; private authorities often say no more than that."""
    return verification.ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, verification.Criticality.AGNOSTIC, _may_issue
    )


def _may_sign(_: object, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("the certificate's key is not for signatures")


def _may_issue(_: object, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("the issuer is no authority")
