"""HTTPS by granian: who is let in, and which versions are spoken."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest

from tests.serving.certificates import Authority
from tests.serving.servers import running_server
from tests.serving.slow import message

SITE = "tests.contract.soapkit.orders:plain_site"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("tls"))


def status(port: int, context: ssl.SSLContext) -> bytes:
    """Call; the status line, or nothing for who is not let in."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(message())
            return secured.recv(65536).partition(b"\r\n")[0]
    except (ssl.SSLError, ConnectionError):
        return b""


@pytest.mark.parametrize(
    ("asked", "without", "known", "stranger"),
    [("none", True, True, True), ("optional", True, True, False), ("required", False, True, False)],
)
def test_who_is_let_in_depends_on_the_certificate(
    authority: Authority, asked: str, *, without: bool, known: bool, stranger: bool
) -> None:
    with running_server("granian", SITE, tls=authority.settings(client_certificates=asked)) as served:
        found = [status(served.port, authority.client(name)) for name in (None, "known", "stranger")]

    assert found == [b"HTTP/1.1 200 OK" if let_in else b"" for let_in in (without, known, stranger)]


def _only_12(context: ssl.SSLContext) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _any(context: ssl.SSLContext) -> ssl.SSLContext:
    return context


@pytest.mark.parametrize(
    ("minimum", "speaking", "answered"),
    [("1.2", _only_12, True), ("1.3", _only_12, False), ("1.3", _any, True)],
)
def test_older_versions_than_the_minimum_are_not_spoken(
    authority: Authority, minimum: str, speaking: Callable[[ssl.SSLContext], ssl.SSLContext], *, answered: bool
) -> None:
    with running_server("granian", SITE, tls=authority.settings(minimum=minimum)) as served:
        assert bool(status(served.port, speaking(authority.client()))) is answered


def test_nobody_is_answered_without_tls(authority: Authority) -> None:
    with (
        running_server("granian", SITE, tls=authority.settings()) as served,
        socket.create_connection(("127.0.0.1", served.port), timeout=20) as plain,
    ):
        plain.sendall(message())
        try:
            answer = plain.recv(65536)
        except ConnectionError:
            answer = b""

    assert b"HTTP/1.1 200" not in answer
