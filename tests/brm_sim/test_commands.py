"""What a person does to a running simulator from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from brm_sim.__main__ import app
from brm_sim.flist import Flist
from tests.brm_sim.brm import array
from tests.brm_sim.simulator import TOKEN, Simulator
from tests.brm_sim.test_news import account, database, gsm, simulating
from tests.doubles.events import Hearing, hearing


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Simulator, Hearing]]:
    with (
        hearing() as (heard, address),
        simulating(database(tmp_path), send_to=address, send_first_wait=600) as simulator,
    ):
        yield simulator, heard


def said(simulator: Simulator, *arguments: str) -> tuple[int, str, str]:
    options = ["--at", simulator.address]
    done = CliRunner().invoke(app, [*arguments, *options], env={"BRM_SIM_CONTROL_TOKEN": TOKEN})
    return done.exit_code, done.stdout.strip(), done.stderr.strip()


def name(simulator: Simulator, owner: object) -> Flist:
    return array(simulator.call("PCM_OP_READ_OBJ", {"POID": owner}), "NAMEINFO")[1]  # type: ignore[dict-item] # a POID


def test_a_customer_is_changed_and_the_change_is_told_with_its_author(running: tuple[Simulator, Hearing]) -> None:
    simulator, heard = running
    owner = account(simulator)
    change = ("change", "--customer", "ACC-1", "--program", "Ada")
    assert said(simulator, *change, "CITY=York", "phone=01904 1", "LOCALE=en_GB") == (0, str(owner.at(1)), "")
    assert said(simulator, *change, "PHONE=01904 2", "BUSINESS_TYPE=2")[0] == 0
    assert name(simulator, owner)["PHONES"] == {0: {"TYPE": 1, "PHONE": "01904 2"}}
    assert name(simulator, owner)["CITY"] == "York"
    assert [event["ProgramName"] for event in heard.wait_for(3)] == ["", "Ada", "Ada"]


def test_a_service_is_changed(running: tuple[Simulator, Hearing]) -> None:
    simulator, _ = running
    which = gsm(simulator, account(simulator), "1")
    change = ("change", "--service", "1", "LOGIN=2", "ALIAS=2, 3", "STATUS=10102", "SERVICE_ID=2")
    assert said(simulator, *change) == (0, str(which.at(1)), "")
    stored = simulator.call("PCM_OP_READ_OBJ", {"POID": which})
    assert (stored["LOGIN"], stored["STATUS"]) == ("2", 10102)
    assert [alias["NAME"] for alias in array(stored, "ALIAS_LIST").values()] == ["2", "3"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["CITY=York"], "say --customer or --service"),
        (["--customer", "nobody", "CITY=York"], "0 objects of class /account have ACCOUNT_NO nobody"),
        (["--customer", "ACC-1", "COLOUR=red"], "COLOUR is not one of"),
        (["--customer", "ACC-1", "CITY"], "'CITY' is not FIELD=VALUE"),
        (["--customer", "ACC-1", "CITY="], "PIN_FLD_CITY: Required field is missing."),
        (["--service", "1", "CITY=York"], "CITY is not one of ALIAS, LOGIN"),
        (["--service", "1", "STATUS=many"], "The value of STATUS is not of type ENUM"),
        (["--customer", "ACC-1", "CITY=York", "--token-file", "/nowhere"], "cannot be read"),
    ],
)
def test_what_cannot_be_changed_is_told_in_a_line(
    running: tuple[Simulator, Hearing], arguments: list[str], reason: str
) -> None:
    simulator, _ = running
    gsm(simulator, account(simulator), "1")
    code, out, err = said(simulator, "change", *arguments)
    assert (code, out, reason in err, err.count("\n")) == (1, "", True, 0), err


def test_what_could_not_be_told_is_seen_and_told_again(running: tuple[Simulator, Hearing]) -> None:
    simulator, heard = running
    heard.refusals = 1
    account(simulator)
    seen = ""
    while "busy" not in seen:
        seen = said(simulator, "outbox", "--state", "waiting")[1]
    assert "1 waiting, 0 sent, 0 parked" in seen.splitlines()
    assert "1 to be told again" in said(simulator, "retry")[1].splitlines()
    heard.wait_for(1)
    while "1 sent" not in seen:
        seen = said(simulator, "outbox")[1]
    assert said(simulator, "retry", "1")[0] == 1


def test_without_a_token_or_a_simulator_the_command_says_so(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("wrong\n")
    nowhere = ["outbox", "--at", "http://127.0.0.1:1"]
    runs = {
        "no BRM simulator answers": [*nowhere, "--token-file", str(token)],
        "the control API needs its token": nowhere,
    }
    for reason, arguments in runs.items():
        done = CliRunner().invoke(app, arguments, env={"BRM_SIM_CONTROL_TOKEN": ""})
        assert (done.exit_code, reason in done.stderr) == (1, True), done.stderr
