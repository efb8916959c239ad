"""XML signatures of a message (SOAP Message Security 1.0, chapter 8), verified with signxml.

A signature that verifies says that *some* elements were signed. What matters is whether they are the very elements
that will be processed, so that is settled first and by place: a reference may only name the Body of this envelope, a
block of its Header, or a token or the Timestamp of our own Security header, by a wsu:Id that nothing else in the
document bears. Then signxml verifies, and what it verified must be, byte for byte, the canonical form of those
elements.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from soapkit.versions import Version
from soapkit.wss.header import SecurityHeader
from soapkit.wss.names import (
    DS,
    EXC_C14N,
    ID,
    KEY_INFO,
    REFERENCE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TOKEN_REFERENCE,
    WSU,
    X509_V3,
)
from soapkit.wss.refusals import Code, refused

_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_MOST_REFERENCES = 10
_LONGEST_PREFIX_LIST = 1024
_IDS = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']", smart_strings=False)
_WSU_IDS = etree.XPath("//@u:Id", namespaces={"u": WSU}, smart_strings=False)


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What a signature may be made with. ``sha1`` also allows rsa-sha1 and the digest sha1, for old stacks."""

    sha1: bool = False

    @property
    def methods(self) -> frozenset[SignatureMethod]:
        """The signature methods allowed."""
        return _METHODS | {SignatureMethod.RSA_SHA1} if self.sha1 else _METHODS

    @property
    def digests(self) -> frozenset[DigestAlgorithm]:
        """The digest methods allowed."""
        return _DIGESTS | {DigestAlgorithm.SHA1} if self.sha1 else _DIGESTS


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference to ``element``; ``prefixes`` is its InclusiveNamespaces."""

    element: etree._Element
    prefixes: list[str] | None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a verified signature covers, as elements of the tree that is processed; ``key`` tells a replay."""

    elements: tuple[etree._Element, ...] = field(repr=False)
    key: str

    def covers(self, element: etree._Element) -> bool:
        """Tell whether this very element was signed."""
        return any(each is element for each in self.elements)


def verify(
    root: etree._Element,
    version: Version,
    header: SecurityHeader,
    certificate: x509.Certificate,
    *,
    algorithms: Algorithms,
    now: datetime,
) -> Signed:
    """Verify the header's signature with the key of ``certificate``, whose trust is somebody else's business.

    Raises Refused: wsse:InvalidSecurity for its shape, wsse:UnsupportedAlgorithm, wsse:FailedCheck.
    """
    signature = header.signature
    assert signature is not None  # noqa: S101 - the caller looks before it asks
    info = _checked_shape(signature)
    _check_key_info(signature, header)
    _check_methods(info, algorithms)
    references = _references(info, _targets(root, version, header), algorithms)
    config = SignatureConfiguration(
        location=f"./{version.header}/{header.element.tag}[{header.place}]/",
        expect_references=len(references),
        signature_methods=algorithms.methods,
        digest_algorithms=algorithms.digests,
        verification_time=now,
    )
    _check_same(signature, references, _verified(root, certificate, config, signature))
    made = _canonical(info, None) + certificate.public_bytes(Encoding.DER)
    return Signed(tuple(each.element for each in references), hashlib.sha256(b"signature\0" + made).hexdigest())


def _verified(
    root: etree._Element, certificate: x509.Certificate, config: SignatureConfiguration, signature: etree._Element
) -> list[VerifyResult]:
    try:
        # without its schema, which knows no InclusiveNamespaces, as WSS4J writes them: the shape was checked before
        found = XMLVerifier().verify(
            root, x509_cert=certificate, expect_config=config, parser=_parser(), validate_schema=False
        )
    except Exception as error:  # whatever the library raises, a message that was not verified is refused
        raise refused(Code.FAILED_CHECK, "signature", "The signature does not verify", signature) from error
    return found if isinstance(found, list) else [found]


def _parser() -> etree.XMLParser:
    """Make a parser for the copies that signxml works on: of what was parsed within bounds before."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _check_same(signature: etree._Element, references: list[_Reference], found: list[VerifyResult]) -> None:
    """Refuse a signature whose verified bytes are not those of the elements that will be processed."""
    same = len(found) == len(references) and all(
        one.signed_data == _canonical(reference.element, reference.prefixes)
        for one, reference in zip(found, references, strict=True)
    )
    if not same or _canonical(found[0].signature_xml, None) != _canonical(signature, None):
        raise refused(Code.FAILED_CHECK, "signature", "The signature is not of what would be processed", signature)


def _canonical(element: etree._Element, prefixes: list[str] | None) -> bytes:
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes, with_tail=False
    )


# ---- shape


def _checked_shape(signature: etree._Element) -> etree._Element:
    """Return SignedInfo; a signature holds that, SignatureValue and KeyInfo, and no Object."""
    if [child.tag for child in signature] != [SIGNED_INFO, SIGNATURE_VALUE, KEY_INFO]:
        text = "A Signature holds SignedInfo, SignatureValue and KeyInfo"
        raise refused(Code.INVALID_SECURITY, "signature", text, signature)
    _check_text(signature[1])
    info = signature[0]
    names = [child.tag for child in info]
    if names[:2] != [_ds("CanonicalizationMethod"), _ds("SignatureMethod")] or {_ds("Reference")} != set(names[2:]):
        text = "SignedInfo holds a CanonicalizationMethod, a SignatureMethod and References"
        raise refused(Code.INVALID_SECURITY, "signature", text, info)
    if len(names) - 2 > _MOST_REFERENCES:
        text = f"A signature has at most {_MOST_REFERENCES} references"
        raise refused(Code.INVALID_SECURITY, "signature-references", text, info)
    return info


def _check_key_info(signature: etree._Element, header: SecurityHeader) -> None:
    """Refuse a key that is anything but the BinarySecurityToken of the same header."""
    inside = list(signature[2].iter())[1:]
    token = header.certificate
    named = inside[1] if [each.tag for each in inside] == [TOKEN_REFERENCE, REFERENCE] else None
    own = None if token is None else token.get(ID)
    if named is None or not own or named.get("URI") != f"#{own}" or named.get("ValueType", X509_V3) != X509_V3:
        text = "The key of a signature is the X.509 BinarySecurityToken of the same header, referred to by its wsu:Id"
        raise refused(Code.TOKEN_UNAVAILABLE, "signature-key", text, signature[2])


def _check_methods(info: etree._Element, algorithms: Algorithms) -> None:
    _check_canonical(info[0])
    _check_algorithm(info[1], {method.value for method in algorithms.methods})
    _check_no_parameters(info[1])


def _check_no_parameters(element: etree._Element) -> None:
    if len(element):
        text = f"Parameters of a {etree.QName(element).localname} are not supported"
        raise refused(Code.UNSUPPORTED_ALGORITHM, "signature-algorithm", text, element)


def _check_text(element: etree._Element) -> None:
    if len(element) or not (element.text or "").strip():
        text = f"{etree.QName(element).localname} holds Base64, and nothing else"
        raise refused(Code.INVALID_SECURITY, "signature", text, element)


def _check_canonical(element: etree._Element) -> list[str] | None:
    """Check for exclusive canonicalization; return the prefixes of its InclusiveNamespaces."""
    _check_algorithm(element, {EXC_C14N})
    if not len(element):
        return None
    named = element[0].get("PrefixList", "")
    known = len(element) == 1 and element[0].tag == f"{{{EXC_C14N}}}InclusiveNamespaces" and not len(element[0])
    if not known or len(named) > _LONGEST_PREFIX_LIST:
        text = "Exclusive canonicalization takes one list of inclusive namespaces"
        raise refused(Code.INVALID_SECURITY, "signature", text, element)
    return [str(prefix) for prefix in named.split(" ")] if "PrefixList" in element[0].attrib else None


def _check_algorithm(element: etree._Element, allowed: set[str]) -> None:
    if element.get("Algorithm") not in allowed:
        text = f"This {etree.QName(element).localname} is not accepted"
        raise refused(Code.UNSUPPORTED_ALGORITHM, "signature-algorithm", text, element)


# ---- references


def _targets(root: etree._Element, version: Version, header: SecurityHeader) -> Mapping[str, etree._Element]:
    """Return what may be signed, by wsu:Id: known by their places in this envelope, and by nothing else."""
    repeated = [name for name, times in _counted(_WSU_IDS, root).items() if times > 1]
    if repeated:
        raise refused(Code.INVALID_SECURITY, "wsu-id", "Two elements bear the same wsu:Id", root)
    own = (header.username, header.certificate, header.timestamp)
    blocks = [block for block in root.iterchildren(version.header) for block in block if block is not header.element]
    places = (*root.iterchildren(version.body), *blocks, *(each for each in own if each is not None))
    names = _counted(_IDS, root)
    return {
        name: each for each in places if (name := each.get(ID)) and names[name] == 1
    }  # a value that any other attribute called id bears is ambiguous: it names nothing


def _counted(ids: etree.XPath, root: etree._Element) -> Counter[str]:
    return Counter(cast("list[str]", ids(root)))


def _references(
    info: etree._Element, targets: Mapping[str, etree._Element], algorithms: Algorithms
) -> list[_Reference]:
    found = [_reference(each, targets, algorithms) for each in list(info)[2:]]
    if len({id(each.element) for each in found}) < len(found):
        raise refused(Code.INVALID_SECURITY, "signature-references", "Two references name the same element", info)
    return found


def _reference(reference: etree._Element, targets: Mapping[str, etree._Element], algorithms: Algorithms) -> _Reference:
    uri = reference.get("URI") or ""
    element = targets.get(uri[1:]) if uri.startswith("#") else None
    if element is None:
        text = "A reference names, by a wsu:Id of its own, the Body, a header block, or a part of the Security header"
        raise refused(Code.FAILED_CHECK, "signature-references", text, reference)
    if [child.tag for child in reference] != [_ds("Transforms"), _ds("DigestMethod"), _ds("DigestValue")]:
        text = "A reference holds Transforms, a DigestMethod and a DigestValue"
        raise refused(Code.INVALID_SECURITY, "signature-references", text, reference)
    _check_text(reference[2])
    _check_algorithm(reference[1], {digest.value for digest in algorithms.digests})
    _check_no_parameters(reference[1])
    if [child.tag for child in reference[0]] != [_ds("Transform")]:
        text = "A reference has one transform: exclusive canonicalization"
        raise refused(Code.UNSUPPORTED_ALGORITHM, "signature-transforms", text, reference[0])
    return _Reference(element, _check_canonical(reference[0][0]))


def _ds(name: str) -> str:
    return f"{{{DS}}}{name}"
