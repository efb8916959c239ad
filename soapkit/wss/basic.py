"""HTTP Basic (RFC 7617): as a proof of its own for SOAP calls, and as the guard of pages."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TypeAlias
from wsgiref.types import WSGIEnvironment

from soapkit.exchange import Caller
from soapkit.faults import Refused
from soapkit.wss.authentication import Authenticator
from soapkit.wss.peers import Peers
from soapkit.wss.refusals import Code, HttpHeaders, not_authenticated

Guard: TypeAlias = Callable[[WSGIEnvironment], None]
UNAUTHORIZED = 401
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"basic\s+([A-Za-z0-9+/=_-]+)\s*", re.IGNORECASE)


def challenge(realm: str) -> HttpHeaders:
    """Return the header that asks for a name and a password."""
    quoted = realm.replace("\\", "\\\\").replace('"', '\\"')
    return (("WWW-Authenticate", f'Basic realm="{quoted}", charset="UTF-8"'),)


def missing(realm: str) -> Refused:
    """Make the refusal of a request that proves nothing."""
    text = "The caller must authenticate"
    subcode = Code.INVALID_SECURITY.value
    return Refused("authentication", text, status=UNAUTHORIZED, subcode=subcode, http_headers=challenge(realm))


def presented(environ: WSGIEnvironment, realm: str) -> tuple[str, str] | None:
    """Return the name and password of an Authorization header; None without one, Refused (401) for a broken one."""
    header = str(environ.get("HTTP_AUTHORIZATION") or "")
    if not header.strip():
        return None
    found = _SCHEME.fullmatch(header.strip())
    try:
        name, colon, password = (
            base64.b64decode(found[1], validate=True).decode().partition(":") if found else ("",) * 3
        )
    except (binascii.Error, ValueError):
        colon = ""
    if not colon or not name or _CONTROL.search(name):  # RFC 7617, 2; and no database keeps a NUL alike
        raise not_authenticated(status=UNAUTHORIZED, http_headers=challenge(realm))
    return name, password


def authenticate(authenticator: Authenticator, environ: WSGIEnvironment, address: str, realm: str) -> Caller | None:
    """Prove by the Authorization header; None when there is none. Raises Refused: 401, or 503 when throttled."""
    found = presented(environ, realm)
    if found is None:
        return None
    try:
        return authenticator.by_password(*found, address, how="basic")
    except Refused as error:
        if error.rule != "authentication":
            raise
        raise not_authenticated(status=UNAUTHORIZED, http_headers=challenge(realm)) from error


def guard(authenticator: Authenticator, *, realm: str, peers: Peers | None = None) -> Guard:
    """Return what lets only known users see a page: it raises Refused (401, WWW-Authenticate; 503, Retry-After)."""
    known = peers or Peers()

    def check(environ: WSGIEnvironment) -> None:
        if authenticate(authenticator, environ, known.address(environ), realm) is None:
            raise missing(realm)

    return check
