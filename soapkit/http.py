"""What of HTTP every answer needs, and what a request's Content-Type says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus

_PARAMETER = re.compile(r""";\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))""")


@cache
def status_line(status: int) -> str:
    """Write ``415 Unsupported Media Type``."""
    return f"{status} {HTTPStatus(status).phrase}"


@dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type: its lower-case ``name``, and the parameters that SOAP knows."""

    name: str
    charset: str | None = None
    action: str = ""


@lru_cache(maxsize=64)
def media_type(content_type: str) -> MediaType:
    """Read ``application/soap+xml; charset="utf-8"; action="urn:x"``; the first of equal parameters counts."""
    said = {name.lower(): quoted or plain for name, quoted, plain in reversed(_PARAMETER.findall(content_type))}
    name = content_type.partition(";")[0].strip().lower()
    return MediaType(name, said.get("charset"), said.get("action", ""))


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer, whole; ``status`` is the status line without the version."""

    status: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: HTTPStatus, content_type: str, body: bytes, *headers: tuple[str, str]) -> Response:
        """Give an answer with its type and length."""
        return cls(
            status_line(status.value),
            body,
            (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers),
        )
