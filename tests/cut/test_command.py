"""`o2c cut`, as an operator runs it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from gateway.messaging.attempt import Ending
from gateway.messaging.synced import SyncConflict
from tests.cut.site import Site, site
from tests.siebel_sim.simulator import Simulator

Run = Callable[..., Result]
CONFLICT = SyncConflict(
    system="OSM_01",
    object="Account",
    record="1-A",
    field="Account/Name",
    siebel="Smith",
    partner="Smyth",
    winner="siebel",
    message_id="m-1",
    at=datetime(2026, 11, 20, tzinfo=UTC),
)


@pytest.fixture
def gateway(tmp_path: Path, siebel: Simulator) -> Iterator[Site]:
    """Run a gateway with two subscribers, and write its settings for the commands."""
    database = f"sqlite:///{tmp_path / 'g.db'}"
    subscribers = {"OSM_01": {"queue": "TO_OSM", "two_way": True}, "BILL_01": {"queue": "TO_BILL", "latest_only": True}}
    (tmp_path / "o2c.toml").write_text(
        f"""
        [gateway]
        database = "{database}"
        [siebel.SEBL_01]
        url = "{siebel.address}"
        [cut]
        off = ["CUT Receive Fraud Alert Data", "CUT Get Sales Order Data"]
        [cut.subscribers.OSM_01]
        queue = "TO_OSM"
        two_way = true
        [cut.subscribers.BILL_01]
        queue = "TO_BILL"
        latest_only = true
        """,
        encoding="utf-8",
    )
    with site(database, siebel.address, {"subscribers": subscribers}) as made:
        yield made


@pytest.fixture
def run(gateway: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    assert gateway.gateway.settings.cut.subscribers
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("O2C_")]:
        monkeypatch.delenv(name)

    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["cut", *arguments])

    yield ran
    structlog.reset_defaults()  # a command logs to its own standard error, which is gone
    logging.getLogger().handlers.clear()


def told(run: Run, *arguments: str) -> Any:
    """Return the JSON that a command prints."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_list_shows_every_workflow_and_what_is_switched_off(run: Run) -> None:
    found = told(run, "list")
    assert len(found) == 20
    off = [each["workflow"] for each in found if not each["on"]]
    assert off == ["CUT Get Sales Order Data", "CUT Receive Fraud Alert Data"]
    assert "CUT Get Account Data" in run("list").stdout


def test_get_prints_a_record_or_a_page(run: Run, gateway: Site) -> None:
    row_id = gateway.receive("Account", IntegrationId="C-1", Name="Smith [Ltd]", Location="Leeds")
    assert "<io:Name>Smith [Ltd]</io:Name>" in run("get", "Account", row_id).stdout
    page = told(run, "get", "Account", "--search", "[Integration Id] = 'C-1'", "--page-size", "1")
    assert (page["LastPage"], page["Object_spcId"], "Smith [Ltd]" in page["data"]) == ("true", row_id, True)


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("get", "Acount", "1-A"), "there is no CUT Get for 'Acount'"),
        (("get", "Sales Order", "1-A"), "is switched off"),
        (("get", "Account"), "either Object_spcId or SearchSpec"),
        (("get", "Account", "--search", "[Name"), "search specification"),
        (("catch-up", "NOBODY"), "there is no subscriber NOBODY; there is OSM_01, BILL_01"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(run: Run, arguments: tuple[str, ...], wrong: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert wrong in str(result.exception)


def test_subscribers_shows_what_waits_for_each(run: Run, gateway: Site) -> None:
    gateway.tell("Account", Id="1-A", Name="Smith")
    gateway.tell("SalesOrder", Id="1-O", OrderNumber="O-1")
    gateway.work_on("CUT_OUT_BILL_01")
    found = {each["name"]: each for each in told(run, "subscribers")}
    assert [(name, each["waiting"], each["error"]) for name, each in found.items()] == [
        ("OSM_01", 2, 0),
        ("BILL_01", 0, 0),
    ]
    assert (found["OSM_01"]["two_way"], found["BILL_01"]["latest_only"]) == (True, True)
    assert "Trouble Ticket" in found["OSM_01"]["objects"]
    assert "OSM_01" in run("subscribers").stdout


def test_catch_up_leaves_the_latest_of_each_record(run: Run, gateway: Site) -> None:
    for name in ("first", "second", "third"):
        gateway.tell("Account", Id="1-A", Name=name)
    assert told(run, "catch-up", "OSM_01") == {"subscriber": "OSM_01", "discarded": 2}
    assert gateway.work_on("CUT_OUT_OSM_01") == [Ending.DONE]
    [body] = gateway.bodies("TO_OSM")
    assert body.findtext(".//{*}Name") == "third"
    assert "0 earlier ones are not sent" in run("catch-up", "OSM_01").stdout


def test_conflicts_shows_what_was_lost_to_whom(run: Run, gateway: Site) -> None:
    assert told(run, "conflicts") == []
    with gateway.gateway.database.begin() as work:
        work.synced.conflict(CONFLICT)
        work.commit()
    [found] = told(run, "conflicts", "--record", "1-A")
    assert (found["siebel"], found["partner"], found["winner"]) == ("Smith", "Smyth", "siebel")
    assert told(run, "conflicts", "--system", "BILL_01") == []
    assert "Smyth" in run("conflicts").stdout


def test_without_a_siebel_the_commands_say_what_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "o2c.toml").write_text("siebel = {}\n", encoding="utf-8")
    result = run("list")
    assert (result.exit_code, "There is no Siebel" in str(result.exception)) == (1, True)
