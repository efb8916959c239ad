"""The client's side: what an addressed call says, and what answers it takes."""

from __future__ import annotations

from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from lxml import etree

from soapkit.addressing import W3C
from soapkit.client import Client, InvalidAnswer, RemoteFault
from soapkit.envelope import wrap, wrap_fault
from soapkit.faults import Fault
from soapkit.service import Request
from tests.addressing.messages import ACTION
from tests.contract.soapkit.orders import ADDRESS, element, order, orders, placed, site


def client(app: WSGIApplication) -> Client:
    return Client(orders(), ADDRESS, wsgi=app, addressing=True)


def relating(content: bytes, seen: list[etree._Element] | None = None) -> WSGIApplication:
    """Answer ``content``; the id of the request stands in it where it says $ID."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        root = etree.fromstring(environ["wsgi.input"].read())
        if seen is not None:
            seen.append(root)
        message_id = root.findtext(f"{{*}}Header/{W3C.name('MessageID')}", "")
        answer = content.replace(b"$ID", message_id.encode())
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(answer)))])
        return [answer]

    return app


def relates_to(message_id: str, kind: str = "") -> etree._Element:
    block = etree.Element(W3C.name("RelatesTo"), {"RelationshipType": kind} if kind else {})
    block.text = message_id
    return block


def test_an_addressed_call_says_to_whom_what_for_and_where_to_answer() -> None:
    seen: list[etree._Element] = []
    for _ in range(2):
        client(relating(wrap(placed()), seen)).call("PlaceOrder", element(order()))
    for root in seen:
        header = {etree.QName(block).localname: block for block in root[0]}
        assert {block.tag for block in root[0]} == {W3C.name(each) for each in ("To", "Action", "MessageID", "ReplyTo")}
        assert (header["To"].text, header["Action"].text) == (ADDRESS, ACTION)
        assert header["ReplyTo"].findtext(W3C.name("Address")) == W3C.anonymous
    assert len({root.findtext(f"{{*}}Header/{W3C.name('MessageID')}") for root in seen}) == 2


def test_an_addressed_call_of_our_own_server_is_answered() -> None:
    answer = client(site()).call("PlaceOrder", element(order()))
    assert answer is not None
    assert client(site()).call("Notify", element(order("Notify"))) is None


def test_a_fault_of_our_own_server_is_told_as_ever() -> None:
    def refuse(_: Request) -> etree._Element:
        raise Fault("Client", "no")

    with pytest.raises(RemoteFault, match="no"):
        client(site(PlaceOrder=refuse)).call("PlaceOrder", element(order()))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (relates_to("$ID"),),
        (relates_to("$ID", W3C.reply),),
        (relates_to("urn:other", "urn:example:follows"),),
        (relates_to("urn:other"), relates_to("$ID")),
    ],
    ids=["none", "default", "reply", "another relation", "among others"],
)
def test_an_answer_that_relates_to_the_request_or_to_nothing_is_taken(headers: tuple[etree._Element, ...]) -> None:
    assert client(relating(wrap(placed(), headers))).call("PlaceOrder", element(order())) is not None


@pytest.mark.parametrize(
    "answer", [wrap(placed(), [relates_to("urn:other")]), wrap_fault(Fault("Client", "x"), [relates_to("urn:other")])]
)
def test_an_answer_to_another_message_is_not_taken(answer: bytes) -> None:
    with pytest.raises(InvalidAnswer, match="another message"):
        client(relating(answer)).call("PlaceOrder", element(order()))


def test_without_addressing_nothing_is_added_and_nothing_checked() -> None:
    seen: list[etree._Element] = []
    plain = Client(orders(), ADDRESS, wsgi=relating(wrap(placed(), [relates_to("urn:other")]), seen))
    assert plain.call("PlaceOrder", element(order())) is not None
    assert seen[0].find("{*}Header") is None
