"""Siebel's header scheme: a login, a token that renews with every answer, a logout; and callers who may not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree
from pydantic import SecretStr

from siebel_sim.server import build
from soapkit.wss.names import WSSE
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import Simulator, stack_of

QUERY = '<CUTAccountQueryById_Input xmlns="http://siebel.com/CustomUI"><PrimaryRowId>1-1</PrimaryRowId></CUTAccountQueryById_Input>'


def header(**blocks: str) -> str:
    return "".join(f'<{name} xmlns="http://siebel.com/webservices">{text}</{name}>' for name, text in blocks.items())


def token_of(envelope: etree._Element) -> str:
    return envelope.findtext(".//{http://siebel.com/webservices}SessionToken") or ""


def refusal(envelope: etree._Element) -> list[str]:
    detail = envelope.find(".//{*}siebdetail")
    return [] if detail is None else [code for code, _ in stack_of(detail)]


def test_a_session_is_opened_goes_on_in_another_process_and_ends(database_url: str) -> None:
    given = settings(database_url, users=SecretStr("SADMIN:secret"), anonymous=False)
    with closing(build(given)) as one, closing(build(given)) as other:
        first, second = Simulator(ADDRESS, one), Simulator(ADDRESS, other)
        login = header(UsernameToken="SADMIN", PasswordText="secret", SessionType="Stateless")
        token = token_of(first.post(QUERY, login)[1])
        renewed = token_of(second.post(QUERY, header(SessionToken=token, SessionType="Stateless"))[1])
        assert renewed not in ("", token)
        assert refusal(first.post(QUERY, header(SessionToken=renewed, SessionType="None"))[1]) == []
        assert refusal(first.post(QUERY, header(SessionToken=renewed, SessionType="None"))[1]) == ["SBL-UIF-00880"]


def test_who_is_nobody_is_refused_where_anonymous_callers_are(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'siebel.sqlite'}"
    with closing(build(settings(url, users=SecretStr("SADMIN:secret"), anonymous=False))) as app:
        siebel = Simulator(ADDRESS, app)
        assert refusal(siebel.post(QUERY)[1]) == ["SBL-DAT-00446"]
        wrong = header(UsernameToken="SADMIN", PasswordText="guess")
        assert refusal(siebel.post(QUERY, wrong)[1]) == ["SBL-DAT-00446"]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Simulator]:
    given = settings(f"sqlite:///{tmp_path / 'siebel.sqlite'}", users=SecretStr("SADMIN:secret"), anonymous=False)
    with closing(build(given)) as app:
        yield Simulator(ADDRESS, app)


def username_token(namespace: str, password: str) -> str:
    return f"""<wsse:Security xmlns:wsse="{namespace}" s:mustUnderstand="1"><wsse:UsernameToken>
        <wsse:Username>SADMIN</wsse:Username><wsse:Password Type="wsse:PasswordText">{password}</wsse:Password>
        </wsse:UsernameToken></wsse:Security>"""


@pytest.mark.parametrize("namespace", ["http://schemas.xmlsoap.org/ws/2002/07/secext", WSSE])
def test_a_username_token_logs_in_for_one_request(guarded: Simulator, namespace: str) -> None:
    path = "/eai_anon_enu/start.swe?SWEExtSource=SecureWebService&SWEExtCmd=Execute&WSSOAP=1"
    status, envelope = guarded.post(QUERY, username_token(namespace, "secret"), path)
    assert (status, token_of(envelope)) == (200, "")
    assert refusal(guarded.post(QUERY, username_token(namespace, "guess"), path)[1]) == ["SBL-DAT-00446"]


@pytest.mark.parametrize(("password", "status"), [("secret", 200), ("guess", 401)])
def test_http_basic_logs_in_for_one_request(guarded: Simulator, password: str, status: int) -> None:
    proof = base64.b64encode(f"SADMIN:{password}".encode()).decode()
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{QUERY}</s:Body></s:Envelope>'
    given = {"Content-Type": "text/xml", "Authorization": f"Basic {proof}"}
    assert guarded.http("POST", "/services/CUTAccount", envelope.encode(), given)[0] == status


def test_a_session_that_idled_for_too_long_has_expired(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'siebel.sqlite'}"
    with closing(build(settings(url, users=SecretStr("SADMIN:secret"), session_idle=1e-6))) as app:
        siebel = Simulator(ADDRESS, app)
        token = token_of(
            siebel.post(QUERY, header(UsernameToken="SADMIN", PasswordText="secret", SessionType="Stateless"))[1]
        )
        _, envelope = siebel.post(QUERY, header(SessionToken=token, SessionType="Stateless"))
        assert refusal(envelope) == ["SBL-UIF-00880"]
        assert "Token might have been expired or logged out by the user." in (envelope.findtext(".//faultstring") or "")


@pytest.mark.parametrize("kind", ["stateful", "STATEFUL", "Stateful"])
def test_a_stateful_session_keeps_its_token(guarded: Simulator, kind: str) -> None:
    token = token_of(guarded.post(QUERY, header(UsernameToken="SADMIN", PasswordText="secret", SessionType=kind))[1])
    _, envelope = guarded.post(QUERY, header(SessionToken=token, SessionType=kind))
    assert (refusal(envelope), token_of(envelope)) == ([], token)


def test_there_are_no_other_session_types(guarded: Simulator) -> None:
    login = header(UsernameToken="SADMIN", PasswordText="secret", SessionType="Forever")
    assert refusal(guarded.post(QUERY, login)[1]) == ["SBL-EAI-08000"]
