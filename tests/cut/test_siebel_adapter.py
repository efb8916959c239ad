"""The gateway as a client of Siebel: addresses, sessions, credentials, and what each failure means."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from gateway.adapters.siebel import Addresses, Authentication, SiebelWebServices, Waits
from gateway.adapters.siebel_errors import of_fault
from gateway.cut.objects import CutObject, objects
from gateway.errors import Disconnected, GatewayError, InvalidMessage, SiebelRefused, SiebelSaid, Unavailable
from siebel_sim.server import build
from soapkit.client import RemoteFault
from soapkit.server import running
from soapkit.wss.credentials import Login
from tests.cut.landscape import Record, listed, siebel_settings

LOGIN = Login("SADMIN", "secret")
ACCOUNT: CutObject = objects({})[0]
FAULT = "http://www.siebel.com/ws/fault"


@contextmanager
def served(directory: Path, **changes: Any) -> Iterator[str]:
    """Run a simulator that lets in who logs in only; its address."""
    known = {"users": SecretStr(f"{LOGIN.name}:{LOGIN.password}"), "anonymous": False}
    with ExitStack() as stack:
        yield stack.enter_context(
            running(
                lambda url: stack.enter_context(
                    closing(build(siebel_settings(directory, public_url=url, **(known | changes))))
                )
            )
        )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one Siebel for all tests of this file."""
    with served(tmp_path_factory.mktemp("siebel")) as url:
        yield url


def in_session(address: str, **more: Any) -> SiebelWebServices:
    """Give a client that logs in."""
    return SiebelWebServices("SEBL_01", address, authentication=Authentication.SESSION, login=LOGIN, **more)


def account(name: str) -> etree._Element:
    """Word an account."""
    return listed(ACCOUNT, {"IntegrationId": name, "Name": name})


@pytest.mark.parametrize("addresses", Addresses)
def test_records_are_written_and_read_at_either_address(address: str, addresses: Addresses) -> None:
    siebel = in_session(address, addresses=addresses)
    row_id = ACCOUNT.row_id(ACCOUNT.records(siebel.upsert(ACCOUNT.siebel, account(addresses)))[0])
    found = siebel.query_by_id(ACCOUNT.siebel, row_id)
    assert found.getparent() is None
    assert found[0].findtext("{*}Name") == addresses
    alike = siebel.query_by_example(ACCOUNT.siebel, listed(ACCOUNT, {"IntegrationId": addresses}))
    assert ACCOUNT.row_id(alike[0]) == row_id


def test_an_unknown_row_id_is_an_empty_list(address: str) -> None:
    assert len(in_session(address).query_by_id(ACCOUNT.siebel, "1-NOBODY")) == 0


def test_pages_follow_one_another_until_the_last(address: str) -> None:
    siebel = in_session(address)
    for number in range(3):
        siebel.upsert(ACCOUNT.siebel, listed(ACCOUNT, {"IntegrationId": f"page-{number}", "Name": f"Page {number}"}))
    asked: Record = {"search": "[Name] LIKE 'Page*'", "sort": "Name", "size": 2}
    pages = [siebel.query_page(ACCOUNT.siebel, start=start, **asked) for start in (0, 2)]
    assert [page.last_page for page in pages] == [False, True]
    assert [each.findtext("{*}Name") for page in pages for each in page.list] == ["Page 0", "Page 1", "Page 2"]


def test_a_whole_url_of_siebels_is_used_as_it_is(address: str) -> None:
    whole = f"{address}/eai_anon_enu/start.swe?SWEExtSource=SecureWebService&SWEExtCmd=Execute"
    assert len(in_session(whole, addresses=Addresses.EAI).query_by_id(ACCOUNT.siebel, "1-NOBODY")) == 0


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_that_expired_is_logged_in_again_and_the_call_goes_on(tmp_path: Path) -> None:
    with served(tmp_path, session_idle=0.000_001) as address:
        siebel = in_session(address)
        for name in ("first", "second"):
            assert len(siebel.upsert(ACCOUNT.siebel, account(name))) == 1


def test_what_siebel_refuses_does_not_end_the_session(address: str) -> None:
    siebel = in_session(address)
    for _ in range(2):
        with pytest.raises(SiebelRefused) as refused:
            siebel.query_page(ACCOUNT.siebel, search="[Name", sort="", size=None, start=0)
        assert refused.value.stack[0].code == "SBL-DAT-00501"
    assert len(siebel.query_by_id(ACCOUNT.siebel, "1-NOBODY")) == 0


def test_threads_do_not_take_each_others_tokens(address: str) -> None:
    siebel = in_session(address)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: len(siebel.query_by_id(ACCOUNT.siebel, "1-NOBODY")), range(80)))
    assert found == [0] * 80


def test_a_wrong_password_is_siebels_affair_and_not_the_messages(address: str) -> None:
    wrong = SiebelWebServices(
        "SEBL_01", address, authentication=Authentication.SESSION, login=Login("SADMIN", "another")
    )
    with pytest.raises(Unavailable) as failed:
        wrong.query_by_id(ACCOUNT.siebel, "1-1")
    assert failed.value.code == "SBL-DAT-00446"
    assert "another" not in failed.value.text


@pytest.mark.parametrize("authentication", [Authentication.SESSION, Authentication.WSS, Authentication.BASIC])
def test_without_a_login_no_authentication_is_possible(authentication: Authentication) -> None:
    with pytest.raises(ValueError, match="needs a user"):
        SiebelWebServices("SEBL_01", "http://siebel.test", authentication=authentication)


@contextmanager
def overheard() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Listen to what a client sends; the answer is an empty list."""
    heard: list[tuple[dict[str, str], bytes]] = []
    body = '<a:CUTSampleAccountQueryById_Output xmlns:a="http://siebel.com/asi/"/>'
    answer = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'

    def app(environ: Any, start_response: Any) -> list[bytes]:
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        heard.append(({name: value for name, value in environ.items() if name.startswith("HTTP_")}, sent))
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(answer)))])
        return [answer.encode()]

    with running(lambda _: app) as url:
        yield url, heard


def test_a_username_token_is_sent_as_siebel_reads_it() -> None:
    with overheard() as (url, heard):
        siebel = SiebelWebServices("SEBL_01", url, authentication=Authentication.WSS, login=LOGIN)
        siebel.query_by_id(ACCOUNT.siebel, "1-1")
    root = etree.fromstring(heard[0][1])
    token = root.find("{*}Header/{*}Security/{*}UsernameToken")
    assert token is not None
    assert (token.findtext("{*}Username"), token.findtext("{*}Password")) == (LOGIN.name, LOGIN.password)


def test_http_basic_is_for_what_stands_in_front_of_siebel() -> None:
    with overheard() as (url, heard):
        siebel = SiebelWebServices("SEBL_01", url, authentication=Authentication.BASIC, login=LOGIN)
        siebel.query_by_id(ACCOUNT.siebel, "1-1")
    assert heard[0][0]["HTTP_AUTHORIZATION"].startswith("Basic ")
    assert LOGIN.password.encode() not in heard[0][1]


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_siebel_that_is_not_there_is_disconnected() -> None:
    siebel = SiebelWebServices("SEBL_01", "http://127.0.0.1:9", waits=Waits(connect=0.5, read=0.5))
    with pytest.raises(Disconnected, match="SEBL_01 does not answer"):
        siebel.query_by_id(ACCOUNT.siebel, "1-1")


def test_a_message_that_siebels_contract_forbids_is_not_sent(address: str) -> None:
    wrong = account("wrong")
    etree.SubElement(wrong[0], f"{{{ACCOUNT.namespace}}}ShoeSize").text = "43"
    with pytest.raises(InvalidMessage) as refused:
        in_session(address).upsert(ACCOUNT.siebel, wrong)
    assert "43" not in refused.value.text


def fault(text: str, *errors: tuple[str, str, str], bare: bool = False) -> RemoteFault:
    """Word a fault of Siebel's; ``bare``, in the shape of old Siebels."""
    stack = etree.Element(f"{{{FAULT}}}errorstack")
    for error in errors:
        each = etree.SubElement(stack, f"{{{FAULT}}}error")
        for name, value in zip(("errorcode", "errorsymbol", "errormsg"), error, strict=True):
            etree.SubElement(each, f"{{{FAULT}}}{name}").text = value
    if bare or not errors:
        return RemoteFault("Server", text, stack if errors else None)
    detail = etree.Element(f"{{{FAULT}}}siebdetail")
    detail.append(stack)
    return RemoteFault("Server", text, detail)


TWO = (("SBL-EAI-04376", "IDS_X", "Outer(SBL-EAI-04376)"), ("(SBL-DAT-00225)", "", "Inner"))
READ = (SiebelSaid("SBL-EAI-04376", "IDS_X", "Outer"), SiebelSaid("SBL-DAT-00225", "", "Inner"))


@pytest.mark.parametrize("bare", [False, True], ids=["siebdetail", "errorstack alone"])
def test_the_whole_stack_is_read_in_either_shape(bare: bool) -> None:
    error = of_fault(fault("Outer(SBL-EAI-04376)", *TWO, bare=bare), "SEBL_01")
    assert isinstance(error, SiebelRefused)
    assert (error.stack, error.code, error.text) == (READ, "SBL-EAI-04376", "Outer")


def test_a_fault_without_a_stack_says_its_code_in_its_text() -> None:
    error = of_fault(fault("It failed (SBL-BPR-00162)"), "SEBL_01")
    assert isinstance(error, SiebelRefused)
    assert error.stack == (SiebelSaid("SBL-BPR-00162", "", "It failed"),)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (fault("Internal Server Error"), "O2C_UNAVAILABLE"),
        (fault("x", ("SBL-EAI-04376", "", "x"), ("SBL-DBC-00107", "", "database")), "SBL-DBC-00107"),
        (fault("x", ("SBL-UIF-00880", "", "expired")), "SBL-UIF-00880"),
    ],
    ids=["no code at all", "the database below it", "a session that expires at once"],
)
def test_where_siebel_itself_is_at_fault_trying_again_may_help(found: RemoteFault, expected: str) -> None:
    error: GatewayError = of_fault(found, "SEBL_01")
    assert isinstance(error, Unavailable)
    assert error.code == expected
