"""Where a document says that others are, and where the service is.

Found in the bytes, so that all else stays as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

_LOCATION = re.compile(
    rb"""(<(?:[\w.-]+:)?(?:import|include|redefine)\b[^<>]*?\s(?:schemaLocation|location)\s*=\s*)(["'])(.*?)\2"""
)
_ADDRESS = re.compile(rb"""(<(?:[\w.-]+:)?address\b[^<>]*?\slocation\s*=\s*)(["'])(.*?)\2""")


def at(document: bytes, address: str) -> bytes:
    """Return a WSDL with the address of its ports set."""
    return _ADDRESS.sub(lambda found: found[1] + _quoted(address), document)


def linked(document: bytes, target: Callable[[str], str | None]) -> bytes:
    """Return a document whose imports and includes lead to what ``target`` says; None leaves one as it is."""

    def link(found: re.Match[bytes]) -> bytes:
        location = target(found[3].decode())
        return found[0] if location is None else found[1] + _quoted(location)

    return _LOCATION.sub(link, document)


def _quoted(value: str) -> bytes:
    return f'"{escape(value)}"'.encode()
