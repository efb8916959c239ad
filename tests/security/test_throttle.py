"""Guesses are slowed down, nobody is locked out, and passwords are cheap once they were right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from soapkit.faults import Refused
from soapkit.wss import passwords, signing, username
from soapkit.wss.memory import MemoryGuesses
from soapkit.wss.passwords import Passwords
from soapkit.wss.security import Proof
from soapkit.wss.throttle import Throttle, keys_of_user
from tests.contract.soapkit.orders import post
from tests.doubles.clock import FakeClock
from tests.security.conftest import Build
from tests.security.envelopes import NOW, WSSE, WSU, Message, Token, digest_token

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def guesses() -> MemoryGuesses:
    return MemoryGuesses()


@pytest.fixture
def throttle(guesses: MemoryGuesses, clock: FakeClock) -> Throttle:
    return Throttle(guesses, clock)


def refused_for(throttle: Throttle, name: str, address: str) -> int:
    try:
        throttle.check(name, address)
    except Refused as error:
        return int(dict(error.http_headers)["Retry-After"])
    return 0


def fail(throttle: Throttle, times: int, name: str = "osm", address: str = ELSEWHERE) -> None:
    for _ in range(times):
        throttle.failed(name, address)


def test_some_mistakes_cost_nothing_and_then_waits_double(throttle: Throttle) -> None:
    waits = []
    for _ in range(9):
        fail(throttle, 1)
        waits.append(refused_for(throttle, "osm", ELSEWHERE))
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8]


def test_no_wait_is_longer_than_the_longest(throttle: Throttle) -> None:
    fail(throttle, 100)
    assert refused_for(throttle, "osm", ELSEWHERE) == 15 * 60


def test_a_user_is_guarded_from_many_addresses(throttle: Throttle) -> None:
    for number in range(10):
        fail(throttle, 1, address=f"198.51.100.{number}")
    assert refused_for(throttle, "osm", "203.0.113.9") > 0
    assert refused_for(throttle, "crm", "203.0.113.9") == 0


def test_whoever_proved_themselves_lately_is_not_locked_out_by_others(throttle: Throttle) -> None:
    throttle.passed("osm", HOME)
    fail(throttle, 100)
    assert refused_for(throttle, "osm", HOME) == 0
    assert refused_for(throttle, "osm", "203.0.113.9") > 0


def test_a_known_address_is_no_place_to_guess_from(throttle: Throttle) -> None:
    throttle.passed("osm", HOME)
    fail(throttle, 8, address=HOME)
    assert refused_for(throttle, "osm", HOME) > 0


def test_whoever_is_known_behind_a_proxy_is_not_locked_out_by_the_others_there(throttle: Throttle) -> None:
    throttle.passed("osm", HOME)
    for number in range(30):
        fail(throttle, 1, name=f"user {number}", address=HOME)
    assert refused_for(throttle, "osm", HOME) == 0
    assert refused_for(throttle, "crm", HOME) > 0


def test_a_known_address_is_forgotten_after_some_weeks(throttle: Throttle, clock: FakeClock) -> None:
    throttle.passed("osm", HOME)
    clock.advance(timedelta(days=31))
    fail(throttle, 10)
    assert refused_for(throttle, "osm", HOME) > 0


def test_an_address_is_refused_whoever_it_claims_to_be(throttle: Throttle) -> None:
    for number in range(25):
        fail(throttle, 1, name=f"user {number}")
    assert refused_for(throttle, "somebody else", ELSEWHERE) > 0
    assert refused_for(throttle, "somebody else", HOME) == 0


def test_addresses_of_one_ipv6_site_are_one(throttle: Throttle) -> None:
    for number in range(25):
        fail(throttle, 1, name=f"user {number}", address=f"2001:db8:1:2::{number:x}")
    assert refused_for(throttle, "somebody else", "2001:db8:1:2:ffff::1") > 0
    assert refused_for(throttle, "somebody else", "2001:db8:1:3::1") == 0


def test_the_rights_of_one_do_not_reset_what_others_guess(throttle: Throttle) -> None:
    for _ in range(10):
        fail(throttle, 1)
        throttle.passed("osm", HOME)
    assert refused_for(throttle, "osm", ELSEWHERE) > 0


def test_invented_names_fill_no_table() -> None:
    buckets = {keys_of_user(f"name {number}")[0] for number in range(200_000)}
    assert len(buckets) <= 65_536


def test_an_operator_lets_a_user_in_again(throttle: Throttle, guesses: MemoryGuesses) -> None:
    for number in range(10):
        fail(throttle, 1, address=f"198.51.100.{number}")
    guesses.forget(keys_of_user("osm"))
    assert refused_for(throttle, "osm", "203.0.113.9") == 0


def test_an_operator_lets_a_user_in_again_where_the_mistakes_were_made(
    throttle: Throttle, guesses: MemoryGuesses
) -> None:
    fail(throttle, 8)
    fail(throttle, 8, name="crm", address="203.0.113.7")
    guesses.forget(keys_of_user("osm"))
    assert refused_for(throttle, "osm", ELSEWHERE) == 0
    assert refused_for(throttle, "crm", "203.0.113.7") > 0


def test_guessing_over_the_wire_ends_in_a_fault_that_says_when(build: Build) -> None:
    site = build(Proof.USERNAME)
    wrong, right = Message(token=Token(password="wrong")).xml(), Message(token=Token()).xml()
    for _ in range(6):
        assert post(site.app, wrong).code.endswith(":FailedAuthentication")
    for message in (wrong, right):  # a right password gets no other answer
        answer = post(site.app, message)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.code.endswith(":FailedAuthentication")
    site.clock.advance(timedelta(seconds=2))
    assert post(site.app, right).status == 200


def test_attempts_while_refused_do_not_lengthen_the_wait(build: Build) -> None:
    site = build(Proof.USERNAME)
    for _ in range(60):
        post(site.app, Message(token=Token(password="wrong")).xml())
    site.clock.advance(timedelta(seconds=2))
    assert post(site.app, Message(token=Token()).xml()).status == 200


# ---- passwords


class Counting(Passwords):
    """Counts what argon2 is asked."""

    hashed = 0

    def _verified(self, password: str, stored: str) -> bool:
        self.hashed += 1
        return super()._verified(password, stored)


def test_a_right_password_is_hashed_once_and_a_wrong_one_every_time() -> None:
    checked, stored = Counting(), passwords.hashed("correct horse")
    assert [checked.right("correct horse", stored) for _ in range(3)] == [True] * 3
    assert checked.hashed == 1
    assert [checked.right("wrong", stored) for _ in range(2)] == [False] * 2
    assert checked.hashed == 3


def test_a_password_is_forgotten_when_the_user_changes_it() -> None:
    checked, stored = Counting(), passwords.hashed("correct horse")
    assert checked.right("correct horse", stored)
    assert not checked.right("correct horse", passwords.hashed("battery staple"))


def test_a_password_is_forgotten_after_some_minutes() -> None:
    now = [0.0]
    checked, stored = Counting(elapsed=lambda: now[0]), passwords.hashed("correct horse")
    checked.right("correct horse", stored)
    now[0] = 301.0
    checked.right("correct horse", stored)
    assert checked.hashed == 2


def test_a_user_who_does_not_exist_costs_as_much() -> None:
    checked = Counting()
    assert not checked.right("correct horse", None)
    assert checked.hashed == 1


def test_a_password_of_nothing_or_without_end_is_not_kept() -> None:
    for password in ("", "x" * 1025):
        with pytest.raises(ValueError, match="1 to 1024"):
            passwords.hashed(password)


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
)


@given(TEXT.map(str.strip).filter(bool), TEXT, TEXT)
def test_a_digest_proves_one_password_and_no_other(name: str, password: str, other: str) -> None:
    token = username.read(signing.username_token(signing.Login(name, password, digest=True), NOW))
    assert (token.name, token.digest, token.made_at) == (name, True, NOW)
    assert username.digest(token.nonce, token.created, password) == token.password
    assert (username.digest(token.nonce, token.created, other) == token.password) is (other == password)


@given(st.binary(min_size=8, max_size=64), st.binary(min_size=8, max_size=64))
def test_tokens_have_one_replay_key_when_nonce_created_and_name_are_the_same(nonce: bytes, other: bytes) -> None:
    def key(nonce: bytes, name: str = "osm", later: int = 0) -> str:
        written = digest_token(nonce, NOW + timedelta(seconds=later), name=name).xml()
        names = f'xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"'
        return username.read(etree.fromstring(f"<x {names}>{written}</x>")[0]).replay_key

    assert (key(nonce) == key(other)) is (nonce == other)
    assert len({key(nonce), key(nonce, "crm"), key(nonce, later=1)}) == 3


def test_the_digest_is_that_of_the_profile() -> None:
    # computed with openssl dgst -sha1 -binary | base64
    assert username.digest(bytes(range(1, 9)), "2003-07-16T01:24:32Z", "password") == "nN4/E1D3IyF9w7Fc4wqVX1cvspA="
