"""Which character set a document is in: its mark says so first, then HTTP, then its declaration (RFC 7303, 3)."""

from __future__ import annotations

import codecs
import re

from soapkit.faults import Refused

_NAMES = {
    "UTF-8": ("utf8",),
    "US-ASCII": ("ascii",),
    "UTF-16": ("utf16",),
    "UTF-16LE": (),
    "UTF-16BE": (),
    "ISO-8859-1": ("iso8859-1", "iso_8859-1", "latin1", "latin-1"),
    "windows-1252": ("cp1252",),
}
_SERVED = {each.lower(): name for name, others in _NAMES.items() for each in (name, *others)}
_ORDINARY = re.compile(rb"<[^\0]").match
_MARKS = (  # the longer ones first
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "UTF-16BE"),
    (b"<\0", "UTF-16LE"),  # no mark, but what a document begins with (XML 1.0, appendix F)
    (b"\0<", "UTF-16BE"),
)


def readable(data: bytes, charset: str | None) -> tuple[bytes, str | None]:
    """Return the document, and the character set to parse it in; None leaves that to its declaration.

    UTF-16 is turned into UTF-8, so that all that looks at bytes afterwards sees one byte for ``<``. ``charset`` is
    HTTP's. Raises Refused, ``charset``, for one that is not served.
    """
    named = _served(charset) if charset else None
    found = named if _ORDINARY(data) else _marked(data) or named
    if found in ("UTF-16", "UTF-16LE", "UTF-16BE"):
        return _decoded(data, found).encode(), "UTF-8"
    return data, found


def is_served(declared: str) -> bool:
    """Tell whether a character set, as a declaration names it, is read here."""
    return declared.lower() in _SERVED


def _marked(data: bytes) -> str | None:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _served(name)
    return None


def _served(charset: str) -> str:
    name = _SERVED.get(charset.strip("\"' ").lower())
    if name is None:
        raise Refused("charset", "This character set is not supported")
    return name


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode("UTF-16BE" if charset == "UTF-16" else charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Refused("charset", "The text is not in the character set it declares") from error
