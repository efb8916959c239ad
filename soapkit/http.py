"""What of HTTP a SOAP message needs: its media type, its bytes, and answers."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus
from typing import cast
from wsgiref.types import WSGIEnvironment

from soapkit.faults import Refused
from soapkit.limits import Limits
from soapkit.versions import BY_MEDIA_TYPE, Version

_PARAMETER = re.compile(r""";\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))""")
_LONGEST_NUMBER = 18
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer, whole; ``status`` is the status line without the version."""

    status: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: HTTPStatus, content_type: str, body: bytes, *headers: tuple[str, str]) -> Response:
        """Give an answer with its type and length."""
        given = (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers)
        return cls(status_line(status.value), body, given)


@cache
def status_line(status: int) -> str:
    """Write ``415 Unsupported Media Type``."""
    return f"{status} {HTTPStatus(status).phrase}"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type: its lower-case ``name``, the version of SOAP whose it is, the parameters that SOAP knows."""

    name: str
    version: Version | None
    charset: str | None
    action: str


@lru_cache(maxsize=64)
def media_type(content_type: str) -> MediaType:
    """Read ``application/soap+xml; charset="utf-8"; action="urn:x"``; the first of equal parameters counts."""
    said = {name.lower(): quoted or plain for name, quoted, plain in reversed(_PARAMETER.findall(content_type))}
    name = content_type.partition(";")[0].strip().lower()
    return MediaType(name, BY_MEDIA_TYPE.get(name), said.get("charset"), said.get("action", ""))


def media_of(environ: WSGIEnvironment) -> MediaType:
    """Return the media type of a request."""
    return media_type(environ.get("CONTENT_TYPE") or "")


def check_media(media: MediaType, version: Version | None = None) -> None:
    """Refuse with 415 (WS-I R1115) a media type that is not SOAP's, or not that of the ``version`` of the envelope."""
    if media.version is None:
        raise Refused("content-type", f"The content type must be {' or '.join(BY_MEDIA_TYPE)}", status=415)
    if version and media.version is not version:
        text = f"The envelope is one of {version.media_type}, the content type says {media.name}"
        raise Refused("content-type", text, path="/Envelope", status=415)


def message_of(environ: WSGIEnvironment, limits: Limits) -> bytes:
    """Read the message, bounded, and unpack it where that is allowed.

    Raises Refused: ``content-length``, ``max-bytes`` (413), ``content-encoding`` (415).
    """
    packing = (environ.get("HTTP_CONTENT_ENCODING") or "identity").strip().lower()
    if packing not in ("", "identity") and not (packing in ("gzip", "x-gzip") and limits.accept_gzip):
        understood = (("Accept-Encoding", "gzip" if limits.accept_gzip else "identity"),)
        text = f"A message must not be packed with anything but {understood[0][1]}"
        raise Refused("content-encoding", text, status=415, http_headers=understood)
    data = _read(environ, limits)
    return data if packing in ("", "identity") else _unpacked(data, limits)


def _read(environ: WSGIEnvironment, limits: Limits) -> bytes:
    """Read as much as the Content-Length says; without one, what comes until the server says that it ended."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared and not (declared.isascii() and declared.isdecimal() and len(declared) <= _LONGEST_NUMBER):
        raise Refused("content-length", "The Content-Length is not a number")
    length = int(declared) if declared else 0
    if length > limits.max_bytes:
        raise limits.too_large()
    if not declared and not environ.get("wsgi.input_terminated"):
        return b""
    data = cast("bytes", environ["wsgi.input"].read(length if declared else limits.max_bytes + 1))
    if len(data) > limits.max_bytes:
        raise limits.too_large()
    if len(data) < length:
        raise Refused("content-length", "The message ends before its Content-Length")
    return data


def _unpacked(data: bytes, limits: Limits) -> bytes:
    """Unpack gzip up to the limit: what would become larger is not unpacked further."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacking.decompress(data, limits.max_bytes + 1)
    except zlib.error as error:
        raise Refused("content-encoding", "The message is not packed with gzip") from error
    if len(unpacked) > limits.max_bytes:
        raise limits.too_large()
    if not unpacking.eof or unpacking.unused_data:
        raise Refused("content-encoding", "The packed message is cut off, or followed by more")
    return unpacked
