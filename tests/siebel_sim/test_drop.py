"""A team's own WSDL in a folder: served with state from the next request on; a broken one is named, harms nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from siebel_sim.server import build
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.samples import account
from tests.siebel_sim.simulator import SAMPLES, SHARED, Simulator

PERSON = {"FirstName": "Ada", "LastName": "Jones", "IntegrationId": "C"}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    for name in ("CUTAccount.wsdl", "CUTAccount.toml"):
        shutil.copy(SAMPLES / name, folder)
    return folder


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def siebel(tmp_path: Path, shipped: Path, drop: Path) -> Iterator[Simulator]:
    given = settings(f"sqlite:///{tmp_path / 'siebel.sqlite'}", contracts=shipped, drop=drop)
    with closing(build(given)) as app:
        yield Simulator(ADDRESS, app)


def test_a_dropped_contract_is_served_at_once_with_state_beside_the_others(siebel: Simulator, drop: Path) -> None:
    siebel.call("CUTAccountInsert", account(Contact=[PERSON]))
    assert siebel.http("GET", "/services/SampleContact?wsdl")[0] == 404
    shutil.copy(SAMPLES / "SampleContact.wsdl", drop)
    found = siebel.call("SampleContactQueryByExample", {"IntegrationId": "C"}, path=SHARED)
    assert [each["LastName"] for each in found] == ["Jones"]
    siebel.call("SampleContactInsertOrUpdate", PERSON | {"LastName": "Byron"})
    assert [each["LastName"] for each in siebel.call("SampleContactQueryByExample", {})] == ["Byron"]
    assert siebel.did("GET", "/drop") == {"served": ["SampleContact.wsdl"], "broken": {}}


def test_a_broken_file_is_named_while_the_others_are_served(siebel: Simulator, drop: Path) -> None:
    shutil.copy(SAMPLES / "SampleContact.wsdl", drop)
    (drop / "Broken.wsdl").write_text("<definitions", encoding="utf-8")
    with structlog.testing.capture_logs() as events:
        assert siebel.call("SampleContactQueryByExample", {}) == []
    assert [each["file"] for each in events if each["log_level"] == "error"] == ["Broken.wsdl"]
    shown = siebel.did("GET", "/drop")
    assert (shown["served"], list(shown["broken"])) == (["SampleContact.wsdl"], ["Broken.wsdl"])
    assert str(drop) not in shown["broken"]["Broken.wsdl"]


def test_a_changed_sidecar_counts_from_the_next_request_on(siebel: Simulator, drop: Path) -> None:
    shutil.copy(SAMPLES / "SampleContact.wsdl", drop)
    siebel.call("SampleContactInsertOrUpdate", PERSON | {"JobTitle": "Odd"})
    beside = drop / "SampleContact.toml"
    beside.write_text(
        '[business_components.Contact.fields]\n"Job Title" = { picklist = ["Active"] }\n', encoding="utf-8"
    )
    refused = siebel.refused("SampleContactInsertOrUpdate", PERSON | {"JobTitle": "Odder"})
    assert refused == ["SBL-EAI-04376", "SBL-DAT-00225"]
    beside.write_text("[components.Nobody]\n", encoding="utf-8")
    assert list(siebel.did("GET", "/drop")["broken"]) == ["SampleContact.wsdl"]
    assert siebel.call("CUTAccountQuery") == []


def test_a_dropped_contract_takes_the_place_of_a_shipped_one(siebel: Simulator, shipped: Path, drop: Path) -> None:
    written = (shipped / "CUTAccount.wsdl").read_text(encoding="utf-8")
    (drop / "Own.wsdl").write_text(written.replace('name="Location"', 'name="ShoeSize"'), encoding="utf-8")
    assert b"ShoeSize" in siebel.http("GET", "/services/CUTAccount?wsdl")[1]
    (drop / "Own.wsdl").unlink()
    assert b"ShoeSize" not in siebel.http("GET", "/services/CUTAccount?wsdl")[1]


def test_two_dropped_contracts_with_one_name_are_the_first_and_a_broken_one(siebel: Simulator, drop: Path) -> None:
    for name in ("A.wsdl", "B.wsdl"):
        shutil.copy(SAMPLES / "SampleContact.wsdl", drop / name)
    shown = siebel.did("GET", "/drop")
    assert (shown["served"], list(shown["broken"])) == (["A.wsdl"], ["B.wsdl"])
    assert "A.wsdl" in shown["broken"]["B.wsdl"]
