"""Secured messages, written without the product: string templates, lxml's canonical form, cryptography's signatures.

What a test wants to be wrong is a field; everything else is as a careful toolkit would write it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree

from tests.contract.soapkit.orders import order

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{OASIS}wssecurity-secext-1.0.xsd"
WSU = f"{OASIS}wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
TEXT = f"{OASIS}username-token-profile-1.0#PasswordText"
DIGEST = f"{OASIS}username-token-profile-1.0#PasswordDigest"
BASE64 = f"{OASIS}soap-message-security-1.0#Base64Binary"
X509_V3 = f"{OASIS}x509-token-profile-1.0#X509v3"
NAMES = {"s": SOAP_11, "s12": SOAP_12, "wsse": WSSE, "wsu": WSU, "ds": DS}

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = f"{DS}rsa-sha1"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = f"{DS}sha1"
KEY = f'<wsse:Reference URI="#X509-1" ValueType="{X509_V3}"/>'
KEY_INFO = f"<wsse:SecurityTokenReference>{KEY}</wsse:SecurityTokenReference>"


@dataclass(frozen=True)
class Partner:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def of(cls, leaf: trustme.LeafCert) -> Partner:
        key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return cls(key, x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes()))

    @property
    def token(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()

    def sign(self, data: bytes, digest: hashes.HashAlgorithm) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), digest)
        size = (self.key.key_size + 7) // 8
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


@dataclass(frozen=True)
class Token:
    """A UsernameToken."""

    name: str = "osm"
    password: str = "correct horse"
    digest: bool = False
    nonce: bytes | None = None
    created: str | None = None
    inside: str = ""

    def xml(self) -> str:
        said = self.password
        if self.digest:
            made = (self.nonce or b"") + (self.created or "").encode() + self.password.encode()
            said = base64.b64encode(hashlib.sha1(made).digest()).decode()
        parts = [f"<wsse:Username>{self.name}</wsse:Username>"]
        parts.append(f'<wsse:Password Type="{DIGEST if self.digest else TEXT}">{said}</wsse:Password>')
        if self.nonce is not None:
            coded = base64.b64encode(self.nonce).decode()
            parts.append(f'<wsse:Nonce EncodingType="{BASE64}">{coded}</wsse:Nonce>')
        if self.created is not None:
            parts.append(f"<wsu:Created>{self.created}</wsu:Created>")
        return f'<wsse:UsernameToken wsu:Id="UT-1">{"".join(parts)}{self.inside}</wsse:UsernameToken>'


def digest_token(nonce: bytes = b"0123456789abcdef", created: datetime = NOW, **more: str) -> Token:
    return Token(digest=True, nonce=nonce, created=stamp(created), **more)


@dataclass(frozen=True)
class Message:
    """A message; ``signer`` signs what ``signed`` names, by wsu:Id."""

    soap: str = SOAP_11
    body: str = field(default_factory=order)
    token: Token | None = None
    created: datetime | None = None
    expires: datetime | None = None
    signer: Partner | None = None
    signed: Sequence[str] | None = None
    method: str = RSA_SHA256
    digest: str = SHA256
    c14n: str = EXC
    transforms: Sequence[str] = (EXC,)
    key_info: str = KEY_INFO
    attributes: str = 's:mustUnderstand="1"'
    before: str = ""
    inside: str = ""

    def tree(self) -> etree._Element:
        """Return the message; signed, if there is a signer."""
        root = etree.fromstring(self._unsigned())
        if self.signer is not None:
            _sign(root, self)
        return root

    def xml(self, change: Callable[[etree._Element], None] | None = None) -> bytes:
        """Return the message as bytes, ``change``d after it was signed."""
        root = self.tree()
        if change is not None:
            change(root)
        return etree.tostring(root)

    def but(self, **changes: object) -> Message:
        return replace(self, **changes)  # type: ignore[arg-type] # by field name

    def _unsigned(self) -> str:
        parts = []
        if self.created is not None:
            end = self.expires or self.created + timedelta(minutes=5)
            times = f"<wsu:Created>{stamp(self.created)}</wsu:Created><wsu:Expires>{stamp(end)}</wsu:Expires>"
            parts.append(f'<wsu:Timestamp wsu:Id="TS-1">{times}</wsu:Timestamp>')
        if self.signer is not None:
            kinds = f'EncodingType="{BASE64}" ValueType="{X509_V3}"'
            parts.append(
                f'<wsse:BinarySecurityToken wsu:Id="X509-1" {kinds}>{self.signer.token}</wsse:BinarySecurityToken>'
            )
        if self.token is not None:
            parts.append(self.token.xml())
        security = f"<wsse:Security {self.attributes}>{''.join(parts)}{self.inside}</wsse:Security>"
        names = f'xmlns:s="{self.soap}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"'
        head = f"<s:Header>{self.before}{security}</s:Header>"
        return f'<s:Envelope {names}>{head}<s:Body wsu:Id="B-1">{self.body}</s:Body></s:Envelope>'


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def by_id(root: etree._Element, name: str) -> etree._Element:
    [found] = (each for each in root.iter() if each.get(f"{{{WSU}}}Id") == name)
    return found


def security(root: etree._Element) -> etree._Element:
    found = root.find(f".//{{{WSSE}}}Security")
    assert found is not None
    return found


def _sign(root: etree._Element, message: Message) -> None:
    present = [name for name in ("B-1", "TS-1", "UT-1") if root.xpath("//@wsu:Id[.=$n]", namespaces=NAMES, n=name)]
    references = "".join(_reference(root, name, message) for name in message.signed or present)
    info = (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{message.c14n}"/>'
        f'<ds:SignatureMethod Algorithm="{message.method}"/>{references}</ds:SignedInfo>'
    )
    names = f'xmlns:ds="{DS}" xmlns:wsse="{WSSE}"'
    written = (
        f"<ds:Signature {names}>{info}<ds:SignatureValue/><ds:KeyInfo>{message.key_info}</ds:KeyInfo></ds:Signature>"
    )
    signature = etree.fromstring(written)
    security(root).append(signature)
    kind = hashes.SHA1() if message.method.endswith("sha1") else hashes.SHA256()
    assert message.signer is not None
    signature[1].text = base64.b64encode(message.signer.sign(canonical(signature[0]), kind)).decode()


def _reference(root: etree._Element, name: str, message: Message) -> str:
    kind = "sha1" if message.digest == SHA1 else "sha256"
    said = base64.b64encode(hashlib.new(kind, canonical(by_id(root, name))).digest()).decode()
    applied = "".join(f'<ds:Transform Algorithm="{each}"/>' for each in message.transforms)
    return (
        f'<ds:Reference URI="#{name}"><ds:Transforms>{applied}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{message.digest}"/><ds:DigestValue>{said}</ds:DigestValue></ds:Reference>'
    )
