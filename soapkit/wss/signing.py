"""Security headers that we write: Timestamp, UsernameToken, and a signature of Body and all of these, with signxml."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from soapkit.limits import Limits
from soapkit.versions import Version
from soapkit.wss import trust
from soapkit.wss.names import (
    BASE64,
    BINARY_TOKEN,
    CREATED,
    DS,
    EXPIRES,
    ID,
    KEY_INFO,
    PASSWORD_DIGEST,
    PASSWORD_TEXT,
    REFERENCE,
    SECURITY,
    TIMESTAMP,
    TOKEN_REFERENCE,
    WSSE,
    WSU,
    X509_V3,
)
from soapkit.wss.username import digest

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_NAMES = {"wsse": WSSE, "wsu": WSU}
_NONCE_BYTES = 16

OURS = Limits(max_bytes=1 << 40, max_elements=1 << 40, max_attributes=1 << 40)
"""What we wrote ourselves is not held to the bounds of what strangers send."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key, and the certificate that others know it by."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def read(cls, key: Path, certificate: Path, password: str | None = None) -> Identity:
        """Read PEM files. ValueError says which cannot be used, and never what is in them."""
        try:
            private = load_pem_private_key(key.read_bytes(), None if password is None else password.encode())
        except OSError as error:
            raise ValueError(f"{key} cannot be read: {error.strerror}") from error
        except Exception as error:  # by the kind of key and of its encryption; their texts may quote the file
            raise ValueError(f"{key} holds no private key that can be read (is its password right?)") from error
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key} is neither an RSA nor an ECDSA key")  # noqa: TRY004 - the file is wrong
        known = trust.from_file(certificate)[0]
        if known.public_key() != private.public_key():
            raise ValueError(f"{certificate} is not the certificate of {key}")
        return cls(private, known)

    @property
    def method(self) -> SignatureMethod:
        """What this key signs with."""
        return SignatureMethod.RSA_SHA256 if isinstance(self.key, rsa.RSAPrivateKey) else SignatureMethod.ECDSA_SHA256


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password to write into a UsernameToken, as text or as digest."""

    name: str
    password: str = field(repr=False)
    digest: bool = False


def timestamp(now: datetime, lifetime: timedelta) -> etree._Element:
    """Write a wsu:Timestamp."""
    element = etree.Element(TIMESTAMP, {ID: _fresh_id("TS")}, nsmap=_NAMES)
    etree.SubElement(element, CREATED).text = written(now)
    etree.SubElement(element, EXPIRES).text = written(now + lifetime)
    return element


def username_token(login: Login, now: datetime) -> etree._Element:
    """Write a wsse:UsernameToken; a digest with a nonce of its own."""
    element = etree.Element(f"{{{WSSE}}}UsernameToken", {ID: _fresh_id("UT")}, nsmap=_NAMES)
    etree.SubElement(element, f"{{{WSSE}}}Username").text = login.name
    nonce, created = secrets.token_bytes(_NONCE_BYTES), written(now)
    said = digest(nonce, created, login.password) if login.digest else login.password
    kind = PASSWORD_DIGEST if login.digest else PASSWORD_TEXT
    etree.SubElement(element, f"{{{WSSE}}}Password", Type=kind).text = said
    if login.digest:
        coded = base64.b64encode(nonce).decode()
        etree.SubElement(element, f"{{{WSSE}}}Nonce", EncodingType=BASE64).text = coded
        etree.SubElement(element, CREATED).text = created
    return element


def secure(
    root: etree._Element,
    version: Version,
    tokens: Sequence[etree._Element],
    identity: Identity | None = None,
    *,
    mandatory: bool,
) -> None:
    """Put ``tokens`` into a Security header of the envelope ``root``, and sign them and the Body with ``identity``.

    ``mandatory`` makes the header one that must be understood.
    """
    header = root.find(version.header)
    if header is None:
        header = etree.Element(version.header)
        root.insert(0, header)
    security = etree.SubElement(header, SECURITY, nsmap=_NAMES)
    if mandatory:
        security.set(version.must_understand, "1" if version is Version.SOAP_11 else "true")
    security.extend(tokens)
    if identity is not None:
        _sign(root, version, security, identity)


def written(moment: datetime) -> str:
    """Write a time as security headers have it: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sign(root: etree._Element, version: Version, security: etree._Element, identity: Identity) -> None:
    body = root.find(version.body)
    assert body is not None  # noqa: S101 - an envelope has one
    body.set(ID, _fresh_id("B"))
    names = [element.get(ID) for element in (body, *security)]
    token = etree.SubElement(security, BINARY_TOKEN, {ID: _fresh_id("X509"), "EncodingType": BASE64}, nsmap=_NAMES)
    token.set("ValueType", X509_V3)
    token.text = base64.b64encode(identity.certificate.public_bytes(Encoding.DER)).decode()
    signer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        signature_algorithm=identity.method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signature = signer.sign(
        root, key=identity.key, reference_uri=[f"#{name}" for name in names], key_info=_key_info(token.get(ID) or "")
    )
    security.append(signature)


def _key_info(name: str) -> etree._Element:
    info = etree.Element(KEY_INFO, nsmap={"ds": DS})
    named = etree.SubElement(info, TOKEN_REFERENCE, nsmap=_NAMES)
    etree.SubElement(named, REFERENCE, URI=f"#{name}", ValueType=X509_V3)
    return info


def _fresh_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
