"""Every refusal is Siebel's own fault, whoever noticed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from lxml import etree

from siebel_sim.server import build
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.samples import account, address
from tests.siebel_sim.simulator import SHARED, Simulator, stack_of
from tests.siebel_sim.test_sessions import QUERY


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"AccountStatus": "Sleepy"}, ["SBL-EAI-04376", "SBL-DAT-00225"]),
        ({"Name": ""}, ["SBL-EAI-04451", "SBL-DAT-00498"]),
        ({"Name": "x" * 101}, ["SBL-EAI-04376", "SBL-DAT-00235"]),
        ({"CreditScore": "much"}, ["SBL-EAI-04376", "SBL-DAT-00359"]),
        ({"PrimaryOrganization": "Mine"}, ["SBL-EAI-04376", "SBL-DAT-00403"]),
        ({"Hue": "red"}, ["SBL-EAI-04316", "SBL-DAT-00398"]),
    ],
)
def test_what_a_business_component_does_not_take(siebel: Simulator, fields: dict[str, Any], codes: list[str]) -> None:
    assert siebel.refused("CUTAccountInsert", account(**fields)) == codes


def test_an_unbounded_pick_list_takes_anything(siebel: Simulator) -> None:
    assert siebel.call("CUTAccountInsert", account(Type="Alien"))[0]["Type"] == "Alien"


def test_no_user_key(siebel: Simulator) -> None:
    without = {name: value for name, value in account().items() if name != "IntegrationId"}
    assert siebel.refused("CUTAccountInsertOrUpdate", without) == ["SBL-EAI-04397"]


def test_mixed_user_keys_are_a_multiple_match(siebel: Simulator) -> None:
    (told,) = siebel.call("CUTAccountInsert", account(CutAddress=[address("X")]))
    mixed = [address("X"), {"RowId": told["CutAddress"][0]["RowId"], "City": "Rome"}]
    assert siebel.refused("CUTAccountInsertOrUpdate", account(CutAddress=mixed)) == ["SBL-EAI-04390"]


def test_a_stale_modification_key(siebel: Simulator) -> None:
    (told,) = siebel.call("CUTAccountInsert", account())
    siebel.call("CUTAccountUpdate", {"Id": told["Id"], "ModId": "0", "Location": "York"})
    stale = {"Id": told["Id"], "ModId": "0", "Location": "Rome"}
    assert siebel.refused("CUTAccountUpdate", stale) == ["SBL-EAI-04451", "SBL-DAT-00523"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"PageSize": "101"}, "SBL-EAI-50158"),
        ({"PageSize": "ten"}, "SBL-EAI-04302"),
        ({"SearchSpec": "[Name] = "}, "SBL-DAT-00501"),
        ({"SearchSpec": "[Hue] = 'red'"}, "SBL-DAT-00398"),
        ({"SortSpec": "Name ("}, "SBL-DAT-00502"),
    ],
)
def test_a_query_that_cannot_be(siebel: Simulator, arguments: dict[str, str], code: str) -> None:
    assert siebel.refused("CUTAccountQueryPage", **arguments) == [code]


def test_an_operation_that_no_method_stands_for_is_not_simulated(siebel: Simulator) -> None:
    assert siebel.refused("CUTAccountRecalculate", PrimaryRowId="1-1") == ["SBL-SIM-00001"]


@pytest.mark.parametrize(("body", "code"), [("<Nothing/>", "SBL-EAI-04313"), ("<Broken", "SBL-EAI-00246")])
def test_what_is_no_call_at_all(siebel: Simulator, body: str, code: str) -> None:
    status, envelope = siebel.post(body)
    assert status == 500
    assert [each for each, _ in stack_of(envelope.find(".//{*}siebdetail"))] == [code]


def test_a_query_that_finds_more_than_siebel_fetches(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'siebel.sqlite'}"
    with closing(build(settings(url, maximum_records=1))) as app:
        siebel = Simulator(ADDRESS, app)
        siebel.call("CUTAccountInsert", account())
        assert len(siebel.call("CUTAccountQuery")) == 1
        siebel.call("CUTAccountInsert", account(IntegrationId="A2", Name="Bob Ltd"))
        assert siebel.refused("CUTAccountQuery") == ["SBL-DAT-00500"]
        assert len(siebel.call("CUTAccountQueryPage")) == 2


def test_a_soap_action_of_another_operation(siebel: Simulator) -> None:
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{QUERY}</s:Body></s:Envelope>'
    given = {"Content-Type": "text/xml", "SOAPAction": '"document/http://siebel.com/CustomUI:CUTAccountDelete"'}
    status, content = siebel.http("POST", SHARED, envelope.encode(), given)
    detail = etree.fromstring(content).find(".//{*}siebdetail")
    assert (status, [code for code, _ in stack_of(detail)]) == (500, ["SBL-EAI-04313"])


def test_a_mandatory_header_that_nobody_understands(siebel: Simulator) -> None:
    status, envelope = siebel.post("<x/>", '<h:Odd xmlns:h="urn:odd" s:mustUnderstand="1">1</h:Odd>')
    assert status == 500
    assert "(SBL-EAI-08000)" in (envelope.findtext(".//faultstring") or "")


def test_an_unknown_session_token(siebel: Simulator) -> None:
    header = '<SessionToken xmlns="http://siebel.com/webservices">gone</SessionToken>'
    _, envelope = siebel.post("<x/>", header)
    assert [code for code, _ in stack_of(envelope.find(".//{*}siebdetail"))] == ["SBL-UIF-00880"]


def test_a_test_may_ask_for_any_error_of_siebels(siebel: Simulator) -> None:
    siebel.did("POST", "/faults", {"operation": "CUTAccountQuery", "action": "error", "error": {"code": "SBL-X-1"}})
    assert siebel.refused("CUTAccountQuery") == ["SBL-X-1"]
    assert siebel.call("CUTAccountQuery") == []
    assert [each["outcome"] for each in siebel.did("GET", "/journal")] == ["refused", "answered"]


def test_what_a_fault_quotes_is_not_logged(siebel: Simulator) -> None:
    siebel.call("CUTAccountInsert", account(IntegrationId="ada-of-york"))
    with structlog.testing.capture_logs() as events:
        ((_, text), *_) = siebel.stack("CUTAccountInsert", account(IntegrationId="ada-of-york"))
    assert "ada-of-york" in text
    assert events
    assert "ada-of-york" not in str(events)
