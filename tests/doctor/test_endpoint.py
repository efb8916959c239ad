"""What the doctor says of an endpoint, cheapest check first, as far as it gets."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType

import pytest
import trustme

from soapkit.catalog import Contract, load
from soapkit.doctor.endpoint import Published, Visit, examine
from soapkit.doctor.finding import Finding, Verdict
from soapkit.documents import WSDL
from soapkit.envelope import wrap_fault
from soapkit.faults import Fault
from soapkit.run import running
from soapkit.server import Service, application

ECHO = "wsdl/brm/BRMBaseServices_v2.wsdl"


def no_comparison(_: Published) -> Iterator[Finding]:
    return iter(())


def look(visit: Visit) -> Mapping[str, Finding]:
    return {found.check: found for found in examine(visit, no_comparison)}


def service(contract: Contract) -> Service:
    return Service(contract, {each.name: lambda request: request.body for each in contract.operations})


@contextmanager
def served(public_url: Callable[[str], str] = lambda url: url) -> Iterator[str]:
    contract = load(ECHO)
    with running(lambda url: application([service(contract)], public_url=public_url(url))) as url:
        yield f"{url}/services/{contract.name}"


@contextmanager
def answering(
    answers: Mapping[str, tuple[int, bytes]],
    context: ssl.SSLContext | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    asked: list[Message] | None = None,
) -> Iterator[str]:
    """Serve fixed answers, by method; ``asked`` gets the headers of each request."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers.get(self.command, (404, b""))
            if asked is not None:
                asked.append(self.headers)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://localhost:{server.server_port}/service"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_healthy_endpoint_passes_every_check() -> None:
    with served() as address:
        found = look(Visit(address))
    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(
        ("reachable", "clock", "wsdl", "address", "authentication"), Verdict.OK
    )


def test_a_port_where_nothing_listens_is_told_and_nothing_else_is_tried() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = look(Visit(f"http://127.0.0.1:{taken.getsockname()[1]}/services/X"))
    assert list(found) == ["reachable"]
    assert "Nothing listens" in found["reachable"].text
    assert found["reachable"].change


def test_a_name_that_does_not_resolve_is_told() -> None:
    assert "cannot be resolved" in look(Visit("http://no-such-host.invalid/services/X"))["reachable"].text


def test_a_wsdl_that_names_another_address_is_a_warning() -> None:
    with served(lambda _: "https://partners.example/o2c") as address:
        found = look(Visit(address))
    assert found["address"].verdict is Verdict.WARNING
    assert "https://partners.example/o2c" in found["address"].text


def test_imports_that_lead_nowhere_are_named() -> None:
    with served(lambda _: "http://127.0.0.1:1") as address:
        found = look(Visit(address))
    assert found["wsdl"].verdict is Verdict.FAILED
    assert "http://127.0.0.1:1/services/BRMBaseServices_v2?xsd=" in found["wsdl"].text


def test_a_path_without_a_service_has_no_wsdl() -> None:
    with served() as address:
        found = look(Visit(address.replace("BRMBase", "Nothing")))
    assert found["wsdl"].verdict is Verdict.FAILED
    assert "HTTP 404" in found["wsdl"].text


def test_a_clock_that_is_off_is_told_with_what_it_breaks() -> None:
    with served() as address:
        found = look(Visit(address, now=lambda: datetime.now(UTC) + timedelta(minutes=10)))
    assert found["clock"].verdict is Verdict.FAILED
    assert "NTP" in found["clock"].change


LOCKED = {
    "http": (401, b""),
    "ws-security": (500, wrap_fault(Fault("Client", "no", subcode="{urn:wsse}FailedAuthentication"))),
}


@pytest.mark.parametrize("how", LOCKED)
def test_a_service_that_lets_nobody_in_says_so(how: str) -> None:
    with answering({"POST": LOCKED[how]}) as address:
        found = look(Visit(address))
    assert found["authentication"].verdict is Verdict.FAILED
    assert "without credentials" in found["authentication"].text


def test_an_answer_that_is_no_soap_is_not_taken_for_authentication() -> None:
    with answering({"POST": (200, b"<html/>")}) as address:
        found = look(Visit(address))
    assert "authentication" not in found
    assert (found["service"].verdict, "Something else" in found["service"].change) == (Verdict.FAILED, True)


@pytest.mark.parametrize("date", ["nonsense", "Sat, 21 Nov 2026 01:00:00 -0000"])
def test_a_date_that_cannot_be_compared_is_no_end_of_the_visit(date: str) -> None:
    with answering({}, headers={"Date": date}) as address:
        found = look(Visit(address))
    assert found["clock"].verdict is Verdict.UNKNOWN
    assert found["wsdl"].verdict is Verdict.FAILED


def test_a_redirect_is_told_with_where_it_leads() -> None:
    with answering({"GET": (302, b"")}, headers={"Location": "https://login.example/"}) as address:
        found = look(Visit(address))
    assert "https://login.example/" in found["wsdl"].text


def leading_to(*locations: str) -> bytes:
    imports = "".join(f'<import namespace="urn:x" location="{location}"/>' for location in locations)
    return f'<definitions xmlns="{WSDL}">{imports}</definitions>'.encode()


def test_credentials_are_not_sent_to_other_servers_that_a_wsdl_imports_from() -> None:
    asked_at_home, asked_elsewhere = [], []  # type: list[Message], list[Message]
    with (
        answering({"GET": (200, b"<x/>")}, asked=asked_elsewhere) as elsewhere,
        answering({"GET": (200, leading_to(elsewhere, "near"))}, asked=asked_at_home) as address,
    ):
        look(Visit(address, authorization="Basic c2VjcmV0"))
    assert {headers["Authorization"] for headers in asked_at_home} == {"Basic c2VjcmV0"}
    assert [headers["Authorization"] for headers in asked_elsewhere] == [None]


@pytest.mark.parametrize("location", ["http://[", "file:///etc/hostname", "http://localhost:x/"])
def test_an_import_that_is_no_http_address_leads_nowhere(location: str) -> None:
    with answering({"GET": (200, leading_to(location))}) as address:
        found = look(Visit(address))
    assert found["wsdl"].verdict is Verdict.FAILED
    assert "lead nowhere" in found["wsdl"].text


def test_a_wsdl_that_leads_on_for_ever_is_left_in_time() -> None:
    with answering({"GET": (200, leading_to(*(f"?{number}" for number in range(300))))}) as address:
        found = look(Visit(address))
    assert "one too many" in found["wsdl"].text


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def secured(authority: trustme.CA, *names: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=until).configure_cert(context)
    return context


def test_a_trusted_certificate_is_looked_at(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    soon = datetime.now(UTC) + timedelta(days=10)
    with answering({}, secured(authority, "localhost", until=soon)) as address:
        found = look(Visit(address, authorities=tmp_path / "ca.pem"))
    assert found["tls"].verdict is Verdict.OK
    assert found["certificate"].verdict is Verdict.WARNING
    assert "wsdl" in found


def test_a_certificate_of_an_unknown_issuer_stops_the_visit_and_says_what_to_do(authority: trustme.CA) -> None:
    with answering({}, secured(authority, "localhost")) as address:
        found = list(examine(Visit(address), no_comparison))
    assert [each.check for each in found if each.verdict is Verdict.FAILED] == ["certificate"]
    assert any("--ca" in each.change for each in found)


def test_a_certificate_for_another_name_is_told(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with answering({}, secured(authority, "other.example")) as address:
        found = list(examine(Visit(address, authorities=tmp_path / "ca.pem"), no_comparison))
    assert any("by a name that is in its certificate" in each.change for each in found)


def test_an_ended_certificate_is_told_with_its_date(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    ended = datetime(2020, 1, 2, tzinfo=UTC)
    with answering({}, secured(authority, "localhost", until=ended)) as address:
        found = list(examine(Visit(address, authorities=tmp_path / "ca.pem"), no_comparison))
    assert any("2020-01-02" in each.text for each in found)
    assert "wsdl" not in {each.check for each in found}
