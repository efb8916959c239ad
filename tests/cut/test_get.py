"""CUT Get: by row id, by search specification, as a string; what is wrong is said in Siebel's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from soapkit.faults import RemoteFault
from tests.cut.site import Site, data, records, site, stack_of
from tests.siebel_sim.simulator import SHARED, Simulator

SMITH: dict[str, Any] = {
    "IntegrationId": "C-1",
    "Name": "Smith Ltd",
    "Location": "Leeds",
    "MainPhoneNumber": "+441132960001",
}
ADDRESS = {"AddressName": "HQ", "StreetAddress": "1 Mill Lane", "City": "Leeds", "Country": "United Kingdom"}

EACH: dict[str, dict[str, Any]] = {
    "Account": SMITH | {"CutAddress": [ADDRESS], "Contact": [{"FirstName": "Ann", "LastName": "Smith"}]},
    "ServiceProfile": {"IntegrationId": "C-2", "Name": "Jones", "AssetMgmt-Asset": [{"AssetNumber": "A-1"}]},
    "SalesOrder": {"OrderNumber": "O-1", "AccountId": "1-A", "OrderItem": [{"LineNumber": "1", "Name": "Line"}]},
    "WorkOrder": {"OrderNumber": "W-1", "AccountId": "1-A", "OrderItem": [{"LineNumber": "1"}]},
    "TroubleTicket": {"SRNumber": "T-1", "Abstract": "no dial tone", "Action": [{"ActivityUID": "U-1"}]},
    "PhoneNumber": {"AssetNumber": "A-2", "SerialNumber": "+441132960002", "AssetMgmt-AssetXA": [{"Name": "Speed"}]},
}


@pytest.mark.parametrize("key", EACH)
def test_the_whole_hierarchy_is_got_by_row_id(gateway: Site, key: str) -> None:
    row_id = gateway.receive(key, **EACH[key])
    found = gateway.get(key, row_id)
    assert found["Id"] == row_id
    assert _holds(found, EACH[key])


def test_an_unknown_row_id_answers_no_record_and_no_fault(gateway: Site) -> None:
    answer = gateway.call("Account", "Get", Object_spcId="1-NONE")
    assert records(gateway.objects["Account"], answer) == []
    assert answer.findtext("{*}Object_spcId") == ""


def test_a_search_is_answered_page_by_page_sorted(gateway: Site) -> None:
    for name in ("Smith A", "Smith C", "Smith B", "Jones"):
        gateway.receive("Account", IntegrationId=name, Name=name, Location="Leeds")
    asked: dict[str, Any] = {"SearchSpec": "[Name] LIKE 'Smith*'", "SortSpec": "Name (DESCENDING)", "PageSize": "2"}
    pages = [gateway.call("Account", "Get", **asked, StartRowNum=start) for start in ("0", "2")]
    names = [[each["Name"] for each in records(gateway.objects["Account"], page)] for page in pages]
    assert names == [["Smith C", "Smith B"], ["Smith A"]]
    assert [page.findtext("{*}LastPage") for page in pages] == ["false", "true"]


def test_old_clients_get_the_xml_as_a_string(gateway: Site) -> None:
    row_id = gateway.receive("Account", **EACH["Account"])
    answer = gateway.call("Account", "Get", Object_spcId=row_id, Convert_spcto_spcXML="Y")
    assert answer.find(gateway.objects["Account"].list_element) is None
    message = etree.fromstring(answer.findtext("{*}Account_spcXML") or "")
    assert (message.tag, message.get("IntObjectName")) == ("SiebelMessage", "CUT Sample Account IO")
    assert message.findtext("ListOfCutSampleAccountIo/Account/ListOfCutAddress/CutAddress/City") == "Leeds"
    assert answer.findtext("{*}Object_spcId") == row_id


def test_a_string_that_was_got_can_be_received(gateway: Site) -> None:
    row_id = gateway.receive("Account", **SMITH)
    text = gateway.call("Account", "Get", Object_spcId=row_id, Convert_spcto_spcXML="Y").findtext("{*}Account_spcXML")
    changed = (text or "").replace("Smith Ltd", "Smith &amp; Son")
    answer = gateway.call("Account", "Receive", Account_spcXML=changed)
    assert answer.findtext("{*}Object_spcId") == row_id
    assert "SiebelMessage" in (answer.findtext("{*}Account_spcXML") or "")
    assert gateway.get("Account", row_id)["Name"] == "Smith & Son"


@pytest.mark.parametrize("asked", [{}, {"Object_spcId": "1-A", "SearchSpec": "[Name] = 'A'"}])
def test_either_a_row_id_or_a_search_is_asked_for(gateway: Site, asked: dict[str, Any]) -> None:
    [(code, text)] = gateway.refused("Account", "Get", **asked)
    assert code == "O2C_INVALID_MESSAGE"
    assert "either Object_spcId or SearchSpec" in text


@pytest.mark.parametrize(("name", "value"), [("PageSize", "0"), ("PageSize", "ten"), ("StartRowNum", "-1")])
def test_numbers_of_a_page_are_whole(gateway: Site, name: str, value: str) -> None:
    [(code, text)] = gateway.refused("Account", "Get", None, **{"SearchSpec": "[Name] = 'A'", name: value})
    assert (code, name in text) == ("O2C_INVALID_MESSAGE", True)


@pytest.mark.parametrize(
    "asked",
    [{"SearchSpec": "[Name"}, {"SearchSpec": "[No Such] = 'A'"}, {"SearchSpec": "[Id] <> ''", "PageSize": "999"}],
)
def test_what_siebel_refuses_is_told_in_its_words_with_the_step(gateway: Site, asked: dict[str, Any]) -> None:
    outermost, *inner = gateway.refused("Account", "Get", **asked)
    assert outermost[0] == "SBL-BPR-00162"
    assert "service 'EAI Siebel Adapter', method 'Query' at step 'Get Account Data'" in outermost[1]
    assert [code for code, _ in inner if code.startswith("SBL-")]


def test_a_siebel_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    with site(f"sqlite:///{tmp_path / 'gateway.db'}", "http://127.0.0.1:9") as gateway:
        [(code, text)] = gateway.refused("Account", "Get", Object_spcId="1-A")
    assert (code, "SEBL_01" in text) == ("O2C_DISCONNECTED", True)


def test_what_the_contract_does_not_know_is_refused_in_the_same_shape(gateway: Site) -> None:
    about = gateway.objects["Account"]
    with pytest.raises(RemoteFault) as refused:
        gateway.call("Account", "Receive", _with_stranger(data(about, SMITH)), checked=False)
    assert [code for code, _ in stack_of(refused.value)] == ["O2C_INVALID_MESSAGE"]


def test_services_answer_at_siebels_own_path_too(gateway: Site) -> None:
    row_id = gateway.receive("Account", **SMITH)
    answer = gateway.call("Account", "Get", path=SHARED, Object_spcId=row_id)
    assert answer.findtext("{*}Object_spcId") == row_id


def test_a_workflow_that_is_switched_off_answers_a_fault_and_the_others_go_on(
    tmp_path: Path, siebel: Simulator
) -> None:
    off = {"off": ["CUT Receive Fraud Alert Data", "CUT Send Account Data"]}
    with site(f"sqlite:///{tmp_path / 'gateway.db'}", siebel.address, off) as gateway:
        fraud = gateway.objects["FraudAlert"]
        [(code, text)] = gateway.refused("FraudAlert", "Receive", data(fraud, {"AlertNumber": "F-1"}))
        assert (code, "CUT Receive Fraud Alert Data is switched off" in text) == ("O2C_SWITCHED_OFF", True)
        assert gateway.receive("Account", **SMITH)
        assert "CUT_IN_FRAUDALERT" not in [route.queue for route in gateway.gateway.admin.routes]


def test_asking_reads_and_writes_nothing_of_the_gateways_database(gateway: Site) -> None:
    row_id = gateway.receive("Account", **SMITH)
    before = gateway.messages("")
    gateway.get("Account", row_id)
    gateway.call("Account", "Send", Object_spcId=row_id)
    assert gateway.messages("") == before


def _with_stranger(written: etree._Element) -> etree._Element:
    etree.SubElement(written[0], f"{{{etree.QName(written).namespace}}}NoSuchField").text = "x"
    return written


def _holds(found: object, wanted: object) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_holds(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(map(_holds, found, wanted))
    return found == wanted
