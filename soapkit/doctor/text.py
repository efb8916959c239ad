"""Looks at a message that is no well-formed XML as text, for the mistakes that are made again and again."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from soapkit.doctor.finding import Finding, Verdict

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class _Mistake:
    """``found`` returns where in the text it is made."""

    found: Callable[[bytes], re.Match[bytes] | None]
    text: str
    produced_by: str
    change: str


_MISTAKES = (
    _Mistake(
        re.compile(rb"\s+<\?xml\s").match,
        "There is white space before the XML declaration, which must be the very first thing",
        "templates (PHP, JSP, here-documents) that print a line break first",
        "Trim the message before it is sent",
    ),
    _Mistake(
        re.compile(rb"<\?xml\s(?:(?!\?>).)*\?>.*?<\?xml\s", re.DOTALL).match,
        "There is a second XML declaration inside the message",
        "an XML document pasted into a template, declaration included",
        "Take the inner <?xml …?> away",
    ),
    _Mistake(
        re.compile(rb"&(?!(?:amp|lt|gt|apos|quot);)[A-Za-z][A-Za-z0-9]*;").search,
        "It uses a named entity of HTML, which XML does not know",
        "text that comes from web pages (&nbsp; &uuml; &euro;)",
        "Write the character itself, or its number: &#160;",
    ),
    _Mistake(
        re.compile(rb"&(?![A-Za-z#])|&(?![A-Za-z0-9#]+;)").search,
        "There is a bare & in it",
        "messages put together as text (AT&T, query strings)",
        "Write &amp;, or let an XML library write the message",
    ),
    _Mistake(
        re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]").search,
        "There is a control character in it, which XML 1.0 cannot carry",
        "values copied out of fixed-width files and terminals",
        "Strip control characters from values",
    ),
    _Mistake(
        re.compile(rb"\xe2\x80\x9c|\xe2\x80\x9d|=\s*\xe2\x80").search,
        "There are typographic quotation marks in it, which are no delimiters of attributes",
        "examples copied out of word processors and web pages",
        "Write \" or '",
    ),
)


def mistakes(message: bytes) -> Iterator[Finding]:
    """Find the usual mistakes in a message that cannot be parsed."""
    if message.startswith(_BYTE_ORDER_MARKS[1:]):
        return  # sixteen bits a character: nothing below would match
    for mistake in _MISTAKES:
        if (found := mistake.found(message)) is not None:
            line = message.count(b"\n", 0, found.end()) + 1
            yield Finding(
                "well-formed",
                Verdict.FAILED,
                mistake.text,
                line=line,
                produced_by=mistake.produced_by,
                change=mistake.change,
            )
