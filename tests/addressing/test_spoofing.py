"""Nobody can make this side connect anywhere but to a registered address: a listening socket sees no connection."""

from __future__ import annotations

import pytest

from gateway.messaging.delivery import Delivered
from gateway.messaging.replies import ReplyState
from soapkit.addressing import W3C, endpoint, same_address
from soapkit.versions import Version
from tests.addressing.later import Later
from tests.addressing.messages import Way
from tests.addressing.receiver import Receiver, trap

SOAP_11 = Way(W3C, Version.SOAP_11)
PARTNER = "http://partner.example:8088/replies"
SAME = (
    "http://partner.example:8088/replies",
    "HTTP://Partner.EXAMPLE:8088/replies",
)
OTHERS = (
    "https://partner.example:8088/replies",
    "http://partner.example/replies",
    "http://partner.example:8089/replies",
    "http://partner.example:8088/replies/",
    "http://partner.example:8088/REPLIES",
    "http://partner.example:8088/replies/../other",
    "http://partner.example:8088/replies?to=http://evil.example",
    "http://partner.example:8088/replies#x",
    "http://partner.example:8088/%72eplies",
    "http://partner.example:8088",
    "http://user@partner.example:8088/replies",
    "http://partner.example:8088@evil.example/replies",
    "http://evil.example/http://partner.example:8088/replies",
    "http://partner.example.evil.example:8088/replies",
    "http://partner.example.:8088/replies",
    "http://partner.example:8088\\@evil.example/replies",
    "http://partner.example:99999/replies",
    "http://partner.example:x/replies",
    "http://[::1/replies",
    "http:///replies",
    "http:partner.example",
    "//partner.example:8088/replies",
    "ftp://partner.example:8088/replies",
    "file:///replies",
    "urn:partner",
    "http://pärtner.example:8088/replies",
    "http://partner.example:8088/replies\n",
    "http://partner.example:8088/re\tplies",
    "",
)


@pytest.mark.parametrize("address", SAME)
def test_an_address_is_the_same_whatever_the_case_of_its_host(address: str) -> None:
    assert same_address(address, PARTNER)


@pytest.mark.parametrize("address", OTHERS)
def test_an_address_that_differs_in_anything_is_anothers(address: str) -> None:
    assert not same_address(address, PARTNER)


@pytest.mark.parametrize(
    ("one", "other"), [("http://a.example", "http://a.example:80/"), ("https://a", "https://a:443")]
)
def test_a_port_that_is_not_said_is_the_schemes(one: str, other: str) -> None:
    assert endpoint(one) == endpoint(other) is not None


@pytest.mark.parametrize("local", ["ReplyTo", "FaultTo"])
def test_an_address_that_is_not_registered_is_never_connected_to(later: Later, way: Way, local: str) -> None:
    with trap() as caught:
        told = later.post(way, way.reference(local, f"http://127.0.0.1:{caught.port}/replies"))
        assert told.answer.status in (400, 500)
        assert str(caught.port) not in told.answer.fault.text
        assert (later.drain(), later.replies()) == ([], [])
    assert caught.connections == 0


def test_addresses_that_look_like_a_partners_are_not_connected_to(later: Later, partner: Receiver) -> None:
    with trap() as caught:
        host, evil = partner.url.removeprefix("http://"), f"127.0.0.1:{caught.port}"
        for address in (
            f"http://{host}@{evil}/replies",
            f"http://{evil}/replies?{partner.url}/replies",
            f"http://{evil}/replies#{partner.url}/replies",
            f"http://{evil}\\@{host}/replies",
            f"{partner.url}/replies/../../{evil}",
        ):
            assert later.post(SOAP_11, SOAP_11.reference("ReplyTo", address)).answer.status == 500
        assert (later.drain(), later.replies()) == ([], [])
    assert (caught.connections, partner.received) == (0, [])


def test_neither_to_nor_from_nor_a_parameter_is_connected_to(later: Later, partner: Receiver) -> None:
    with trap() as caught:
        evil = f"http://127.0.0.1:{caught.port}/replies"
        parameter = f'<a:ReferenceParameters><k:To xmlns:k="urn:example:key">{evil}</k:To></a:ReferenceParameters>'
        later.accepted(
            SOAP_11,
            SOAP_11.reference("ReplyTo", f"{partner.url}/replies", parameter),
            SOAP_11.reference("From", evil),
            SOAP_11.block("RelatesTo", evil),
        )
        assert later.drain() == [Delivered.DELIVERED]
    assert (caught.connections, len(partner.received)) == (0, 1)


def test_a_redirect_is_not_followed(later: Later, partner: Receiver) -> None:
    partner.statuses[:] = [307]
    later.accepted(SOAP_11, SOAP_11.reference("ReplyTo", f"{partner.url}/replies"))
    assert later.drain() == [Delivered.LATER]
    assert len(partner.received) == 1


def test_an_address_that_is_no_longer_registered_is_given_up_without_a_connection(later: Later) -> None:
    with trap() as caught:
        address = f"http://127.0.0.1:{caught.port}/replies"
        before = Later(later.database, {"OSM": address}, later.clock)
        before.accepted(SOAP_11, SOAP_11.reference("ReplyTo", address))
        after = Later(later.database, {}, later.clock)
        assert after.drain() == [Delivered.ERROR]
        assert (after.reply.state, after.reply.code) == (ReplyState.ERROR, "O2C_UNKNOWN_PARTNER")
        assert len(after.alarms()) == 1
    assert caught.connections == 0


def test_the_simulators_and_others_without_a_store_answer_on_the_connection_only(way: Way) -> None:
    with trap() as caught:
        told = way.post(way.headers(way.reference("ReplyTo", f"http://127.0.0.1:{caught.port}/replies")))
        assert told.answer.status in (400, 500)
    assert caught.connections == 0
