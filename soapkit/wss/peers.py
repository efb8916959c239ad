"""Who is at the other end of the connection: an address, and perhaps a certificate, told by a trusted proxy only.

granian and nginx check client certificates; neither hands one to a WSGI application by itself. A proxy that ends TLS
may pass it on in a header (nginx: ``proxy_set_header X-Client-Cert $ssl_client_escaped_cert``), which is believed when
the connection comes from an address of ``proxies``, and never otherwise.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import unquote
from wsgiref.types import WSGIEnvironment

from cryptography import x509

from soapkit.wss.trust import Untrusted

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_LONGEST = 32 * 1024


class Peers:
    """What is believed of the other end of a connection."""

    def __init__(self, proxies: Iterable[Network] = (), certificate_header: str | None = None) -> None:
        self._proxies = tuple(proxies)
        self._variable = certificate_header and "HTTP_" + certificate_header.upper().replace("-", "_")

    def address(self, environ: WSGIEnvironment) -> str:
        """Return the caller's address: the connection's, or the last that a trusted proxy does not vouch for."""
        nearest = _host(str(environ.get("REMOTE_ADDR") or ""))
        if not self._trusted(nearest):
            return nearest
        hops = [_host(hop) for hop in str(environ.get("HTTP_X_FORWARDED_FOR") or "").split(",") if hop.strip()]
        return next((hop for hop in reversed(hops) if not self._trusted(hop)), hops[0] if hops else nearest)

    def certificate(self, environ: WSGIEnvironment) -> x509.Certificate | None:
        """Return the client certificate that a trusted proxy passed on. Raises Untrusted for one that is none."""
        passed = str(environ.get(self._variable) or "") if self._variable else ""
        if not passed or not self._trusted(_host(str(environ.get("REMOTE_ADDR") or ""))):
            return None
        if len(passed) > _LONGEST:
            raise Untrusted("the certificate is too large")
        try:
            return x509.load_pem_x509_certificate(unquote(passed).encode())
        except (ValueError, TypeError) as error:
            raise Untrusted("the certificate cannot be read") from error

    def _trusted(self, host: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._proxies)


def _host(address: str) -> str:
    """Return an address without its port: some servers tell it, and proxies may."""
    text = address.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdecimal() and ":" not in host else text
