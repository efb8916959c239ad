"""What our client proves itself with, against our own site; zeep against it too; and answers that are signed."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import WSGIApplication

import pytest
import trustme
import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

from soapkit.client import Client, InvalidAnswer, RemoteFault, Unreachable
from soapkit.exchange import Exchange
from soapkit.limits import Limits
from soapkit.module import Module
from soapkit.server import application
from soapkit.transport import Timeout, WsgiTransport
from soapkit.wss.credentials import Credentials, Identity, Login, SecuringTransport, tls_context
from soapkit.wss.security import Policy, Proof, Security
from tests.contract.soapkit.orders import ADDRESS, URL, O, element, envelope, order, orders, post, service
from tests.security.conftest import Build, Site
from tests.security.envelopes import DS, NOW, WSSE, Message, Partner, Token

LOGIN = Login("osm", "correct horse")
TIMEOUT = Timeout(5, 5)
_PRICE = {"_value_1": "12.50", "currency": "GBP"}
_LINE = {"Id": "1", "Action": "ADD", "Product": "Mobile", "Quantity": 1, "Start": NOW, "Price": _PRICE}
TYPED = {"Customer": {"Account": "a-1", "Name": "Ada"}, "Line": [_LINE]}


def identity(partner: Partner) -> Identity:
    return Identity(partner.key, partner.certificate)


def ours(**given: object) -> Credentials:
    return Credentials(now=lambda: NOW, **given)  # type: ignore[arg-type] # by field name


def call(site: Site, credentials: Credentials | None) -> etree._Element:
    client = Client(orders(), ADDRESS, wsgi=site.app, credentials=credentials)
    answer = client.call("PlaceOrder", element(order()))
    assert answer is not None
    assert len(site.seen) == 1
    return answer


@pytest.mark.parametrize(
    "credentials",
    [ours(basic=LOGIN), ours(login=LOGIN), ours(login=replace(LOGIN, digest=True)), ours(login=LOGIN, timestamp=True)],
    ids=["basic", "text", "digest", "with a Timestamp"],
)
def test_a_name_and_a_password_are_proved(build: Build, credentials: Credentials) -> None:
    assert call(build(Proof.USERNAME), credentials).tag == f"{O}PlaceOrderResponse"


def test_every_digest_has_a_nonce_of_its_own(build: Build) -> None:
    site = build(Proof.USERNAME)
    client = Client(orders(), ADDRESS, wsgi=site.app, credentials=ours(login=replace(LOGIN, digest=True)))
    for _ in range(3):
        client.call("PlaceOrder", element(order()))


def test_messages_are_signed(build: Build, partner: Partner, elliptic: Partner) -> None:
    call(build(Proof.SIGNATURE), ours(identity=identity(partner)))
    call(build(Proof.SIGNATURE), ours(identity=identity(elliptic)))
    call(build(Proof.BOTH), ours(identity=identity(partner), login=LOGIN))


def test_typed_calls_prove_the_same(build: Build, partner: Partner) -> None:
    site = build(Proof.BOTH)
    credentials = ours(identity=identity(partner), login=LOGIN)
    client = Client(orders(), ADDRESS, wsgi=site.app, credentials=credentials)
    client.typed.PlaceOrder(Id="order-1", **TYPED)
    assert len(site.seen) == 1


def test_without_credentials_the_fault_is_told(build: Build) -> None:
    with pytest.raises(RemoteFault) as told:
        Client(orders(), ADDRESS, wsgi=build(Proof.USERNAME).app).call("PlaceOrder", element(order()))
    assert told.value.subcode == f"{{{WSSE}}}InvalidSecurity"


def test_nothing_is_added_where_there_is_nothing_to_prove() -> None:
    assert Credentials().secured(b"<x/>") == b"<x/>"
    assert Credentials().http_headers() == {}


def test_secrets_are_not_in_what_is_shown(partner: Partner) -> None:
    shown = repr(ours(basic=LOGIN, login=LOGIN, identity=identity(partner)))
    assert "correct horse" not in shown


# ---- signed answers


def test_answers_are_signed_where_callers_sign(build: Build, partner: Partner, renewed: Partner) -> None:
    site = build(Proof.SIGNATURE, identity=identity(renewed))
    call(site, ours(identity=identity(partner), signers=(renewed.certificate,)))


def test_a_fault_is_signed_too(build: Build, partner: Partner, renewed: Partner) -> None:
    site = build(Proof.SIGNATURE, identity=identity(renewed))
    credentials = ours(identity=identity(partner), signers=(renewed.certificate,))
    client = Client(orders(), ADDRESS, wsgi=site.app, credentials=credentials, validate=False)
    with pytest.raises(RemoteFault, match="PlaceOrder"):
        client.call("PlaceOrder", element('<PlaceOrder xmlns="urn:example:orders"/>'))
    assert post(site.app, envelope(order())).body.getroottree().find(f".//{{{DS}}}Signature") is not None


class _Elsewhere(Module):
    """Takes every answer away, as WS-Addressing does with those for another address."""

    def sealed(self, exchange: Exchange, envelope: bytes) -> bytes:  # noqa: ARG002 - the module's
        return b""


def test_an_answer_that_goes_elsewhere_is_left_alone(build: Build, partner: Partner) -> None:
    authenticator = build(Proof.NONE).authenticator
    security = Security(Policy(Proof.SIGNATURE, identity=identity(partner)), authenticator)
    app = application([service()], public_url=URL, modules=[_Elsewhere(), security])
    answer = post(app, Message(created=NOW, signer=partner).xml())
    assert (answer.status, answer.content) == (202, b"")


def test_answers_are_not_signed_where_callers_do_not(build: Build, renewed: Partner) -> None:
    site = build(Proof.USERNAME, identity=identity(renewed))
    answer = post(site.app, Message(token=Token()).xml())
    assert (answer.status, answer.body.getroottree().find(f".//{{{DS}}}Signature")) == (200, None)


def _changed(app: WSGIApplication, before: bytes, after: bytes) -> WSGIApplication:
    def changing(environ: dict[str, object], start_response: object) -> list[bytes]:
        return [b"".join(app(environ, start_response)).replace(before, after)]  # type: ignore[arg-type] # WSGI's own

    return changing


@pytest.mark.parametrize(
    "tampered",
    [
        (b">order-1<", b">order-2<", "does not verify"),
        (b"Signature", b"Signaturf", "not supported"),
        (b"wsse:Security", b"wsse:Securitz", "it bears no signature"),
    ],
    ids=["changed", "unknown", "unsigned"],
)
def test_an_answer_that_was_tampered_with_is_refused(
    build: Build, partner: Partner, renewed: Partner, tampered: tuple[bytes, bytes, str]
) -> None:
    before, after, reason = tampered
    site = build(Proof.SIGNATURE, identity=identity(renewed))
    credentials = ours(identity=identity(partner), signers=(renewed.certificate,))
    client = Client(orders(), ADDRESS, wsgi=_changed(site.app, before, after), credentials=credentials)
    with pytest.raises(InvalidAnswer, match=reason):
        client.call("PlaceOrder", element(order()))


def _as_plain_text(app: WSGIApplication) -> WSGIApplication:
    def plain(environ: dict[str, object], start_response: Any) -> Any:
        return app(environ, lambda status, _: start_response(status, [("Content-Type", "text/plain")]))  # type: ignore[arg-type] # WSGI's own

    return plain


def test_a_typed_call_takes_no_answer_whose_media_type_hides_that_it_is_unsigned(
    build: Build, partner: Partner, renewed: Partner
) -> None:
    site = build(Proof.SIGNATURE)
    credentials = ours(identity=identity(partner), signers=(renewed.certificate,))
    client = Client(orders(), ADDRESS, wsgi=_as_plain_text(site.app), credentials=credentials)
    with pytest.raises(InvalidAnswer, match="not signed as it must be"):
        client.typed.PlaceOrder(Id="order-1", **TYPED)


def test_an_answer_without_a_signature_or_of_another_signer_is_refused(
    build: Build, partner: Partner, renewed: Partner
) -> None:
    credentials = ours(identity=identity(partner), signers=(renewed.certificate,))
    for signer in (None, identity(partner)):
        client = Client(orders(), ADDRESS, wsgi=build(Proof.SIGNATURE, identity=signer).app, credentials=credentials)
        with pytest.raises(InvalidAnswer, match="not signed as it must be"):
            client.call("PlaceOrder", element(order()))


def test_an_old_answer_is_refused(build: Build, partner: Partner, renewed: Partner) -> None:
    site = build(Proof.SIGNATURE, identity=identity(renewed))
    credentials = ours(identity=identity(partner), signers=(renewed.certificate,))
    app = WsgiTransport(site.app, TIMEOUT)
    message = credentials.secured(envelope(order()))
    headers = {"Content-Type": "text/xml"}
    answer = app.send(ADDRESS, message, headers, TIMEOUT)
    credentials.check(answer.content, None, Limits())
    with pytest.raises(InvalidAnswer, match="too old"):
        replace(credentials, now=lambda: NOW + timedelta(hours=1)).check(answer.content, None, Limits())


# ---- zeep, a client that is not ours


@pytest.mark.parametrize("digest", [False, True])
def test_zeep_proves_itself_by_username_token(build: Build, digest: bool) -> None:
    site = build(Proof.USERNAME)
    zeep_client: Any = zeep.Client  # zeep is untyped
    token: Any = UsernameToken("osm", "correct horse", use_digest=digest, created=NOW)  # type: ignore[no-untyped-call] # same
    wsdl = str(orders().documents[orders().wsdl])
    client = zeep_client(wsdl, transport=WsgiTransport(site.app, TIMEOUT), wsse=token)
    proxy = client.create_service(next(iter(client.wsdl.bindings)), ADDRESS)
    proxy.PlaceOrder(Id="order-1", **TYPED)
    assert len(site.seen) == 1


# ---- TLS


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def over_tls(app: WSGIApplication, authority: trustme.CA) -> Iterator[str]:
    """Serve over TLS to whoever has a certificate of ``authority``."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with make_server("localhost", 0, app, handler_class=_Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}/services/Orders"
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> Path:
    issued = authority.issue_cert("client.example")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path


def test_a_client_certificate_is_shown_and_the_server_is_checked(
    build: Build, authority: trustme.CA, files: Path
) -> None:
    site = build(Proof.NONE)
    context = tls_context(files / "ca.pem", files / "certificate.pem", files / "key.pem")
    with over_tls(site.app, authority) as address:
        client = Client(orders(), address, credentials=Credentials(tls=context))
        assert client.call("PlaceOrder", element(order())) is not None
        with pytest.raises(Unreachable):
            Client(orders(), address).call("PlaceOrder", element(order()))


def test_files_that_cannot_be_used_are_told(files: Path) -> None:
    with pytest.raises(ValueError, match=r"absent\.pem holds no certificates"):
        tls_context(files / "absent.pem")
    with pytest.raises(ValueError, match="are no certificate and its key"):
        tls_context(files / "ca.pem", files / "certificate.pem", files / "ca.pem")
    assert Identity.read(files / "key.pem", files / "certificate.pem").certificate


def test_what_comes_back_without_xml_needs_no_signature(partner: Partner, build: Build) -> None:
    credentials = ours(signers=(partner.certificate,))
    client = Client(orders(), ADDRESS, wsgi=build(Proof.NONE).app, credentials=credentials)
    assert client.call("Notify", element(order("Notify"))) is None
    assert SecuringTransport(WsgiTransport(build(Proof.NONE).app, TIMEOUT), credentials, Limits())
