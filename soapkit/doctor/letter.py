"""A request as somebody pastes it: an envelope alone, a raw HTTP request, or what ``curl -v`` printed."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPException, parse_headers

_CURL_LINE = re.compile(rb"^(?:[*{}] .*|< .*|<(?=\r?$))\r?\n?", re.MULTILINE)
_SENT = re.compile(rb"^> ?", re.MULTILINE)
_START_LINE = re.compile(rb"^([A-Z]+) (\S+) (HTTP/\d\.\d)\r?\n")
_HEADER = re.compile(rb"^[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


class Unreadable(ValueError):
    """What was pasted is no request; the text says why."""


@dataclass(frozen=True, slots=True)
class Letter:
    """``headers`` is None when none were pasted: nothing is said of what is not known. Names are in lower case."""

    body: bytes
    headers: Mapping[str, str] | None = None
    method: str = "POST"
    target: str = field(default="", compare=False)

    def header(self, name: str) -> str:
        """Return a header's value, empty when it is not there."""
        return (self.headers or {}).get(name.lower(), "")

    def with_header(self, name: str, value: str | None) -> Letter:
        """Return the letter with another value of a header; None takes it away."""
        kept = {key: each for key, each in (self.headers or {}).items() if key != name.lower()}
        return replace(self, headers=kept if value is None else {**kept, name.lower(): value})

    def with_body(self, body: bytes) -> Letter:
        """Return the letter with another body."""
        return replace(self, body=body)


def read(pasted: bytes) -> Letter:
    """Take apart what was pasted. Raises Unreadable when there is no body in it."""
    text = _without_curl(pasted)
    if not text.strip():
        raise Unreadable("Nothing was pasted")
    started = _START_LINE.match(text)
    if started is None and not _HEADER.match(text):
        return Letter(text)
    method, target = (started[1].decode(), started[2].decode("latin-1")) if started else ("POST", "")
    head, body = _apart(text[started.end() :] if started else text)
    return Letter(body, _headers(head), method, target)


def _without_curl(pasted: bytes) -> bytes:
    """Drop what ``curl -v`` says for itself and what it received, and the mark before what it sent."""
    if not re.search(rb"^> [A-Z]+ \S+ HTTP/", pasted, re.MULTILINE):
        return pasted
    return _SENT.sub(b"", _CURL_LINE.sub(b"", pasted)).lstrip()


def _apart(text: bytes) -> tuple[bytes, bytes]:
    ended = _BLANK_LINE.search(text)
    if ended is None:
        raise Unreadable("There are HTTP headers, but no empty line and no message after them")
    return text[: ended.start()], text[ended.end() :]


def _headers(head: bytes) -> Mapping[str, str]:
    try:
        read_in = parse_headers(io.BytesIO(head + b"\r\n\r\n"))
    except HTTPException as error:
        raise Unreadable(f"The HTTP headers cannot be read: {error}") from error
    return {name.lower(): value for name, value in read_in.items()}
