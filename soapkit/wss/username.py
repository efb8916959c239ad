"""The UsernameToken (Web Services Security UsernameToken Profile 1.0): a name, and a password as text or as digest.

<wsse:UsernameToken>
  <wsse:Username>osm</wsse:Username>
  <wsse:Password Type="…#PasswordDigest">weYI3nXd8LjMNVksCKFV8t3rgHh3Rw==</wsse:Password>
  <wsse:Nonce>WScqanjCEAC4mQoBE07sAQ==</wsse:Nonce>
  <wsu:Created>2026-11-20T10:00:00Z</wsu:Created>
</wsse:UsernameToken>
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from soapkit.wss.freshness import read_time
from soapkit.wss.names import BASE64, PASSWORD_DIGEST, PASSWORD_TEXT
from soapkit.wss.refusals import Code, refused

_TYPES = {
    None: False,
    PASSWORD_TEXT: False,
    "wsse:PasswordText": False,
    PASSWORD_DIGEST: True,
    "wsse:PasswordDigest": True,
}
"""Whether a Password of this Type is a digest; the drafts wrote a QName."""

_LONGEST_NAME = 256
_LONGEST_NONCE = 1024
_SHORTEST_NONCE = 8


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """A token, read. ``created`` is the text as it came: the digest is made of it; ``made_at`` is what it means."""

    element: etree._Element = field(repr=False)
    name: str
    password: str = field(repr=False)
    digest: bool
    nonce: bytes = field(repr=False)
    created: str
    made_at: datetime | None

    @property
    def replay_key(self) -> str:
        """Return what a second message with this nonce would have in common with this one; 64 hex digits.

        Nothing stands between nonce and Created, as in the digest: white space that moves from one to the other leaves
        the digest right, and the token the same.
        """
        made = self.name.encode() + b"\0" + self.nonce + self.created.encode()
        return hashlib.sha256(b"username-token\0" + made).hexdigest()


def read(token: etree._Element) -> UsernameToken:
    """Read a token. Raises Refused (wsse:InvalidSecurity, wsse:UnsupportedSecurityToken) for one that is no token."""
    name, password = _child(token, "Username"), _child(token, "Password")
    nonce, created = _child(token, "Nonce"), _child(token, "Created")
    if name is None or not 0 < len(_text(name)) <= _LONGEST_NAME:
        raise refused(Code.INVALID_SECURITY, "username-token", "A UsernameToken needs a Username", token)
    if password is None:
        raise refused(Code.INVALID_SECURITY, "username-token", "A UsernameToken needs a Password", token)
    kind = password.get("Type")
    if kind not in _TYPES:
        text = "A Password is of type PasswordText or PasswordDigest"
        raise refused(Code.UNSUPPORTED_TOKEN, "username-token", text, password)
    if _TYPES[kind] and (nonce is None or created is None):
        text = "A PasswordDigest needs a Nonce and Created beside it"
        raise refused(Code.INVALID_SECURITY, "username-token", text, token)
    return UsernameToken(
        token,
        _text(name).strip(),
        _text(password),
        _TYPES[kind],
        b"" if nonce is None else _nonce(nonce),
        "" if created is None else _text(created),
        None if created is None else read_time(created),
    )


def digest(nonce: bytes, created: str, password: str) -> str:
    """Return Base64(SHA-1(nonce + created + password)), what a PasswordDigest says (profile 1.0, section 3.1)."""
    made = hashlib.sha1(
        nonce + created.encode() + password.encode(), usedforsecurity=False
    )  # the profile knows no other
    return base64.b64encode(made.digest()).decode()


def _child(token: etree._Element, name: str) -> etree._Element | None:
    found = [child for child in token if etree.QName(child).localname == name]
    if len(found) > 1:
        raise refused(Code.INVALID_SECURITY, "username-token", f"A UsernameToken holds one {name}", found[1])
    return found[0] if found else None


def _text(element: etree._Element) -> str:
    if len(element):
        name = etree.QName(element).localname
        raise refused(Code.INVALID_SECURITY, "username-token", f"{name} holds text and no elements", element)
    return element.text or ""


def _nonce(element: etree._Element) -> bytes:
    text = _text(element).strip()
    if element.get("EncodingType", BASE64) not in (BASE64, "wsse:Base64Binary") or len(text) > _LONGEST_NONCE:
        raise refused(Code.INVALID_SECURITY, "nonce", "A Nonce is written in Base64", element)
    try:
        nonce = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refused(Code.INVALID_SECURITY, "nonce", "A Nonce is written in Base64", element) from None
    if len(nonce) < _SHORTEST_NONCE:
        text = f"A Nonce has at least {_SHORTEST_NONCE} bytes"
        raise refused(Code.INVALID_SECURITY, "nonce", text, element)
    return nonce
