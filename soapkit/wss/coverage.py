"""What a signature of a message must have to do with the message: whose key it is, and what it may not leave out."""

from __future__ import annotations

from cryptography import x509
from lxml import etree

from soapkit.versions import Version
from soapkit.wss import trust
from soapkit.wss.header import SecurityHeader
from soapkit.wss.names import BASE64, X509_V3
from soapkit.wss.refusals import Code, refused
from soapkit.wss.signature import Signed


def certificate_of(found: SecurityHeader) -> x509.Certificate:
    """Read the BinarySecurityToken beside a signature. Raises Refused."""
    token = found.certificate
    if token is None:
        text = "A signature needs the X.509 BinarySecurityToken of its key beside it"
        raise refused(Code.TOKEN_UNAVAILABLE, "signature-key", text, found.signature)
    if token.get("ValueType") != X509_V3 or token.get("EncodingType", BASE64) != BASE64:
        text = "A BinarySecurityToken is an X509v3 certificate in Base64"
        raise refused(Code.UNSUPPORTED_TOKEN, "binary-security-token", text, token)
    try:
        return trust.from_base64("" if len(token) else token.text or "")
    except trust.Untrusted as error:
        text = "The BinarySecurityToken holds no certificate that can be read"
        raise refused(Code.INVALID_TOKEN, "binary-security-token", text, token) from error


def check(
    root: etree._Element, version: Version, found: SecurityHeader, signed: Signed, body: etree._Element | None
) -> None:
    """Refuse (wsse:FailedCheck) a signature without Body, Timestamp or UsernameToken, or of a Body not processed.

    ``body`` is the Body that is processed: it must be the one there is.
    """
    bodies = root.findall(version.body)
    for element in (*bodies, found.timestamp, found.username):
        if element is not None and not signed.covers(element):
            text = f"The signature does not cover {etree.QName(element).localname}"
            raise refused(Code.FAILED_CHECK, "signature-references", text, element)
    if len(bodies) != 1 or body is not bodies[0]:
        raise refused(Code.FAILED_CHECK, "signature", "The signature is not of what would be processed", root)
