"""The BRM simulator as a tester of another system uses it: over HTTP, SOAP by hand, and its control API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from lxml import etree

from tests.acceptance.answers import SOAP, bare, post
from tests.acceptance.site import Brm, brm_server
from tests.brm_sim.simulator import TOKEN, B

NAMESPACE = B.strip("{}")
BASE, CUST, TXN, BILL = "BRMBaseServices_v2", "BRMCustServices_v2", "BRMTXNServices_v2", "BRMBillServices_v2"
LOOPBACK = "PCM_OP_TEST_LOOPBACK"
ANYTHING = "<POID>0.0.0.1 /account 1 0</POID>"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brm]:
    with brm_server(tmp_path_factory.mktemp("brm")) as brm:
        yield brm


@pytest.fixture
def brm(served: Brm) -> Brm:
    """Give a simulator that knows nothing but its price list."""
    served.did("POST", "/reset")
    return served


def envelope(operation: str, opcode: str, flist: str, *, trans_id: str = "", flags: int = 0) -> bytes:
    context = f"<TransactionContext xmlns='{NAMESPACE}'><TRANS_ID>{trans_id}</TRANS_ID></TransactionContext>"
    header = f"<s:Header>{context}</s:Header>" if trans_id else ""
    body = f"<flags>{flags}</flags><{opcode}_inputFlist>{flist}</{opcode}_inputFlist>"
    return (
        f'<s:Envelope xmlns:s="{SOAP.strip("{}")}">{header}<s:Body>'
        f'<{operation} xmlns="{NAMESPACE}">{body}</{operation}></s:Body></s:Envelope>'
    ).encode()


def call(brm: Brm, service: str, operation: str, opcode: str, flist: str, **how: Any) -> tuple[int, etree._Element]:
    """Post an opcode by hand; HTTP status and what stands in the body of the answer."""
    message = envelope(operation, opcode, flist, **how)
    url = f"{brm.address}/services/{service}"
    answer = urllib3.request("POST", url, body=message, headers={"Content-Type": "text/xml"}, retries=False)
    return answer.status, etree.fromstring(answer.data)[-1][0]


def loop(brm: Brm) -> tuple[int, etree._Element]:
    return call(brm, BASE, "pcmOpTestLoopback", LOOPBACK, ANYTHING)


def customer(number: str) -> str:
    """Word an account as BRM's documentation has it, fields in any order."""
    return f"""<TXN_FLAGS>2</TXN_FLAGS><POID>0.0.0.1 /plan -1 0</POID>
    <PAYINFO elem="0"><PAY_TYPE>10001</PAY_TYPE><POID>0.0.0.1 /payinfo/invoice -1 0</POID><INHERITED_INFO/></PAYINFO>
    <NAMEINFO elem="1"><LAST_NAME>Jones</LAST_NAME><COUNTRY>GB</COUNTRY><CITY>York</CITY><ADDRESS>1 High St</ADDRESS>
    </NAMEINFO><ACCTINFO elem="0"><ACCOUNT_NO>{number}</ACCOUNT_NO><POID>0.0.0.1 /account -1 0</POID>
    <CURRENCY>826</CURRENCY></ACCTINFO>"""


def commit_customer(brm: Brm, number: str, trans_id: str = "") -> etree._Element:
    name = "PCM_OP_CUST_COMMIT_CUSTOMER"
    status, answer = call(brm, CUST, "pcmOpCustCommitCustomer", name, customer(number), trans_id=trans_id)
    assert status == 200, etree.tostring(answer).decode()
    return answer


def buffer(answer: tuple[int, etree._Element]) -> dict[str, str]:
    """Read the error buffer of a fault."""
    status, fault = answer
    assert (status, fault.tag) == (500, f"{SOAP}Fault"), etree.tostring(fault).decode()
    found = fault.find(f"detail/{B}ErrorBuffer")
    assert found is not None
    return {etree.QName(each).localname: each.text or "" for each in found}


def exists(brm: Brm, number: str) -> bool:
    return bool(brm.find("/account", ACCOUNT_NO=number))


# ---- control API


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/reset"),
        ("POST", "/seed"),
        ("GET", "/journal"),
        ("GET", "/faults"),
        ("PUT", "/clock"),
        ("POST", "/snapshot/x"),
        ("POST", "/restore/x"),
    ],
)
@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic YTpi", f"Token {TOKEN}"])
def test_the_control_api_does_nothing_without_its_token(brm: Brm, method: str, path: str, token: str) -> None:
    commit_customer(brm, "A-1")
    headers = {"Authorization": token} if token else {}

    answer = urllib3.request(method, f"{brm.address}/control{path}", headers=headers, body=b"{}", retries=False)

    assert (answer.status, "error" in json.loads(answer.data)) == (401, True)
    assert exists(brm, "A-1")


def test_reset_leaves_the_price_list_and_nothing_else(brm: Brm) -> None:
    commit_customer(brm, "A-1")
    brm.did("PUT", "/clock", {"set": "2031-01-01T00:00:00Z", "frozen": True})
    brm.fault(LOOPBACK, action="drop", count=None)

    brm.did("POST", "/reset")

    assert not exists(brm, "A-1")
    assert loop(brm)[0] == 200
    assert brm.did("GET", "/faults") == []
    assert not brm.did("GET", "/clock")["now"].startswith("2031")
    assert len(brm.find("/product", CODE="MOB-TARIFF-UNLIMITED")) == 1


def test_a_seed_is_a_list_of_calls_and_answers_what_they_answered(brm: Brm) -> None:
    account = {"POID": "0.0.0.1 /account -1 0", "ACCOUNT_NO": "A-7", "CURRENCY": 826}
    name = {"LAST_NAME": "Jones", "ADDRESS": "1 High St", "CITY": "York", "COUNTRY": "GB"}
    payinfo = {"POID": "0.0.0.1 /payinfo/invoice -1 0", "PAY_TYPE": 10001, "INHERITED_INFO": {}}
    flist = {
        "POID": "0.0.0.1 /plan -1 0",
        "ACCTINFO": {"0": account},
        "NAMEINFO": {"1": name},
        "PAYINFO": {"0": payinfo},
    }

    [made] = brm.did("POST", "/seed", [{"opcode": "PCM_OP_CUST_COMMIT_CUSTOMER", "flist": flist}])

    [found] = brm.find("/account", ACCOUNT_NO="A-7")
    assert bare(made["ACCOUNT_OBJ"]) == bare(found["POID"])


def test_a_snapshot_is_what_restore_goes_back_to(brm: Brm) -> None:
    commit_customer(brm, "A-1")
    brm.did("POST", "/snapshot/one")
    commit_customer(brm, "A-2")

    brm.did("POST", "/restore/one")

    assert (exists(brm, "A-1"), exists(brm, "A-2")) == (True, False)
    commit_customer(brm, "A-2")
    assert exists(brm, "A-2")


def test_time_stands_still_moves_and_goes_back_to_real(brm: Brm) -> None:
    brm.did("PUT", "/clock", {"set": "2031-01-01T00:00:00Z", "frozen": True})
    brm.did("PUT", "/clock", {"advance": 86400})
    commit_customer(brm, "A-1")
    [account] = brm.find("/account", ACCOUNT_NO="A-1")

    real = brm.did("PUT", "/clock", {"real": True})

    assert str(account["CREATED_T"]).startswith("2031-01-02 00:00:00")
    assert not real["now"].startswith("2031")


def test_the_journal_tells_every_call_with_its_transaction(brm: Brm) -> None:
    call(brm, TXN, "pcmOpTransOpen", "PCM_OP_TRANS_OPEN", _txn("1,0a,0b"), flags=65536)
    commit_customer(brm, "A-1", trans_id="1,0a,0b")

    entries = brm.did("GET", "/journal?transaction=1,0a,0b")

    operations = [(each["operation"], each["outcome"]) for each in entries]
    assert operations == [("PCM_OP_TRANS_OPEN", "answered"), ("PCM_OP_CUST_COMMIT_CUSTOMER", "answered")]
    assert entries[1]["request"]["ACCTINFO"]["0"]["ACCOUNT_NO"] == "A-1"
    assert "ACCOUNT_OBJ" in entries[1]["response"]
    assert brm.did("DELETE", "/journal")["removed"] >= 2
    assert brm.did("GET", "/journal") == []


# ---- faults


def test_the_nth_call_fails_with_the_error_buffer_that_was_asked_for(brm: Brm) -> None:
    error = {"errno": "PIN_ERR_STORAGE", "class": "PIN_ERRCLASS_SYSTEM_RETRYABLE", "location": "PIN_ERRLOC_DM"}
    brm.fault(LOOPBACK, nth=3, action="error", error=error)

    answers = [loop(brm) for _ in range(4)]

    assert [status for status, _ in answers] == [200, 200, 500, 200]
    told = buffer(answers[2])
    assert (told["errno"], told["class"], told["location"]) == (
        "PIN_ERR_STORAGE",
        "PIN_ERRCLASS_SYSTEM_RETRYABLE",
        "PIN_ERRLOC_DM",
    )


def test_chance_is_repeatable_by_its_seed(brm: Brm) -> None:
    def struck(seed: int) -> list[int]:
        brm.did("POST", "/reset")
        brm.fault(LOOPBACK, count=None, probability=0.5, seed=seed, action="error", error={"errno": 43})
        return [loop(brm)[0] for _ in range(24)]

    first, again, other = struck(1), struck(1), struck(2)

    assert first == again != other
    assert set(first) == {200, 500}


def test_an_answer_is_delayed(brm: Brm) -> None:
    brm.fault(LOOPBACK, action="delay", seconds=0.3)
    started = time.monotonic()

    assert loop(brm)[0] == 200

    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(("at", "made"), [("before", False), ("after", True)])
def test_a_reply_is_dropped_before_or_after_the_effect(brm: Brm, at: str, *, made: bool) -> None:
    brm.fault("PCM_OP_CUST_COMMIT_CUSTOMER", action="drop", at=at)
    body = envelope("pcmOpCustCommitCustomer", "PCM_OP_CUST_COMMIT_CUSTOMER", customer("A-1"))

    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request(
            "POST", f"{brm.address}/services/{CUST}", body=body, headers={"Content-Type": "text/xml"}, retries=False
        )  # fmt: skip

    assert exists(brm, "A-1") is made


# ---- the imitated surface


def test_an_opcode_whose_issue_has_not_come_answers_a_typed_not_simulated(brm: Brm) -> None:
    told = buffer(call(brm, BILL, "pcmOpBillMakeBillNow", "PCM_OP_BILL_MAKE_BILL_NOW", ANYTHING))

    assert told["errno"] == "PIN_ERR_BAD_OPCODE"
    assert "not simulated" in told["text"]


def test_an_error_buffer_has_names_and_numbers_of_location_class_and_errno(brm: Brm) -> None:
    missing = "<POID>0.0.0.1 /account 999999 0</POID>"
    _, fault = call(brm, BASE, "pcmOpReadObj", "PCM_OP_READ_OBJ", missing)

    [detail] = fault.iterfind("detail/*")
    told = {etree.QName(each).localname: (each.get("number"), each.text) for each in detail}
    assert detail.tag == f"{B}ErrorBuffer"
    assert told["errno"] == ("3", "PIN_ERR_NOT_FOUND")
    assert told["class"][1] == "PIN_ERRCLASS_APPLICATION"
    assert told["field"][1] == "PIN_FLD_POID"


@pytest.mark.parametrize(
    ("flist", "errno"),
    [
        ("", "PIN_ERR_MISSING_ARG"),
        ("<POID>not a poid</POID>", "PIN_ERR_BAD_TYPE"),
        ("<POID>0.0.0.1 /account 1 0</POID><NONSENSE>1</NONSENSE>", "PIN_ERR_BAD_FIELD_NAME"),
    ],
)
def test_a_wrong_flist_is_an_error_buffer(brm: Brm, flist: str, errno: str) -> None:
    assert buffer(call(brm, BASE, "pcmOpReadObj", "PCM_OP_READ_OBJ", flist))["errno"] == errno


@pytest.mark.parametrize("body", [b"<open>", b"", b"<x xmlns='urn:nobody'/>"])
def test_bad_xml_is_an_error_buffer_too(brm: Brm, body: bytes) -> None:
    assert buffer(post(f"{brm.address}/services/{BASE}", body))["errno"]


def test_validation_of_customers_answers_result_0_with_a_field_for_each_failure(brm: Brm) -> None:
    commit_customer(brm, "A-1")
    incomplete = customer("A-1").replace("<LAST_NAME>Jones</LAST_NAME>", "").replace(">826<", ">999<")

    status, answer = call(brm, CUST, "pcmOpCustCommitCustomer", "PCM_OP_CUST_COMMIT_CUSTOMER", incomplete)

    assert status == 200
    [output] = answer
    assert output.findtext(f"{B}RESULT") == "0"
    told = {each.findtext(f"{B}FIELD_NUM"): each.findtext(f"{B}RESULT") for each in output.iterfind(f"{B}FIELD")}
    assert sorted(code or "" for code in told.values()) == ["1", "5", "6"]
    assert len(brm.find("/account", ACCOUNT_NO="A-1")) == 1


# ---- transactions, by hand


def _txn(trans_id: str) -> str:
    return f"<POID>0.0.0.1 /poid -1 0</POID><TRANS_ID>{trans_id}</TRANS_ID>"


def trans(brm: Brm, verb: str, trans_id: str, flags: int = 0) -> tuple[int, etree._Element]:
    return call(brm, TXN, f"pcmOpTrans{verb.title()}", f"PCM_OP_TRANS_{verb}", _txn(trans_id), flags=flags)


def result(answer: tuple[int, etree._Element]) -> str | None:
    return answer[1][0].findtext(f"{B}RESULT")


def test_what_a_transaction_makes_is_seen_inside_only_until_it_commits(brm: Brm) -> None:
    trans(brm, "OPEN", "1,0a,0b", flags=65536)
    commit_customer(brm, "A-1", trans_id="1,0a,0b")
    search = """<POID>0.0.0.1 /search -1 0</POID><FLAGS>0</FLAGS>
    <TEMPLATE>select X from /account where F1 = V1 </TEMPLATE>
    <ARGS elem="1"><ACCOUNT_NO>A-1</ACCOUNT_NO></ARGS><RESULTS elem="0"><ACCOUNT_NO/></RESULTS>"""

    inside = call(brm, BASE, "pcmOpSearch", "PCM_OP_SEARCH", search, trans_id="1,0a,0b")[1]
    outside = exists(brm, "A-1")
    trans(brm, "COMMIT", "1,0a,0b")

    assert [each.text for each in inside.iter(f"{B}ACCOUNT_NO")] == ["A-1"]
    assert (outside, exists(brm, "A-1")) == (False, True)


def test_an_aborted_transaction_leaves_nothing(brm: Brm) -> None:
    trans(brm, "OPEN", "1,0a,0b", flags=65536)
    commit_customer(brm, "A-1", trans_id="1,0a,0b")

    trans(brm, "ABORT", "1,0a,0b")

    assert not exists(brm, "A-1")
    assert result(trans(brm, "ABORT", "1,0a,0b")) == "0"


def test_a_prepared_transaction_is_listed_committed_and_remembered_until_forgotten(brm: Brm) -> None:
    trans(brm, "OPEN", "1,0a,0b", flags=65536)
    commit_customer(brm, "A-1", trans_id="1,0a,0b")
    recover = ("pcmOpTransRecover", "PCM_OP_TRANS_RECOVER", "<POID>0.0.0.1 /poid -1 0</POID>")

    prepared = result(trans(brm, "PREPARE", "1,0a,0b"))
    listed = [each.text for each in call(brm, TXN, *recover)[1].iter(f"{B}TRANS_ID")]
    committed = [result(trans(brm, "COMMIT", "1,0a,0b")) for _ in range(2)]
    trans(brm, "FORGET", "1,0a,0b")

    assert (prepared, listed, committed) == ("0", ["1,0a,0b"], ["0", "0"])
    assert buffer(trans(brm, "COMMIT", "1,0a,0b"))["errno"] == "PIN_ERR_TRANS_LOST"
    assert exists(brm, "A-1")


def test_a_transaction_that_did_nothing_prepares_as_read_only(brm: Brm) -> None:
    trans(brm, "OPEN", "1,0a,0b", flags=65536)

    assert result(trans(brm, "PREPARE", "1,0a,0b")) == "3"


def test_an_opcode_of_an_unknown_transaction_never_commits_by_itself(brm: Brm) -> None:
    name = "PCM_OP_CUST_COMMIT_CUSTOMER"

    told = buffer(call(brm, CUST, "pcmOpCustCommitCustomer", name, customer("A-1"), trans_id="1,0c,0d"))

    assert told["errno"] == "PIN_ERR_TRANS_LOST"
    assert not exists(brm, "A-1")


def test_two_transactions_that_claim_one_number_clash_before_commit(brm: Brm) -> None:
    for trans_id in ("1,0a,0b", "1,0c,0d"):
        trans(brm, "OPEN", trans_id, flags=65536)
        commit_customer(brm, "A-1", trans_id=trans_id)

    first = trans(brm, "PREPARE", "1,0a,0b")
    second = trans(brm, "PREPARE", "1,0c,0d")

    assert result(first) == "0"
    assert buffer(second)["errno"]
    assert result(trans(brm, "COMMIT", "1,0a,0b")) == "0"


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with brm_server(tmp_path) as brm:
        trans(brm, "OPEN", "1,0a,0b", flags=65536)
        commit_customer(brm, "A-1", trans_id="1,0a,0b")
        trans(brm, "PREPARE", "1,0a,0b")
    with brm_server(tmp_path) as brm:
        assert result(trans(brm, "COMMIT", "1,0a,0b")) == "0"
        assert exists(brm, "A-1")
