"""Whatever is wrong, through the gateway: Siebel's own words inside the workflow's, and nothing half-written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.cut_objects import OBJECTS, CutObject, Tree
from tests.acceptance.cut_site import Gateway, gateway_process, number, records, siebel_process
from tests.acceptance.site import eventually

EACH = pytest.mark.parametrize("about", OBJECTS.values(), ids=list(OBJECTS))
READ = [each for each in OBJECTS.values() if "Get" in each.operations]
EACH_READ = pytest.mark.parametrize("about", READ, ids=[each.word for each in READ])
ACCOUNT, TICKET = OBJECTS["Account"], OBJECTS["TroubleTicket"]
OFF = """off = ["CUT Receive Fraud Alert Data", "CUT Get Work Order Data"]
siebel_user = "siebel"
[cut.subscribers.CRM_01]
queue = "CRM_QUEUE"
caller = "crm"
"""


@pytest.fixture
def gateway(served_cut: Gateway) -> Gateway:
    return served_cut


@pytest.fixture(scope="module")
def choosy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Run another where two workflows are off, and where it counts who calls."""
    directory = tmp_path_factory.mktemp("choosy")
    with siebel_process(directory) as siebel, gateway_process(directory, siebel, OFF) as found:
        yield found


def refused(gateway: Gateway, about: CutObject, *given: Tree) -> list[tuple[str, str]]:
    """Receive what Siebel refuses; its own stack, below the workflow's step."""
    outer, *inner = gateway.of(about).refused(f"CUTReceive{about.word}Data", **about.message(*given))
    step = f"Error invoking service 'EAI Siebel Adapter', method 'Insert or Update' at step 'Update {about.name}'."
    assert outer == ("SBL-BPR-00162", f"{step}(SBL-BPR-00162)")
    return inner


# ---- Receive


@EACH
def test_a_record_without_a_user_key(gateway: Gateway, about: CutObject) -> None:
    ((code, text),) = refused(gateway, about, about.without_keys(number()))
    assert code == "SBL-EAI-04397"
    assert text.startswith("No user key can be used for the Integration Component instance '")


def test_a_user_key_that_several_records_have(gateway: Gateway) -> None:
    name = f"Twins {number()}"
    for _ in range(2):
        gateway.siebel.upsert(ACCOUNT, {"Name": name, "IntegrationId": number()})
    twin = {"Name": name, "Location": "", "Organization": "Default Organization", "MainPhoneNumber": "+44"}
    ((code, text),) = refused(gateway, ACCOUNT, twin)
    assert (code, "Multiple matches found for instance of integration component 'Account'" in text) == (
        "SBL-EAI-04390",
        True,
    )


@EACH
def test_a_value_that_is_not_in_the_pick_list(gateway: Gateway, about: CutObject) -> None:
    record = about.made(number()) | {about.listed: "Sleepy"}
    told = refused(gateway, about, record)
    assert [code for code, _ in told] == ["SBL-EAI-04376", "SBL-DAT-00225"]
    assert "does not match any value in the bounded pick list" in told[1][1]
    assert gateway.siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_a_required_field_that_is_missing(gateway: Gateway, about: CutObject) -> None:
    record = {tag: value for tag, value in about.made(number()).items() if tag != about.required}
    told = refused(gateway, about, record)
    assert [code for code, _ in told] == ["SBL-EAI-04451", "SBL-DAT-00498"]
    assert "is a required field. Please enter a value for the field." in told[1][1]
    assert gateway.siebel.known(about, record["IntegrationId"]) == []


@EACH
def test_a_modification_key_that_is_not_the_latest(gateway: Gateway, about: CutObject) -> None:
    key = number()
    gateway.siebel.upsert(about, about.made(key))
    read = gateway.siebel.one(about, key)
    gateway.receive(about, {"IntegrationId": key, "ModId": read["ModId"], about.changeable: "first"})
    stale = {"IntegrationId": key, "ModId": read["ModId"], about.changeable: "second"}
    told = refused(gateway, about, stale)
    assert [code for code, _ in told] == ["SBL-EAI-04451", "SBL-DAT-00523"]
    assert gateway.siebel.one(about, key)[about.changeable] == "first"


@EACH
def test_half_of_a_hierarchy_that_fails_leaves_nothing_of_the_whole_message(gateway: Gateway, about: CutObject) -> None:
    there, new = number(), number()
    gateway.siebel.upsert(about, about.made(there))
    before = gateway.siebel.one(about, there)
    told = refused(gateway, about, about.made(there) | {about.changeable: "half"}, about.with_bad_child(new))
    assert told[-1][0] == about.refused
    assert gateway.siebel.known(about, new) == []
    assert gateway.siebel.one(about, there) == before


def test_what_was_refused_may_be_sent_again_under_its_id_once_it_is_right(gateway: Gateway) -> None:
    key, message = number(), f"m-{number()}"
    wrong = ACCOUNT.message(ACCOUNT.made(key) | {"AccountStatus": "Sleepy"})
    for _ in range(2):
        gateway.of(ACCOUNT).refused("CUTReceiveAccountData", **wrong, Message_spcId=message)
    gateway.siebel.upsert(ACCOUNT, ACCOUNT.made(number()))
    gateway.receive(ACCOUNT, ACCOUNT.made(key), Message_spcId=f"{message}-b")
    assert gateway.siebel.one(ACCOUNT, key)["AccountStatus"] == "Active"


# ---- strings


_STRING = '<SiebelMessage IntObjectName="{io}"><{list}><Account><Name>Jones</Name></Account></{list}></SiebelMessage>'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<SiebelMessage", "[well-formed"),
        ("Jones", "[well-formed"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "[doctype"),
        (_STRING.format(io="CUT Sample Asset IO", list=ACCOUNT.list), "the message is about 'CUT Sample Asset IO'"),
        (_STRING.format(io=ACCOUNT.io, list="ListOfOthers"), "data begin with ListOfCutSampleAccountIo"),
        (_STRING.format(io=ACCOUNT.io, list=ACCOUNT.list).replace("Name>", "Hue>"), "Hue"),
        (f'<SiebelMessage IntObjectName="{ACCOUNT.io}"/>', "SiebelMessage holds 0 elements"),
    ],
)
def test_a_string_that_is_none_is_refused_by_the_gateway_and_told_where(gateway: Gateway, text: str, told: str) -> None:
    ((code, said),) = gateway.of(ACCOUNT).refused("CUTReceiveAccountData", Account_spcXML=text)
    assert (code, told in said) == ("O2C_INVALID_MESSAGE", True), said


def test_remarks_in_a_string_are_no_data(gateway: Gateway) -> None:
    key = number()
    record = f"<!-- new --><Account><?pi x?><IntegrationId>{key}</IntegrationId><Name>Jones {key}</Name></Account>"
    text = f"<!-- from CRM --><{ACCOUNT.list}>{record}</{ACCOUNT.list}>"
    gateway.of(ACCOUNT).call("CUTReceiveAccountData", Account_spcXML=text)
    assert gateway.siebel.one(ACCOUNT, key)["Name"] == f"Jones {key}"


def test_data_that_are_given_twice_or_not_at_all(gateway: Gateway) -> None:
    service, given = gateway.of(ACCOUNT), ACCOUNT.message(ACCOUNT.made(number()))
    text = _STRING.format(io=ACCOUNT.io, list=ACCOUNT.list)
    twice = service.refused("CUTReceiveAccountData", **given, Account_spcXML=text)
    nothing = service.refused("CUTReceiveAccountData")
    nobody = service.refused("CUTSendAccountData", **ACCOUNT.message({"Name": "of no id"}))
    assert [code for ((code, _),) in (twice, nothing, nobody)] == ["O2C_INVALID_MESSAGE"] * 3


# ---- Get


@EACH_READ
@pytest.mark.parametrize("kind", ["Get", "Send"])
def test_who_asks_for_nothing_or_for_two_things_is_refused(gateway: Gateway, about: CutObject, kind: str) -> None:
    both = [{"Object_spcId": "1-1", "SearchSpec": "[Name] = 'x'"}] if kind == "Get" else []
    for each in ({}, {"Object_spcId": " "}, *both):
        ((code, text),) = gateway.of(about).refused(f"CUT{kind}{about.word}Data", **each)
        assert (code, "Object_spcId" in text) == ("O2C_INVALID_MESSAGE", True), text


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"SearchSpec": "[Name] = "}, "SBL-DAT-00501", "The search specification cannot be read"),
        ({"SearchSpec": "[Hue] = 'red'"}, "SBL-DAT-00398", "Field 'Hue' does not exist in definition"),
        (
            {"SearchSpec": "[Name] = 'x'", "SortSpec": "Name ("},
            "SBL-DAT-00502",
            "The sort specification cannot be read",
        ),
        (
            {"SearchSpec": "[Name] = 'x'", "PageSize": "101"},
            "SBL-EAI-50158",
            "The page size 101 is larger than the maximum page size 100",
        ),
    ],
)
def test_a_search_that_siebel_refuses(gateway: Gateway, asked: dict[str, str], code: str, told: str) -> None:
    (outer, inner) = gateway.of(ACCOUNT).refused("CUTGetAccountData", **asked)
    step = "Error invoking service 'EAI Siebel Adapter', method 'Query' at step 'Get Account Data'."
    assert outer == ("SBL-BPR-00162", f"{step}(SBL-BPR-00162)")
    assert (inner[0], told in inner[1]) == (code, True)


@pytest.mark.parametrize("asked", [{"PageSize": "ten"}, {"PageSize": "0"}, {"StartRowNum": "-1"}])
def test_a_page_that_is_no_number_is_refused_before_siebel_is_asked(gateway: Gateway, asked: dict[str, str]) -> None:
    ((code, text),) = gateway.of(ACCOUNT).refused("CUTGetAccountData", SearchSpec="[Name] = 'x'", **asked)
    assert (code, "must be a whole number" in text) == ("O2C_INVALID_MESSAGE", True)


# ---- who may, and what is off


def test_a_workflow_that_is_switched_off_says_so_and_the_others_work(choosy: Gateway) -> None:
    fraud, work = OBJECTS["FraudAlert"], OBJECTS["WorkOrder"]
    record = fraud.made(number())
    ((receive, told),) = choosy.of(fraud).refused("CUTReceiveFraudAlertData", **fraud.message(record))
    ((get, _),) = choosy.of(work).refused("CUTGetWorkOrderData", Object_spcId="1-1")
    assert receive == get == "O2C_SWITCHED_OFF"
    assert "CUT Receive Fraud Alert Data" in told
    assert choosy.siebel.known(fraud, record["IntegrationId"]) == []
    choosy.receive(work, work.made(number()))
    choosy.receive(OBJECTS["CreditAlert"], OBJECTS["CreditAlert"].made(number()))


def test_nobody_is_believed_to_be_a_system_that_has_a_user(choosy: Gateway) -> None:
    record = ACCOUNT.made(number())
    given = ACCOUNT.message(record)
    ((code, _),) = choosy.of(ACCOUNT).refused("CUTReceiveAccountData", **given, Source_spcSystem="CRM_01")
    assert (code, choosy.siebel.known(ACCOUNT, record["IntegrationId"])) == ("O2C_NOT_BELIEVED", [])
    ((code, _),) = choosy.of(ACCOUNT).refused("CUTSendAccountData", **ACCOUNT.message(record | {"Id": "1-1"}))
    assert code == "O2C_NOT_BELIEVED"
    assert choosy.admin.messages("CUT_OUT_CRM_01") == []


# ---- between the gateway and Siebel


def test_a_siebel_that_is_gone_is_said_to_be_and_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "siebel").mkdir()
    with siebel_process(tmp_path / "siebel") as siebel:
        key = number()
        siebel.upsert(ACCOUNT, ACCOUNT.made(key))
        known, port = siebel.one(ACCOUNT, key), siebel.address.rpartition(":")[2]
        with gateway_process(tmp_path, siebel) as gateway:
            gateway.get(ACCOUNT, Object_spcId=known["Id"])
            siebel.stop()
            ((code, text),) = gateway.of(ACCOUNT).refused("CUTGetAccountData", Object_spcId=known["Id"])
            assert "SEBL_01" in text
            assert code.startswith("O2C_")
            with siebel_process(tmp_path / "siebel", SIEBEL_SIM_PORT=port):
                assert gateway.get(ACCOUNT, Object_spcId=known["Id"])["Object_spcId"] == known["Id"]


def test_a_session_that_expires_is_renewed_and_the_caller_never_knows(tmp_path: Path) -> None:
    guarded = {"SIEBEL_SIM_USERS": "SADMIN:secret", "SIEBEL_SIM_ANONYMOUS": "false", "SIEBEL_SIM_SESSION_LONGEST": "1"}
    login = 'authentication = "session"\nuser = "SADMIN"\npassword = "{}"\n'
    with siebel_process(tmp_path, **guarded) as siebel:
        with gateway_process(tmp_path, siebel, at_siebel=login.format("secret")) as gateway:
            key = number()
            gateway.receive(ACCOUNT, ACCOUNT.made(key))
            before = _logins(tmp_path)

            def renewed() -> bool:
                assert records(ACCOUNT, gateway.get(ACCOUNT, SearchSpec=f"[Integration Id] = '{key}'"))
                return not _logins(tmp_path) <= before

            eventually(renewed)
        with gateway_process(tmp_path, siebel, at_siebel=login.format("guess")) as stranger:
            told = stranger.of(ACCOUNT).refused("CUTGetAccountData", Object_spcId="1-1")
    assert "SBL-DAT-00446" in [code for code, _ in told]


def _logins(directory: Path) -> set[float]:
    """Tell when the sessions that Siebel knows were begun."""
    with closing(sqlite3.connect(directory / "siebel.sqlite")) as database:
        return {began for (began,) in database.execute("SELECT began_at FROM siebel_sessions")}
