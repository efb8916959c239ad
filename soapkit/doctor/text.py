"""Looks at a message that is no well-formed XML as text, for the mistakes that are made again and again."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from soapkit.doctor.finding import Finding, Verdict

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)""")


@dataclass(frozen=True, slots=True)
class _Mistake:
    """``found`` returns where in the text it is made."""

    found: Callable[[bytes], re.Match[bytes] | None]
    text: str
    produced_by: str
    change: str


def _not_utf_8(message: bytes) -> re.Match[bytes] | None:
    """Match up to the first byte that is no UTF-8, unless another character set is declared."""
    declared = _ENCODING.match(message)
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8"):
        return None
    try:
        message.decode()
    except UnicodeDecodeError as error:
        return re.compile(rb".{%d}" % error.start, re.DOTALL).match(message)
    return None


_NO_MESSAGE = (
    _Mistake(
        re.compile(rb"\s*\Z").match,
        "There is no message: the body of the request is empty",
        "a redirect that the client followed without the body, curl -d @file with a wrong file name, a stream that "
        "was read before",
        "POST to the address that the WSDL names, http or https as it stands there; send the message again",
    ),
    _Mistake(
        re.compile(rb"\x1f\x8b").match,
        "It is packed with gzip",
        "clients that compress requests",
        "Send it uncompressed, or where the service allows it say Content-Encoding: gzip",
    ),
    _Mistake(
        re.compile(rb"\s*--[^\r\n]+\r?\n[A-Za-z-]+:").match,
        "It is a multipart message: the envelope is one part of it",
        "MTOM or attachments (CXF, WCF, Axis2)",
        "Switch MTOM off; attachments are not taken",
    ),
    _Mistake(
        re.compile(rb"\s*[{\[]").match,
        "It is JSON",
        "REST clients",
        "Send a SOAP envelope; the page of the service shows one for each operation",
    ),
    _Mistake(
        re.compile(rb"\s*(?:<!doctype\s+)?<?html\b", re.IGNORECASE).match,
        "It is an HTML page",
        "a page for people (login, error of a proxy) that was saved instead of the request",
        "Capture what your client sends, not what it receives",
    ),
)
"""What is no envelope at all: looked at alone, for nothing else that could be said of it would help."""

_MISTAKES = (
    _Mistake(
        _not_utf_8,
        "It says that it is UTF-8, or says nothing, which means the same, and holds other bytes",
        "programs that write the platform's character set (windows-1252, ISO-8859-1): getBytes() without a charset",
        "Encode as UTF-8, or declare the character set that is really used",
    ),
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
    chosen = [mistake for mistake in _NO_MESSAGE if mistake.found(message)][:1] or _MISTAKES
    for mistake in chosen:
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
