"""The address that is published: as configured, or as a trusted proxy says; nobody else has a say."""

from __future__ import annotations

import pytest

from soapkit.publish.addresses import Addresses, Network, network

HERE = "http://127.0.0.1:8080"
TRUSTED = (network("127.0.0.1"), network("10.0.0.0/8"), network("fd00::/8"))
X = {"Proto": "https", "Host": "o2c.example", "Port": "443", "Prefix": "/billing"}


def address(peer: str, trusted: tuple[Network, ...] = TRUSTED, host: str = "evil.example", **headers: str) -> str:
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return Addresses(HERE, trusted).of({"REMOTE_ADDR": peer, "HTTP_HOST": host, **environ})


def said(peer: str, values: dict[str, str], host: str = "evil.example") -> str:
    environ = {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in values.items()}
    return Addresses(HERE, TRUSTED).of({"REMOTE_ADDR": peer, "HTTP_HOST": host, **environ})


def test_a_trusted_proxy_says_what_the_site_is_called() -> None:
    assert said("127.0.0.1", X) == "https://o2c.example/billing"
    assert said("10.1.2.3:4711", X) == said("[fd00::7]:4711", X) == "https://o2c.example/billing"
    assert said("10.1.2.3", {"Proto": "https", "Host": "o2c.example:8443"}) == "https://o2c.example:8443"
    assert said("fd00::7", {"Proto": "http", "Host": "o2c.example", "Port": "8000"}) == "http://o2c.example:8000"
    assert said("::ffff:10.0.0.1", {"Proto": "https", "Host": "[2001:db8::1]"}) == "https://[2001:db8::1]"


@pytest.mark.parametrize("peer", ["192.0.2.7", "", "unknown", "::1", "11.0.0.1"])
def test_nobody_else_has_a_say(peer: str) -> None:
    assert said(peer, X) == HERE
    assert address(peer, Forwarded="proto=https;host=evil.example") == HERE
    assert address(peer) == HERE


def test_without_trusted_proxies_nobody_has_a_say() -> None:
    assert address("127.0.0.1", (), X_Forwarded_Proto="https", X_Forwarded_Host="o2c.example") == HERE


def test_the_host_header_counts_only_beside_what_a_trusted_proxy_says() -> None:
    assert said("127.0.0.1", {"Proto": "https"}, host="o2c.example") == "https://o2c.example"
    assert address("127.0.0.1", host="evil.example") == HERE


@pytest.mark.parametrize(
    "bad",
    [
        {"Host": "o2c.example/evil"},
        {"Host": 'o2c.example"><script>'},
        {"Host": "user@o2c.example"},
        {"Host": "o2c.example:99999", "Port": ""},
        {"Proto": "javascript"},
        {"Port": "8o"},
        {"Port": "0"},
        {"Prefix": "//evil.example"},
        {"Prefix": "/a/../b"},
        {"Prefix": '/"onload="'},
    ],
)
def test_what_cannot_be_part_of_an_address_makes_the_statement_void(bad: dict[str, str]) -> None:
    assert said("127.0.0.1", {**X, **bad}) == HERE


def test_what_a_client_put_in_front_of_a_list_does_not_count() -> None:
    lists = {"For": "6.6.6.6, 192.0.2.9", "Proto": "http, https", "Host": "evil.example, o2c.example"}

    assert said("127.0.0.1", lists) == "https://o2c.example"


def test_the_outermost_of_several_trusted_proxies_counts() -> None:
    lists = {"For": "192.0.2.9, 10.0.0.2", "Proto": "https, http", "Host": "o2c.example, inner.example"}

    assert said("127.0.0.1", lists) == "https://o2c.example"


def test_rfc_7239_is_understood_and_wins() -> None:
    one = 'for="[2001:db8::9]:4711";proto=https;host="o2c.example:8443";by=10.0.0.1'
    two = "for=192.0.2.9;proto=https;host=o2c.example, for=10.0.0.2;proto=http;host=inner.example"

    assert address("127.0.0.1", Forwarded=one, X_Forwarded_Host="x.example") == "https://o2c.example:8443"
    assert address("127.0.0.1", Forwarded=two) == "https://o2c.example"
    assert address("127.0.0.1", Forwarded=f"for=6.6.6.6;host=evil.example, {one}") == "https://o2c.example:8443"
    assert address("127.0.0.1", Forwarded="for=192.0.2.9") == HERE
    assert address("127.0.0.1", Forwarded="proto=https;host=o2c.example, ???") == HERE


def test_separators_in_quotes_are_text_and_an_open_quote_makes_the_statement_void() -> None:
    assert address("127.0.0.1", Forwarded='ext="a,b;\\",c";proto=https;host=o2c.example') == "https://o2c.example"
    assert address("127.0.0.1", Forwarded='for="x, proto=https;host=o2c.example') == HERE


@pytest.mark.parametrize("flood", ["," * 250_000, '"' * 250_001, '"\\' * 125_000])
def test_a_flood_of_separators_takes_no_longer_than_other_text(flood: str) -> None:
    """With time that grows by the square these would take minutes each."""
    assert address("127.0.0.1", Forwarded=f"{flood}") == HERE


def test_a_network_must_be_one() -> None:
    for wrong in ("10.0.0.1/8", "o2c.example", ""):
        with pytest.raises(ValueError, match=wrong or "''"):
            network(wrong)
