"""Looks at the certificate of an https endpoint as a caller's TLS library would."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from soapkit.doctor.finding import Finding, Verdict

_SOON = timedelta(days=30)


def examine(host: str, port: int, *, authorities: Path | None, timeout: float, now: datetime) -> Iterator[Finding]:
    """Shake hands, verifying host name and issuer, and tell how long the certificate is valid.

    ``authorities`` is a PEM file of issuers to trust instead of the system's.
    """
    context = ssl.create_default_context(cafile=None if authorities is None else str(authorities))
    try:
        with _handshake(context, host, port, timeout) as secured:
            certificate = secured.getpeercert(binary_form=True) or b""
            yield Finding("tls", Verdict.OK, f"{secured.version()}, {(secured.cipher() or ('',))[0]}")
    except ssl.SSLCertVerificationError as error:
        yield Finding("certificate", Verdict.FAILED, f"It is not trusted: {error.verify_message}", change=_trust(error))
        yield from _expiry(_unverified(host, port, timeout), now)
    except (OSError, ssl.SSLError) as error:
        advice = "Check that the port speaks TLS, and which versions it takes; old stacks offer TLS 1.0 only"
        yield Finding("tls", Verdict.FAILED, f"No TLS connection: {_reason(error)}", change=advice)
    else:
        yield from _expiry(certificate, now)


def _handshake(context: ssl.SSLContext, host: str, port: int, timeout: float) -> ssl.SSLSocket:
    plain = socket.create_connection((host, port), timeout=timeout)
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _unverified(host: str, port: int, timeout: float) -> bytes:
    """Fetch a certificate that is not trusted, only to look at its dates; nothing is sent over the connection."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with _handshake(context, host, port, timeout) as secured:
            return secured.getpeercert(binary_form=True) or b""
    except OSError:
        return b""


def _expiry(encoded: bytes, now: datetime) -> Iterator[Finding]:
    if not encoded:
        return
    certificate = x509.load_der_x509_certificate(encoded)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        text = f"The certificate is not valid before {begins:%Y-%m-%d %H:%M} UTC"
        yield Finding("certificate", Verdict.FAILED, text, change="Check this machine's clock")
    elif now > ends:
        text = f"The certificate ended on {ends:%Y-%m-%d}"
        yield Finding("certificate", Verdict.FAILED, text, change="The server needs a new one")
    else:
        verdict = Verdict.WARNING if ends - now < _SOON else Verdict.OK
        yield Finding("certificate", verdict, f"valid until {ends:%Y-%m-%d}, {(ends - now).days} days from now")


def _trust(error: ssl.SSLCertVerificationError) -> str:
    if "hostname" in error.verify_message.lower():
        return "Call the endpoint by a name that is in its certificate"
    return "Give its issuer with --ca FILE, and to your own trust store (Java: keytool -importcert)"


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)


def this_moment() -> datetime:
    """Return the time of this machine's clock."""
    return datetime.now(UTC)
