"""Siebel's header scheme, through an application with a sample service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from wsgiref.types import WSGIApplication

import pytest

from soapkit.exchange import EXCHANGE, Exchange
from soapkit.server import application
from soapkit.wss.security import Proof
from soapkit.wss.siebel import EXPIRED, NAMESPACE, WRONG, Lifetimes, MemorySessions, SiebelSession
from tests.contract.soapkit.orders import ADDRESS, URL, Answer, envelope, order, post, service
from tests.doubles.clock import FakeClock
from tests.security.conftest import Build


@dataclass
class Siebel:
    """A site with the scheme; ``callers`` are those whose requests were let in."""

    app: WSGIApplication
    clock: FakeClock
    callers: list[str]

    def ask(self, *, url: str = "", **blocks: str) -> Answer:
        """Call; each keyword is a header block, ``UsernameToken`` and so on."""
        written = "".join(f'<{name} xmlns="{NAMESPACE}">{text}</{name}>' for name, text in blocks.items())
        return post(self.app, envelope(order(), written), ADDRESS + url)

    def login(self, kind: str = "Stateless") -> str:
        return token_of(self.ask(UsernameToken="osm", PasswordText="correct horse", SessionType=kind))


Make = Callable[..., Siebel]


def token_of(answer: Answer) -> str:
    assert answer.status == 200
    return answer.body.getroottree().findtext(f".//{{{NAMESPACE}}}SessionToken") or ""


def assert_refused(answer: Answer, text: str) -> None:
    assert (answer.status, answer.code) == (500, "soap:Server")
    assert answer.text.startswith(text)
    assert token_free(answer)


def token_free(answer: Answer) -> bool:
    return answer.body.getroottree().find(f".//{{{NAMESPACE}}}SessionToken") is None


@pytest.fixture
def make(build: Build) -> Make:
    def made(**options: object) -> Siebel:
        site = build(Proof.NONE)
        module = SiebelSession(site.authenticator, MemorySessions(5), site.clock, **options)  # type: ignore[arg-type] # by name
        callers: list[str] = []
        served = application([service()], public_url=URL, modules=[module])

        def noting(environ: dict[str, object], start_response: object) -> object:
            answer = served(environ, start_response)  # type: ignore[arg-type] # WSGI's own
            exchange = environ.get(EXCHANGE)
            if isinstance(exchange, Exchange) and exchange.caller is not None:
                callers.append(exchange.caller.name)
            return answer

        return Siebel(noting, site.clock, callers)  # type: ignore[arg-type] # it is one

    return made


def test_a_name_and_a_password_are_good_for_one_request(make: Make) -> None:
    siebel = make()
    answer = siebel.ask(UsernameToken="osm", PasswordText="correct horse", SessionType="None")
    assert (token_of(answer), siebel.callers) == ("", ["osm"])
    assert token_of(siebel.ask(UsernameToken="osm", PasswordText="correct horse")) == ""


@pytest.mark.parametrize("kind", ["Stateless", "STATELESS", "stateless", "ServerDetermine"])
def test_every_answer_of_a_stateless_session_has_a_new_token(make: Make, kind: str) -> None:
    siebel = make()
    tokens = [siebel.login(kind)]
    for _ in range(3):
        tokens.append(token_of(siebel.ask(SessionToken=tokens[-1], SessionType=kind)))
    assert len(set(tokens)) == 4
    assert siebel.callers == ["osm"] * 4


def test_the_token_of_a_stateful_session_stays(make: Make) -> None:
    siebel = make()
    token = siebel.login("Stateful")
    assert token_of(siebel.ask(SessionToken=token, SessionType="Stateful")) == token


def test_an_older_token_is_good_for_a_moment_only(make: Make) -> None:
    siebel = make()
    first = siebel.login()
    token_of(siebel.ask(SessionToken=first, SessionType="Stateless"))
    token_of(siebel.ask(SessionToken=first, SessionType="Stateless"))
    siebel.clock.advance(timedelta(seconds=31))
    assert_refused(siebel.ask(SessionToken=first, SessionType="Stateless"), EXPIRED)


def test_using_an_older_token_again_does_not_keep_it_good(make: Make) -> None:
    siebel = make()
    first = siebel.login()
    for _ in range(3):
        token_of(siebel.ask(SessionToken=first, SessionType="Stateless"))
        siebel.clock.advance(timedelta(seconds=12))
    assert_refused(siebel.ask(SessionToken=first, SessionType="Stateless"), EXPIRED)


def test_the_last_request_logs_out(make: Make) -> None:
    siebel = make()
    token = siebel.login()
    assert token_of(siebel.ask(SessionToken=token, SessionType="None")) == ""
    assert_refused(siebel.ask(SessionToken=token, SessionType="Stateless"), EXPIRED)


@pytest.mark.parametrize("kind", ["Stateless", "Stateful"])
def test_a_session_ends_when_nobody_uses_it(make: Make, kind: str) -> None:
    siebel = make(lifetimes=Lifetimes(idle=timedelta(minutes=1)))
    token = siebel.login(kind)
    for _ in range(3):
        siebel.clock.advance(timedelta(seconds=50))
        token = token_of(siebel.ask(SessionToken=token, SessionType=kind))
    siebel.clock.advance(timedelta(seconds=61))
    assert_refused(siebel.ask(SessionToken=token, SessionType=kind), EXPIRED)


def test_no_session_lasts_for_ever(make: Make) -> None:
    siebel = make(lifetimes=Lifetimes(most=timedelta(minutes=20)))
    token = siebel.login("Stateful")
    for _ in range(2):
        siebel.clock.advance(timedelta(minutes=10))
        token_of(siebel.ask(SessionToken=token, SessionType="Stateful"))
    siebel.clock.advance(timedelta(minutes=1))
    assert_refused(siebel.ask(SessionToken=token, SessionType="Stateful"), EXPIRED)


def test_an_invented_token_is_an_expired_one(make: Make) -> None:
    assert_refused(make().ask(SessionToken="invented", SessionType="Stateless"), EXPIRED)


def test_sessions_do_not_pile_up(make: Make) -> None:
    siebel = make()
    tokens = [siebel.login("Stateful") for _ in range(6)]
    assert_refused(siebel.ask(SessionToken=tokens[0], SessionType="Stateful"), EXPIRED)
    assert token_of(siebel.ask(SessionToken=tokens[1], SessionType="Stateful")) == tokens[1]


@pytest.mark.parametrize(
    "blocks",
    [
        {"UsernameToken": "osm", "PasswordText": "wrong", "SessionType": "Stateless"},
        {"UsernameToken": "nobody", "PasswordText": "correct horse", "SessionType": "None"},
        {"UsernameToken": "osm"},
        {"PasswordText": "correct horse"},
        {},
    ],
    ids=["password", "name", "no password", "no name", "nothing"],
)
def test_a_stranger_is_refused_and_learns_nothing(make: Make, blocks: dict[str, str]) -> None:
    siebel = make()
    assert_refused(siebel.ask(**blocks), WRONG)
    assert siebel.callers == []


def test_guesses_are_slowed_down(make: Make) -> None:
    siebel = make()
    statuses = [siebel.ask(UsernameToken="osm", PasswordText="wrong").status for _ in range(8)]
    assert statuses == [500] * 6 + [503] * 2


def test_anonymous_requests_are_let_in_where_that_was_allowed(make: Make) -> None:
    siebel = make(anonymous="GUESTCST")
    assert token_of(siebel.ask()) == ""
    assert_refused(siebel.ask(SessionType="Stateless"), WRONG)
    assert_refused(siebel.ask(PasswordText="correct horse"), WRONG)
    assert siebel.callers == ["GUESTCST"]


def test_a_type_that_there_is_not_is_refused(make: Make) -> None:
    answer = make().ask(UsernameToken="osm", PasswordText="correct horse", SessionType="Forever")
    assert_refused(answer, "Invalid SessionType 'Forever'")


def test_a_block_that_holds_elements_is_refused(make: Make) -> None:
    assert_refused(make().ask(UsernameToken="<a/>"), "Unable to process SOAP Header child element 'UsernameToken'")


def test_names_in_the_url_are_off_unless_somebody_says_otherwise(make: Make) -> None:
    url = "?UserName=osm&amp;Password=correct%20horse".replace("&amp;", "&")
    assert_refused(make().ask(url=url), WRONG)
    siebel = make(in_url=True)
    assert token_of(siebel.ask(url=url)) == ""
    assert siebel.callers == ["osm"]
