"""What the language displays of a pick list, whose records a view mode shows, and predefined queries."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from siebel_sim.server import build
from soapkit.catalog import contracts_root
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import Simulator, body_of
from tests.siebel_sim.test_sessions import header

SAYS = """
[business_components."Order Entry - Orders"]
searches = { "Done Orders" = "[Status] = 'DONE'" }
views = { "Sales Rep" = "Comments" }

[business_components."Order Entry - Orders".fields]
Status = { picklist = { OPEN = "Ouverte", DONE = "Terminée" }, default = "OPEN" }
"""


@pytest.fixture
def siebel(tmp_path: Path) -> Iterator[Simulator]:
    folder = tmp_path / "wsdl" / "siebel"
    folder.mkdir(parents=True)
    shutil.copytree(contracts_root() / "xsd" / "siebel", tmp_path / "xsd" / "siebel")
    for pattern in ("OrderDetail*", "CUTSampleSalesOrder*"):
        for path in (contracts_root() / "wsdl" / "siebel").glob(pattern):
            shutil.copy(path, folder)
    with (folder / "OrderDetailWebService.toml").open("a", encoding="utf-8") as beside:
        beside.write(SAYS)
    url = f"sqlite:///{tmp_path / 'siebel.sqlite'}"
    with closing(build(settings(url, contracts=folder, users=SecretStr("ADA:secret")))) as app:
        yield Simulator(ADDRESS, app, folder)


def made(siebel: Simulator, number: str, **fields: str) -> dict[str, Any]:
    (order,) = siebel.call("CUTSampleSalesOrderInsert", {"OrderNumber": number, "AccountId": "1-ADA", **fields})
    return dict(order)


def asked(siebel: Simulator, lov: str = "LDC", **arguments: str) -> list[tuple[str, str]]:
    wanted = {"OrderNumber": "", "Status": arguments.pop("Status", "")}
    found = siebel.call("OrderDetailQueryPage", wanted, LOVLanguageMode=lov, **arguments)
    return [(each["OrderNumber"], each["Status"]) for each in found]


def test_pick_lists_are_said_by_code_or_as_the_language_displays_them(siebel: Simulator) -> None:
    assert made(siebel, "1")["Status"] == "Ouverte"
    assert made(siebel, "2", Status="Terminée")["Status"] == "Terminée"
    assert asked(siebel) == [("1", "Ouverte"), ("2", "Terminée")]
    assert asked(siebel, "LIC") == [("1", "OPEN"), ("2", "DONE")]
    assert asked(siebel, Status="='Terminée'") == [("2", "Terminée")]
    assert asked(siebel, "LIC", Status="='DONE'") == [("2", "DONE")]


def test_a_code_is_no_value_where_displayed_values_are_said_and_the_other_way_round(siebel: Simulator) -> None:
    order = made(siebel, "1")
    refused = siebel.refused("CUTSampleSalesOrderUpdate", {"Id": order["Id"], "Status": "DONE"})
    assert refused == ["SBL-EAI-04376", "SBL-DAT-00225"]
    wrong = {"Id": order["Id"], "Status": "Terminée"}
    assert siebel.refused("OrderDetailUpdate", wrong, LOVLanguageMode="LIC") == ["SBL-EAI-04376", "SBL-DAT-00225"]
    siebel.call("OrderDetailUpdate", wrong | {"Status": "DONE"}, LOVLanguageMode="LIC")
    assert asked(siebel) == [("1", "Terminée")]


def test_a_predefined_query_takes_the_place_of_the_example(siebel: Simulator) -> None:
    made(siebel, "1")
    made(siebel, "2", Status="Terminée")
    assert asked(siebel, NamedSearchSpec="Done Orders", Status="='Ouverte'") == [("2", "Terminée")]


def test_a_view_mode_shows_the_callers_own(siebel: Simulator) -> None:
    made(siebel, "1", Comments="ADA")
    made(siebel, "2", Comments="BOB")
    contract = siebel.contracts["OrderDetailWebService"]
    given = {"LOVLanguageMode": "LDC", "ViewMode": "Sales Rep"}
    body = body_of(contract, "OrderDetailQueryPage", ({"OrderNumber": ""},), given)
    login = header(UsernameToken="ADA", PasswordText="secret", SessionType="None")
    _, answer = siebel.post(etree.tostring(body, encoding="unicode"), login)
    assert [each.text for each in answer.iterfind(".//{*}OrderNumber")] == ["1"]
    assert len(asked(siebel, ViewMode="All")) == 2
    assert asked(siebel, ViewMode="Sales Rep") == []
