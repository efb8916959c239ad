"""Looks at a running endpoint, step by step: reachable, trusted, published, in time, letting this caller in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from lxml import etree

from soapkit.doctor import certificate
from soapkit.doctor.finding import Finding, Verdict
from soapkit.doctor.http import MOST, Client
from soapkit.documents import SOAP, WSDL
from soapkit.envelope import Version, split, wrap
from soapkit.faults import Refused
from soapkit.limits import parse
from soapkit.schemas import XSD
from soapkit.transport import Reply

_MOST_DOCUMENTS = 200
"""Far more than any contract has: a server may lead on for ever."""
_NOTICED = timedelta(seconds=5)
_TOO_MUCH = timedelta(seconds=300)
"""What WS-Security's timestamps are allowed to differ by, usually."""
_PROBE = "{urn:o2c-gateway:doctor}AreYouThere"
_LOCKED_OUT = {"FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable"}


@dataclass(frozen=True, slots=True)
class Visit:
    """Where to look and as whom. ``authorization`` is a value of the HTTP header, ``authorities`` a PEM file."""

    address: str
    authorization: str = ""
    authorities: Path | None = None
    timeout: float = 10.0
    now: Callable[[], datetime] = certificate.this_moment

    @property
    def url(self) -> SplitResult:
        """The address, in parts."""
        return urlsplit(self.address)

    @property
    def port(self) -> int:
        """The port, the scheme's own when none is written."""
        return self.url.port or (443 if self.url.scheme == "https" else 80)


@dataclass(frozen=True, slots=True)
class Published:
    """The WSDL that an endpoint publishes, once it could be read; ``documents`` is it and all it leads to, by URL."""

    location: str
    root: etree._Element
    documents: Mapping[str, etree._Element] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The name of its service."""
        return str(self.root.xpath("string(w:service/@name)", namespaces={"w": WSDL}))

    @property
    def addresses(self) -> list[str]:
        """The addresses it tells callers to use."""
        return [node.get("location", "") for node in self.root.iter(f"{{{SOAP}}}address")]


_NO_SERVICE = "Something else than a SOAP service answers here: check host, port and path"
_REDIRECTED = "Use the address that it leads to, if that is the service's; toolkits do not follow redirects of calls"

Compare = Callable[[Published], Iterator[Finding]]


def examine(visit: Visit, compare: Compare) -> Iterator[Finding]:
    """Look at an endpoint, cheapest first; what cannot be looked at any more is left out.

    ``compare`` says how a published contract differs from the one that the caller has.
    """
    reached = _reached(visit)
    yield reached
    if reached.verdict is Verdict.FAILED:
        return
    if visit.url.scheme == "https":
        looked_at = list(
            certificate.examine(
                visit.url.hostname or "",
                visit.port,
                authorities=visit.authorities,
                timeout=visit.timeout,
                now=visit.now(),
            )
        )
        yield from looked_at
        if any(found.verdict is Verdict.FAILED for found in looked_at):
            return
    yield from _spoken_to(Client(visit.address, visit.authorization, visit.authorities, visit.timeout), visit, compare)


def _spoken_to(http: Client, visit: Visit, compare: Compare) -> Iterator[Finding]:
    try:
        answer = http.get(f"{visit.address}?wsdl")
        yield from _clock(answer, visit)
        published = _wsdl(answer, f"{visit.address}?wsdl")
        if isinstance(published, Finding):
            yield published
        else:
            documents, broken = _gathered(http, published)
            yield _complete(published, documents, broken)
            yield _address(published, visit)
            if not broken:
                yield from compare(replace(published, documents=documents))
        yield _let_in(http.post(wrap(etree.Element(_PROBE))), visit)
    except urllib3.exceptions.HTTPError as error:
        yield Finding("http", Verdict.FAILED, f"The connection broke: {error}", change="Look at the server's log")


def _reached(visit: Visit) -> Finding:
    host = visit.url.hostname or ""
    try:
        with socket.create_connection((host, visit.port), timeout=visit.timeout) as connected:
            return Finding("reachable", Verdict.OK, f"connected to {connected.getpeername()[0]}, port {visit.port}")
    except socket.gaierror:
        return _unreached(f"The name {host} cannot be resolved", "Check the spelling, and this machine's DNS")
    except ConnectionRefusedError:
        return _unreached(f"Nothing listens on port {visit.port} of {host}", "Start the service, or correct the port")
    except TimeoutError:
        text = f"{host} did not answer within {visit.timeout:g} s"
        return _unreached(text, "A firewall drops the packets, or the route is wrong")
    except OSError as error:
        return _unreached(f"{host} cannot be reached: {error.strerror or error}", "Check the network")


def _unreached(text: str, change: str) -> Finding:
    return Finding("reachable", Verdict.FAILED, text, change=change)


def _clock(answer: Reply, visit: Visit) -> Iterator[Finding]:
    ahead = _ahead(answer.headers.get("Date", ""), visit.now())
    if ahead is None:
        yield Finding("clock", Verdict.UNKNOWN, "The answer has no Date header to compare clocks by")
        return
    text = f"the server's clock and this one differ by {abs(ahead.total_seconds()):.0f} s"
    change = "Let both clocks follow NTP: signed timestamps and password digests are refused otherwise"
    if abs(ahead) <= _NOTICED:
        yield Finding("clock", Verdict.OK, text)
    else:
        yield Finding("clock", Verdict.FAILED if abs(ahead) > _TOO_MUCH else Verdict.WARNING, text, change=change)


def _ahead(date: str, now: datetime) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - now
    except (TypeError, ValueError):  # no date, or one without a zone
        return None


def _wsdl(answer: Reply, location: str) -> Published | Finding:
    if answer.status in (401, 403):
        text = f"The WSDL is not shown to this caller: HTTP {answer.status}"
        return Finding(
            "wsdl", Verdict.FAILED, text, change="Give --user; the WSDL may also have been sent to you as a file"
        )
    if target := answer.headers.get("Location"):
        text = f"{location} is redirected to {target}: HTTP {answer.status}"
        return Finding("wsdl", Verdict.FAILED, text, change=_REDIRECTED)
    if answer.status != 200:  # noqa: PLR2004 - HTTP's "OK"
        text = f"No WSDL at {location}: HTTP {answer.status}"
        return Finding(
            "wsdl", Verdict.FAILED, text, change="Ask for the path of the service; /services/ lists this gateway's"
        )
    try:
        root = parse(answer.content, MOST)
    except Refused as error:
        text = f"What is published as WSDL cannot be read: {error.text}"
        return Finding("wsdl", Verdict.FAILED, text, line=error.line or 0, change=_NO_SERVICE)
    if root.tag != f"{{{WSDL}}}definitions":
        text = f"What is published is {etree.QName(root).localname}, not a WSDL 1.1"
        return Finding("wsdl", Verdict.FAILED, text, change=_NO_SERVICE)
    return Published(location, root)


def _gathered(http: Client, published: Published) -> tuple[Mapping[str, etree._Element], list[str]]:
    """Fetch every document that the WSDL leads to, and what those lead to; tell which could not be had, and why."""
    documents, broken, waiting = {published.location: published.root}, [], [published.location]
    seen = set(waiting)
    while waiting:
        base = waiting.pop()
        for _, location in links(base, documents[base]):
            if location in seen:
                continue
            seen.add(location)
            document = _fetched(http, location) if len(seen) <= _MOST_DOCUMENTS else "one too many"
            if isinstance(document, str):
                broken.append(f"{location} ({document})")
            else:
                documents[location] = document
                waiting.append(location)
    return documents, broken


def _complete(published: Published, documents: Mapping[str, etree._Element], broken: list[str]) -> Finding:
    if broken:
        change = "A toolkit stops here; behind a proxy, configure the public address of the service"
        return Finding("wsdl", Verdict.FAILED, f"Imports that lead nowhere: {', '.join(broken)}", change=change)
    return Finding("wsdl", Verdict.OK, f"{published.service}: {len(documents)} documents, all there")


def links(base: str, root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Return the imports and includes of the document at ``base``, each with the URL that it leads to."""
    for node in root.iter(f"{{{WSDL}}}import", f"{{{XSD}}}import", f"{{{XSD}}}include"):
        location = node.get("schemaLocation") or node.get("location")
        if location:
            yield node, _joined(base, location)


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:  # no URL: it leads nowhere, under its own name
        return location


def _fetched(http: Client, location: str) -> etree._Element | str:
    try:
        answer = http.get(location)
        return parse(answer.content, MOST) if answer.status == 200 else f"HTTP {answer.status}"  # noqa: PLR2004 - "OK"
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        return str(error)
    except Refused as error:
        return error.text


def _address(published: Published, visit: Visit) -> Finding:
    wanted = visit.address.rstrip("/")
    if any(address.rstrip("/") == wanted for address in published.addresses):
        return Finding("address", Verdict.OK, "the WSDL names this very address")
    text = f"The WSDL tells callers to use {', '.join(published.addresses) or 'no address'}"
    change = "Set the public address (here: gateway.public_url, or trusted proxies), or set the endpoint in your stub"
    return Finding("address", Verdict.WARNING, text, change=change)


def _let_in(answer: Reply, visit: Visit) -> Finding:
    """Read the answer to an operation that does not exist: a fault about that says that the caller was let in."""
    told = "with these credentials" if visit.authorization else "without credentials"
    fault = _fault(answer)
    if answer.status in (401, 403) or (fault or "") in _LOCKED_OUT:
        change = "Give --user, or the credentials are wrong" if not visit.authorization else "The credentials are wrong"
        return Finding("authentication", Verdict.FAILED, f"Calls are refused {told}", change=change)
    if fault is None:
        text = f"A call was answered with HTTP {answer.status} and no SOAP fault"
        return Finding("service", Verdict.FAILED, text, change=_NO_SERVICE)
    return Finding("authentication", Verdict.OK, f"calls are let in {told}")


def _fault(answer: Reply) -> str | None:
    """Return the local name of the code of the fault that was answered; None when it is no fault."""
    try:
        body = split(parse(answer.content, MOST)).body
    except Refused:
        return None
    if body.tag != Version.SOAP_11.fault:
        return None
    return (body.findtext("faultcode") or "").rpartition(":")[2]
