"""Answers to GET that need not be sent twice: ETag and Last-Modified (RFC 9110, 13)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from wsgiref.types import WSGIEnvironment

from soapkit.http import Response, status_line


def answer(
    environ: WSGIEnvironment,
    content_type: str,
    body: bytes,
    modified: datetime,
    *headers: tuple[str, str],
    private: bool = False,
) -> Response:
    """Answer ``body``, or 304 where the client has it: the entity tag decides, the date only when there is none.

    Anybody may keep an answer but must ask each time; nobody but the client a ``private`` one.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    about = (
        ("ETag", tag),
        ("Last-Modified", format_datetime(modified.astimezone(UTC), usegmt=True)),
        ("Cache-Control", "private, no-cache" if private else "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        *headers,
    )
    if _known(environ, tag, modified):
        return Response(status_line(HTTPStatus.NOT_MODIFIED), b"", about)
    return Response.of(HTTPStatus.OK, content_type, body, *about)


def _known(environ: WSGIEnvironment, tag: str, modified: datetime) -> bool:
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return any(each.strip().removeprefix("W/") in (tag, "*") for each in tags.split(","))
    try:
        since = parsedate_to_datetime(environ.get("HTTP_IF_MODIFIED_SINCE", ""))
    except ValueError:
        return False
    return modified <= (since if since.tzinfo else since.replace(tzinfo=UTC))
