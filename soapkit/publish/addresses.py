"""What the outside calls this site: as configured, or as a trusted proxy says. Never what an unknown client says.

A proxy says it with ``Forwarded`` (RFC 7239), or else with ``X-Forwarded-Proto``, ``-Host``, ``-Port`` and ``-Prefix``.
Each proxy appends to what came in, so lists are read from their end, as far back as their entries were written by
trusted proxies. What does not look like a host, a port or a path makes the whole statement void.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from wsgiref.types import WSGIEnvironment

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*")
_PAIR = re.compile(r"""\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*""")
_BETWEEN = {each: re.compile(rf"""(?:[^"{each}]|"(?:[^"\\]|\\.)*+")*+""") for each in ",;"}
_USUAL = {"http": 80, "https": 443}
_MOST_PORT = 65535
_HOPS = 20
_READ = "Forwarded, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port, X-Forwarded-Prefix, Host"


def network(text: str) -> Network:
    """Read ``10.0.0.0/8`` or ``192.0.2.1``; raises ValueError for anything else, host bits included."""
    return ipaddress.ip_network(text)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a proxy said of one request; empty where it said nothing."""

    proto: str = ""
    host: str = ""
    port: str = ""
    prefix: str = ""

    def address(self) -> str | None:
        """Put the address together; None when a part of it cannot be one."""
        host = _HOST.fullmatch(self.host)
        port = self.port or (host["port"] if host else "") or ""
        prefix = self.prefix.rstrip("/")
        if self.proto not in _USUAL or host is None or not _PREFIX.fullmatch(prefix) or ".." in prefix.split("/"):
            return None
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _MOST_PORT):
            return None
        shown = "" if not port or int(port) == _USUAL[self.proto] else f":{int(port)}"
        return f"{self.proto}://{host['name']}{shown}{prefix}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """``public_url`` is what is said without a trusted proxy; peers inside ``trusted`` may say otherwise."""

    public_url: str
    trusted: tuple[Network, ...] = ()

    def of(self, environ: WSGIEnvironment) -> str:
        """Return scheme, host, port and prefix for the answer to this request, without a slash at the end."""
        if self.trusted and self._trusts(environ.get("REMOTE_ADDR", "")):
            said = self._forwarded(environ) if "HTTP_FORWARDED" in environ else self._x_forwarded(environ)
            if said is not None and (address := said.address()):
                return address
        return self.public_url

    @property
    def vary(self) -> tuple[tuple[str, str], ...]:
        """The header that tells caches what an address depends on (RFC 9110, 12.5.5); none where it is always one."""
        return (("Vary", _READ),) if self.trusted else ()

    def _trusts(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(_without_port(peer).partition("%")[0])  # some servers tell the port
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in each for each in self.trusted)

    def _forwarded(self, environ: WSGIEnvironment) -> _Said | None:
        """Read ``Forwarded: for=192.0.2.1;proto=https;host=o2c.example, for=10.0.0.2``."""
        elements = [_pairs(each) for each in _split(environ["HTTP_FORWARDED"], ",")]
        if not elements or not all(elements):
            return None
        hops = self._hops([each.get("for", "") for each in elements])
        told = [each for each in elements[-hops:] if "host" in each or "proto" in each]
        if not told:
            return None
        found = told[0]
        host = found.get("host") or environ.get("HTTP_HOST", "")
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "")
        return _Said(found.get("proto", "http").lower(), host, "", prefix.strip())

    def _x_forwarded(self, environ: WSGIEnvironment) -> _Said | None:
        hops = self._hops(_listed(environ, "HTTP_X_FORWARDED_FOR"))
        proto, host, port, prefix = (
            next(iter(_listed(environ, f"HTTP_X_FORWARDED_{name}")[-hops:]), "")
            for name in ("PROTO", "HOST", "PORT", "PREFIX")
        )
        if not (proto or host or port or prefix):
            return None
        return _Said(proto.lower() or "http", host or environ.get("HTTP_HOST", ""), port, prefix)

    def _hops(self, clients: Sequence[str]) -> int:
        """Count the proxies that are trusted: each names the client it saw, and goes on if that is one of them."""
        hops = 1
        for client in reversed(clients):
            if hops >= _HOPS or not self._trusts(client):
                break
            hops += 1
        return hops


def _listed(environ: WSGIEnvironment, header: str) -> list[str]:
    return [each.strip() for each in environ.get(header, "").split(",") if each.strip()]


def _split(text: str, separator: str) -> list[str]:
    """Split outside of quoted strings, in time that grows as the text does; nothing where a quote is not closed."""
    found, at = [], 0
    while piece := _BETWEEN[separator].match(text, at):
        found.append(piece[0])
        if piece.end() == len(text):
            return [each for each in found if each.strip()]
        if text[piece.end()] != separator:
            break
        at = piece.end() + 1
    return []


def _pairs(element: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _split(element, ";"):
        pair = _PAIR.fullmatch(each)
        if pair is None:
            return {}
        found.setdefault(pair[1].lower(), re.sub(r"\\(.)", r"\1", pair[2]) if pair[2] is not None else pair[3])
    return found


def _without_port(client: str) -> str:
    """Take ``[2001:db8::1]:4711`` or ``192.0.2.1:4711`` to the address."""
    if client.startswith("["):
        return client[1:].partition("]")[0]
    return client.partition(":")[0] if client.count(":") == 1 else client
