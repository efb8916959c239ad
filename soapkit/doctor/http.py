"""HTTP requests of a visitor who does not trust what he visits: bounded, not redirected, credentials kept at home."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import urllib3

from soapkit.limits import Limits
from soapkit.transport import Reply

MOST = Limits(max_bytes=16 * 1024 * 1024)
"""How much is read of one answer."""


class Client:
    """Requests to ``address`` and what it leads to; nothing is retried.

    ``authorization`` goes to the origin (scheme, host, port) of ``address`` only: a WSDL may import from anywhere.
    Requests raise urllib3's HTTPError.
    """

    def __init__(self, address: str, authorization: str, authorities: Path | None, timeout: float) -> None:
        self._origin = _origin(address)
        self._address = address
        self._authorization = {"Authorization": authorization} if authorization else {}
        trusted = None if authorities is None else str(authorities)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout, ca_certs=trusted)

    def get(self, url: str) -> Reply:
        """Fetch a document."""
        return self._asked("GET", url, {})

    def post(self, envelope: bytes) -> Reply:
        """Call the service."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return self._asked("POST", self._address, headers, envelope)

    def _asked(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
        credentials = self._authorization if _origin(url) == self._origin else {}
        with self._pool.request(
            method, url, body=body, headers={**headers, **credentials}, redirect=False, preload_content=False
        ) as answer:
            return Reply(answer.status, answer.read(MOST.max_bytes + 1), answer.headers)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
