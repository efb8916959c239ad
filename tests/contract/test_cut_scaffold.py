"""`o2c cut add`: what it writes is a contract like ours, and a Siebel serves it from when it is there."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer
from lxml import etree
from typer.testing import CliRunner

from gateway.cli.cut_add import add
from gateway.cli.output import Failed
from gateway.cut.scaffold import Field, Kind, Scaffold, ScaffoldError, draft, scaffold
from siebel_sim.server import build
from siebel_sim.settings import Settings
from soapkit.catalog import load
from soapkit.contract_lint import lint
from tests.siebel_sim.simulator import Simulator

IO = "http://www.siebel.com/xml/CUT%20Sample%20Meter%20Reading%20IO"
FIELDS = (Field("Read At", Kind.DATETIME), Field("Reading", Kind.NUMBER))


@pytest.fixture
def written(tmp_path: Path) -> Scaffold:
    return scaffold(draft("Meter Reading", FIELDS), tmp_path / "contracts")


@pytest.fixture
def siebel(written: Scaffold, tmp_path: Path) -> Iterator[Simulator]:
    drop = (written.directory / written.siebel_wsdl).parent
    settings = Settings.model_validate({"url": f"sqlite:///{tmp_path / 's.sqlite'}", "drop": drop})
    with closing(build(settings)) as app:
        yield Simulator("http://siebel.test", app)


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(add)
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_what_is_written_passes_the_lint(written: Scaffold) -> None:
    assert lint([written.directory]) == ()


def test_both_services_have_all_operations_and_names_follow_from_the_objects(written: Scaffold) -> None:
    own, siebels = (load(written.directory / each) for each in (written.wsdl, written.siebel_wsdl))

    assert [each.name for each in own.operations] == [
        f"CUT{kind}MeterReadingData" for kind in ("Get", "Send", "Receive")
    ]
    assert len(siebels.operations) == 9
    assert own.operations[0].soap_action == "document/http://siebel.com/CustomUI:CUTGetMeterReadingData"


def test_the_sample_is_a_valid_message(written: Scaffold) -> None:
    message = etree.parse(written.directory / written.sample).getroot()

    assert load(written.directory / written.wsdl).check(message) == ()


def test_siebel_serves_it_with_what_its_sidecar_says(siebel: Simulator, written: Scaffold) -> None:
    sample = etree.parse(written.directory / written.sample).getroot()[0]
    body = etree.tostring(sample).decode()

    status, answer = siebel.post(
        f'<CUTSampleMeterReadingInsertOrUpdate_Input xmlns="http://siebel.com/asi/">{body}'
        "</CUTSampleMeterReadingInsertOrUpdate_Input>"
    )
    unnumbered, refused = siebel.post(
        f'<CUTSampleMeterReadingInsert_Input xmlns="http://siebel.com/asi/" xmlns:l="{IO}">'
        "<l:ListOfCutSampleMeterReadingIo>"
        "<l:CutMeterReading><l:IntegrationId>2</l:IntegrationId></l:CutMeterReading></l:ListOfCutSampleMeterReadingIo>"
        "</CUTSampleMeterReadingInsert_Input>"
    )

    assert (status, answer.findtext(f".//{{{IO}}}ReadAt")) == (200, "03/01/2026 09:30:00")
    assert (unnumbered, "Meter Reading Number" in etree.tostring(refused).decode()) == (500, True)


def test_the_command_says_what_it_wrote_and_which_row_the_settings_need(tmp_path: Path) -> None:
    told = json.loads(run("Meter Reading", "--directory", str(tmp_path), "--field", "Read At:datetime", "--json"))

    row = tomllib.loads(told["settings"])["cut"]["objects"]["Meter Reading"]
    assert sorted(told["files"]) == sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert {Path(each).is_file() for each in row.values()} == {True}


def test_nothing_is_overwritten(written: Scaffold) -> None:
    (written.directory / written.wsdl).unlink()

    with pytest.raises(Failed, match="there already"):
        run("Meter Reading", "--directory", str(written.directory))
    assert not (written.directory / written.wsdl).exists()


@pytest.mark.parametrize(
    ("name", "field", "why"),
    [
        ("meter reading", "Reading", "no name"),
        ('Meter"', "Reading", "no name"),
        ("Meter Reading", "<Reading>", "no name"),
        ("Meter Reading", "Status", "twice"),
        ("Phone Number", "Reading", "objects that there are"),
        ("M" * 41, "Reading", "no name"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str, field: str, why: str) -> None:
    with pytest.raises(ScaffoldError, match=why):
        draft(name, [Field(field)])


def test_a_kind_of_field_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no kind of field"):
        run("Meter Reading", "--directory", str(tmp_path), "--field", "Read At:moment")
