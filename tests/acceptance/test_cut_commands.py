"""`o2c cut` as an operator runs it, and what a team brings: its own Siebel WSDL in a folder, its own object."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.acceptance.cut_objects import OBJECTS
from tests.acceptance.cut_site import Gateway, Service, gateway_process, number, siebel_process
from tests.acceptance.site import eventually
from tests.siebel_sim.simulator import SAMPLES

ACCOUNT = OBJECTS["Account"]
SETTINGS = """off = ["CUT Receive Fraud Alert Data"]
[cut.subscribers.CRM_01]
queue = "CRM_QUEUE"
objects = ["Account"]
two_way = true
[cut.subscribers.LATE_01]
queue = "LATE_QUEUE"
objects = ["Account"]
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Run both without a worker: what waits goes on waiting. Own contracts are dropped into ``drop``."""
    directory = tmp_path_factory.mktemp("commanded")
    (directory / "drop").mkdir()
    with (
        siebel_process(directory, SIEBEL_SIM_DROP=str(directory / "drop")) as siebel,
        gateway_process(directory, siebel, SETTINGS) as found,
    ):
        yield found


def test_the_workflows_are_listed_with_those_that_are_off(gateway: Gateway) -> None:
    found = gateway.told("cut", "list")
    wanted = {f"CUT {kind} {about.name} Data" for about in OBJECTS.values() for kind in about.operations}
    assert ({each["workflow"] for each in found}, len(found)) == (wanted, 20)
    assert [each["workflow"] for each in found if not each["on"]] == ["CUT Receive Fraud Alert Data"]


def test_a_record_is_got_by_row_id_and_by_search(gateway: Gateway) -> None:
    key = number()
    gateway.siebel.upsert(ACCOUNT, ACCOUNT.made(key))
    row_id = gateway.siebel.one(ACCOUNT, key)["Id"]
    by_id = gateway.o2c("cut", "get", "Account", row_id)
    by_search = gateway.told("cut", "get", "Account", "--search", f"[Integration Id] = '{key}'", "--page-size", "1")
    (record,) = etree.fromstring(by_id.stdout.encode())
    assert record.findtext("{*}IntegrationId") == key
    assert record.findtext("{*}ListOfCutAddress/{*}CutAddress/{*}City") == "York"
    assert (by_search["Object_spcId"], by_search["LastPage"]) == (row_id, "true")
    assert key in by_search["data"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("Nonsense", "1-1"), "there is no CUT Get for 'Nonsense'; there is one for Account"),
        (("Account", "--search", "[Name] ="), "The search specification cannot be read"),
    ],
)
def test_what_cannot_be_got_is_said_in_a_line_without_a_traceback(
    gateway: Gateway, asked: tuple[str, ...], told: str
) -> None:
    done = gateway.o2c("cut", "get", *asked)
    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr


def test_who_is_told_is_listed_with_what_waits_and_one_that_fell_behind_catches_up(gateway: Gateway) -> None:
    key = number()
    gateway.siebel.upsert(ACCOUNT, ACCOUNT.made(key))
    record = gateway.siebel.one(ACCOUNT, key)
    for value in ("1", "2", "3"):
        gateway.tell(ACCOUNT, record | {"MainPhoneNumber": value})
    before = {each["name"]: each for each in gateway.told("cut", "subscribers")}
    assert {name: each["waiting"] for name, each in before.items()} == {"CRM_01": 3, "LATE_01": 3}
    assert (before["CRM_01"]["two_way"], before["LATE_01"]["objects"]) == (True, ["Account"])
    caught = gateway.told("cut", "catch-up", "LATE_01")
    assert caught == {"subscriber": "LATE_01", "discarded": 2}
    assert gateway.wired.workflows is not None
    assert {each.name: each.waiting for each in gateway.wired.workflows.subscribers()} == {"CRM_01": 3, "LATE_01": 1}
    (left,) = [each for each in gateway.admin.messages("CUT_OUT_LATE_01") if each.state == "waiting"]
    assert b">3</" in gateway.admin.payload(left.intake)


def test_no_conflicts_are_an_empty_list(gateway: Gateway) -> None:
    assert gateway.told("cut", "conflicts", "--system", "CRM_01") == []


@pytest.mark.parametrize("command", ["", "list", "get", "subscribers", "conflicts", "catch-up", "add"])
def test_every_command_says_what_it_is_for(command: str) -> None:
    shown = CliRunner().invoke(app, ["cut", *filter(None, [command]), "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "Usage" in shown.output
    assert command in shown.output


# ---- what a team brings


def test_a_teams_own_wsdl_dropped_into_a_folder_is_served_at_once_with_state(gateway: Gateway) -> None:
    shutil.copy(SAMPLES / "SampleContact.wsdl", gateway.directory / "drop")
    service = eventually(lambda: _served(gateway, "SampleContact"))
    contact = {"FirstName": "Ada", "LastName": "Jones", "IntegrationId": number()}
    example = {"ListOfSampleContactInterface": {"Contact": [contact]}}
    for title in ("Clerk", "Chief"):
        contact["JobTitle"] = title
        service.call("SampleContactInsertOrUpdate", **example)
    (found,) = service.call("SampleContactQueryByExample", **example)
    assert (found["LastName"], found["JobTitle"]) == ("Jones", "Chief")
    told = service.refused("SampleContactInsertOrUpdate", ListOfSampleContactInterface={"Contact": [{"LastName": "x"}]})
    assert [code for code, _ in told] == ["SBL-EAI-04397"]


def test_an_object_of_ones_own_is_written_by_a_command_and_served_by_all(gateway: Gateway, tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    done = gateway.o2c("cut", "add", "Meter Reading", "-d", str(contracts), "--field", "Reading:number", "--json")
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    again = gateway.o2c("cut", "add", "Meter Reading", "-d", str(contracts))
    assert again.returncode == 1

    drop, key = str(contracts / "wsdl" / "siebel"), number()
    with (
        siebel_process(tmp_path, SIEBEL_SIM_DROP=drop) as siebel,
        gateway_process(tmp_path, siebel, written["settings"]) as served,
    ):
        service = served.service("CUTMeterReading")
        record = {"IntegrationId": key, "MeterReadingNumber": f"M-{key}", "Reading": "17.5"}
        given = {"ListOfCutSampleMeterReadingIo": {"CutMeterReading": [record]}}
        row_id = service.call("CUTReceiveMeterReadingData", **given)["Object_spcId"]
        got = service.call("CUTGetMeterReadingData", Object_spcId=row_id)
        own = siebel.service("CUTSampleMeterReading").call("CUTSampleMeterReadingQueryById", PrimaryRowId=row_id)
    assert "17.5" in json.dumps(got)
    assert "17.5" in json.dumps(own)


def _served(gateway: Gateway, name: str) -> Service | None:
    listed = gateway.siebel.did("GET", "/operations")
    return gateway.siebel.service(name) if any(name in each for each in listed) else None
