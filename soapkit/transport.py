"""How envelopes travel: through a urllib3 pool, or into a WSGI application here. Both are zeep transports too."""

from __future__ import annotations

import io
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

import urllib3
import zeep
from lxml import etree

from soapkit.faults import NoAnswer, Unreachable

_CHARSET = re.compile(r"""charset\s*=\s*"?([^\s;"]+)""", re.IGNORECASE)
_XML_TYPES = frozenset(("text/xml", "application/xml", "application/soap+xml"))
_NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
)
_POOLED_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait for a connection, and for each read of the answer."""

    connect: float
    read: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, read whole; shaped so that zeep can read it as well."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status_code(self) -> int:
        """The status, by the name zeep looks for."""
        return self.status

    @property
    def encoding(self) -> str:
        """The charset, by the name zeep looks for."""
        return self.charset or "utf-8"

    @property
    def is_xml(self) -> bool:
        """Whether the media type is one of SOAP's, or plain XML's."""
        return self._content_type.partition(";")[0].strip().lower() in _XML_TYPES

    @property
    def charset(self) -> str | None:
        """The charset that the Content-Type names."""
        named = _CHARSET.search(self._content_type)
        return named[1] if named else None

    @property
    def _content_type(self) -> str:
        return self.headers.get("Content-Type", "")


class LocalFiles(zeep.Transport):
    """Loads documents from local files only, whatever they refer to."""

    def load(self, url: str) -> bytes:
        """Read a file by path or file URL; anything else is refused with ValueError."""
        parts = urlsplit(str(url))
        if parts.scheme not in ("", "file"):
            raise ValueError(f"{url} is not a local file")
        return Path(unquote(parts.path)).read_bytes()


class Transport(LocalFiles, ABC):
    """Sends an envelope and returns what came back; zeep's own typed calls travel the same way. Never retries."""

    def __init__(self, timeout: Timeout) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # zeep's is untyped
        self.timeout = timeout

    @abstractmethod
    def send(self, address: str, message: bytes, headers: Mapping[str, str], timeout: Timeout) -> Reply:
        """Post ``message``. Raises Unreachable when nothing was sent, NoAnswer when the outcome is unknown."""

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> Reply:
        """Post for zeep."""
        return self.send(address, message, headers, self.timeout)

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> Reply:
        """Post an envelope that zeep built."""
        return self.post(address, etree.tostring(envelope, encoding="UTF-8", xml_declaration=True), headers)


class HttpTransport(Transport):
    """Posts through a urllib3 pool of its own: connections are kept and reused by all threads."""

    def __init__(self, timeout: Timeout, most_bytes: int, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(timeout)
        self._most_bytes = most_bytes
        self._pool = urllib3.PoolManager(maxsize=_POOLED_CONNECTIONS, retries=False, ssl_context=tls)

    def send(self, address: str, message: bytes, headers: Mapping[str, str], timeout: Timeout) -> Reply:
        """Post over HTTP; redirects are not followed."""
        waits = urllib3.Timeout(connect=timeout.connect, read=timeout.read)
        try:
            response = self._pool.urlopen(
                "POST", address, body=message, headers=headers, timeout=waits, redirect=False, preload_content=False
            )
            with response:
                content = response.read(self._most_bytes + 1)
                if len(content) <= self._most_bytes:  # else the connection ends here: a peer may never stop sending
                    response.drain_conn()
        except urllib3.exceptions.HTTPError as error:
            raise _failure(address, error) from error
        return Reply(response.status, content, response.headers)


class WsgiTransport(Transport):
    """Calls a WSGI application in this process: a test without a socket, a product within another."""

    def __init__(self, app: WSGIApplication, timeout: Timeout) -> None:
        super().__init__(timeout)
        self._app = app

    def send(self, address: str, message: bytes, headers: Mapping[str, str], timeout: Timeout) -> Reply:  # noqa: ARG002
        """Call the application; the time-out has no meaning here."""
        status, head, content = call_wsgi(self._app, "POST", address, message, headers)
        if int(head.get("Content-Length", len(content))) != len(content):
            raise NoAnswer(f"The connection to {address} ended without an answer")
        return Reply(status, content, head)


def call_wsgi(
    app: WSGIApplication, method: str, address: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    """Send one HTTP request to ``app`` without a socket; returns status, headers and content."""
    head: list[Any] = []
    environ = _environ(method, address, body, headers or {})

    def start_response(
        status: str, fields: list[tuple[str, str]], _error: object = None, /
    ) -> Callable[[bytes], object]:
        head[:] = status, fields
        return _no_write

    chunks = app(environ, start_response)
    try:
        content = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return int(head[0].split()[0]), urllib3.HTTPHeaderDict(head[1]), content


def _no_write(_: bytes) -> None:
    raise NotImplementedError("write() of PEP 3333 is for legacy applications")


def _environ(method: str, address: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    url = urlsplit(address)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(url.path),
        "QUERY_STRING": url.query,
        "HTTP_HOST": url.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    setup_testing_defaults(environ)
    return environ


def _failure(address: str, error: urllib3.exceptions.HTTPError) -> Exception:
    untrusted = isinstance(error, urllib3.exceptions.SSLError) and isinstance(
        error.args[0] if error.args else None, ssl.SSLCertVerificationError
    )
    if untrusted or isinstance(error, _NOT_CONNECTED):
        return Unreachable(f"{address} cannot be reached: {error}")
    return NoAnswer(f"{address} gave no answer: {error}")
