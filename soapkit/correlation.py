"""The id that a call goes by, in the log, in its answer and in what is called because of it."""

from __future__ import annotations

import re
import uuid
from wsgiref.types import WSGIEnvironment

from soapkit.envelope import Parts
from soapkit.service import Service

_SANE = re.compile(r"[A-Za-z0-9._:/+=@#~-]{1,128}")
_MESSAGE_IDS = frozenset(
    (
        "{http://www.w3.org/2005/08/addressing}MessageID",
        "{http://schemas.xmlsoap.org/ws/2004/08/addressing}MessageID",
    )
)


def of_request(environ: WSGIEnvironment) -> str:
    """Return the X-Correlation-Id of a request, or a new id where that is missing or not sane."""
    return sane(environ.get("HTTP_X_CORRELATION_ID")) or str(uuid.uuid4())


def of_message(parts: Parts, service: Service) -> str | None:
    """Return the id that the message itself says: WS-Addressing's MessageID, else what the product finds in the body.

    None where there is none, or none that can be told anybody: what is not sane may not travel.
    """
    for block in parts.headers:
        if block.tag in _MESSAGE_IDS and (said := sane(block.text)):
            return said
    return sane(service.correlate(parts.body)) if service.correlate else None


def sane(found: str | None) -> str | None:
    """Return an id that may travel in HTTP headers and logs; None for any other."""
    found = (found or "").strip()
    return found if _SANE.fullmatch(found) else None
