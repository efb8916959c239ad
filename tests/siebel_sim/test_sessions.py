"""Siebel's header scheme: a login, a token that renews with every answer, a logout; and callers who may not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from lxml import etree
from pydantic import SecretStr

from siebel_sim.server import build
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
