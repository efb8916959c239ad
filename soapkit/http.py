"""What of HTTP every answer needs."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer, whole; ``status`` is the status line without the version."""

    status: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, status: HTTPStatus, content_type: str, body: bytes, *headers: tuple[str, str]) -> Response:
        """Give an answer with its type and length."""
        line = f"{status.value} {status.phrase}"
        return cls(line, body, (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers))
