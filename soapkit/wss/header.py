"""The security header that is for us: found by place, taken apart by name, nothing in it twice and nothing unknown."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from soapkit.versions import Version
from soapkit.wss.names import BINARY_TOKEN, EARLIER, SECURITY_HEADERS, SIGNATURE, TIMESTAMP, WSSE
from soapkit.wss.refusals import Code, refused

_USERNAME_TOKENS = frozenset(f"{{{namespace}}}UsernameToken" for namespace in (WSSE, *EARLIER))
_KNOWN = _USERNAME_TOKENS | {BINARY_TOKEN, TIMESTAMP, SIGNATURE}


@dataclass(frozen=True, slots=True)
class SecurityHeader:
    """The header's parts; each is there at most once. ``place`` counts all Security headers before it, from 1."""

    element: etree._Element
    place: int
    username: etree._Element | None = None
    certificate: etree._Element | None = None
    timestamp: etree._Element | None = None
    signature: etree._Element | None = None


def find(root: etree._Element, version: Version) -> SecurityHeader | None:
    """Find the Security header for us in an envelope that is known to be well shaped.

    Raises Refused (wsse:InvalidSecurity) for two of them, or something twice inside, and
    wsse:UnsupportedSecurityToken for what is not understood in it.
    """
    blocks = [block for header in root.iterchildren(version.header) for block in header]
    ours = [
        block
        for block in blocks
        if block.tag in SECURITY_HEADERS and block.get(version.role, "").strip() in version.roles
    ]
    if len(ours) > 1:
        text = "Only one Security header may be meant for the receiver"
        raise refused(Code.INVALID_SECURITY, "security-header", text, ours[1])
    return _parted(ours[0], blocks) if ours else None


def _parted(header: etree._Element, blocks: list[etree._Element]) -> SecurityHeader:
    same = [block for block in blocks if block.tag == header.tag]
    for child in header:
        if child.tag not in _KNOWN:
            text = f"Security tokens of the kind {etree.QName(child).localname} are not supported"
            raise refused(Code.UNSUPPORTED_TOKEN, "security-token", text, child)
    return SecurityHeader(
        header,
        same.index(header) + 1,
        username=_single(header, *_USERNAME_TOKENS),
        certificate=_single(header, BINARY_TOKEN),
        timestamp=_single(header, TIMESTAMP),
        signature=_single(header, SIGNATURE),
    )


def _single(header: etree._Element, *tags: str) -> etree._Element | None:
    found = [child for child in header if child.tag in tags]
    if len(found) > 1:
        text = f"A Security header holds at most one {etree.QName(found[1]).localname}"
        raise refused(Code.INVALID_SECURITY, "security-header", text, found[1])
    return found[0] if found else None
