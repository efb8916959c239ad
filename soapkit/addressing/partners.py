"""When two addresses are the same endpoint: scheme, host, port and path, and the query if there is one.

Nothing is resolved or decoded. A user, a fragment, or a character that RFC 3986 forbids makes an address nobody's.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_PORTS = {"http": 80, "https": 443}

Endpoint = tuple[str, str, int, str, str]


def endpoint(address: str) -> Endpoint | None:
    """Return what identifies ``address``; None for one that is no plain http or https address."""
    if not _URI.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or "#" in address:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme], parts.path or "/", parts.query


def same_address(one: str, other: str) -> bool:
    """Tell whether two addresses are the same endpoint.

    >>> same_address("HTTP://Partner.example:80/replies", "http://partner.example/replies")
    True
    >>> same_address("http://partner.example@evil.example/replies", "http://partner.example/replies")
    False
    """
    found = endpoint(one)
    return found is not None and found == endpoint(other)


def is_iri(text: str) -> bool:
    """Tell whether ``text`` is an absolute IRI, as far as its shape goes: a scheme, then no blanks or control codes."""
    scheme, colon, rest = text.partition(":")
    plain = scheme.isascii() and scheme[:1].isalpha() and all(c.isalnum() or c in "+.-" for c in scheme)
    return bool(colon and rest) and plain and not any(c.isspace() or not c.isprintable() for c in rest)
