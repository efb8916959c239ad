"""`o2c wsdl`: what partners take away works where they take it; what changed is said in words and by exit status."""

from __future__ import annotations

import json
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import zeep
from typer.testing import CliRunner, Result

from gateway.cli.wsdl import app
from soapkit.catalog import contracts_root
from soapkit.faults import Refused
from soapkit.publish import Publishing
from soapkit.publish.export import export
from soapkit.server import application, running
from tests.contract.soapkit.orders import orders, service
from tests.security.test_http_basic import authorization

CONTRACTS = contracts_root() / "wsdl"
BAL = "xsd/brm/PCM_OP_BAL_GET_BALANCES.xsd"


def o2c(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def names() -> list[str]:
    return sorted(path.stem for path in CONTRACTS.rglob("*.wsdl"))


def test_export_writes_all_contracts_and_every_import_works_there(tmp_path: Path) -> None:
    done = o2c("export", tmp_path, "--address", "https://o2c.example/")

    written = {path.stem: path for path in tmp_path.rglob("*.wsdl")}
    assert (done.exit_code, sorted(written)) == (0, names())
    for name, path in written.items():
        client = zeep.Client(str(path))  # type: ignore[no-untyped-call] # zeep is untyped
        (service,) = client.wsdl.services.values()
        (port,) = service.ports.values()
        assert port.binding_options["address"] == f"https://o2c.example/services/{name}"


def test_export_says_what_was_written_and_what_to_do_next(tmp_path: Path) -> None:
    first, second = o2c("export", tmp_path / "out"), o2c("export", tmp_path / "out", "--json")

    assert f"{len(names())} contracts in" in first.output.replace("\n", "")
    assert "next:" in first.output
    assert all(name in first.output for name in names())
    assert [each["changed"] for each in json.loads(second.output)] == [False] * len(names())


def test_export_flat_writes_one_file_a_service(tmp_path: Path) -> None:
    done = o2c("export", tmp_path, "--flat")

    assert (done.exit_code, sorted(path.name for path in tmp_path.rglob("*"))) == (
        0,
        [f"{name}.wsdl" for name in names()],
    )
    assert not any(b"schemaLocation" in path.read_bytes() for path in tmp_path.iterdir())


def test_export_says_why_it_cannot(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    done = o2c("export", tmp_path / "taken")

    assert done.exit_code == 1
    assert "not exported" in str(done.exception)


def test_diff_of_the_same_is_nothing_and_exits_0(tmp_path: Path) -> None:
    o2c("export", tmp_path)

    done = o2c("diff", CONTRACTS, tmp_path)

    assert (done.exit_code, done.output) == (0, "Nothing changed for callers.\n")


def changed(directory: Path, before: str, after: str) -> Path:
    o2c("export", directory)
    schema = directory / BAL
    assert before in schema.read_text()
    schema.write_text(schema.read_text().replace(before, after))
    return directory


def test_diff_names_the_element_and_exits_1_when_callers_break(tmp_path: Path) -> None:
    new = changed(tmp_path, 'name="flags" type="brm:Int" minOccurs="0"', 'name="flags" type="brm:Int"')

    told, data = o2c("diff", CONTRACTS, new), o2c("diff", CONTRACTS, new, "--json")

    assert (told.exit_code, data.exit_code) == (1, 1)
    assert "BREAKS  pcmOpBalGetBalances request /pcmOpBalGetBalances/flags: is required now" in told.output
    assert "1 change; breaking for callers built from the old contract: 1." in told.output
    assert json.loads(data.output) == {
        "compatible": False,
        "changes": [
            {
                "rule": "occurs",
                "breaking": True,
                "text": "is required now",
                "effect": "requests that were right are refused",
                "service": "BRMBalServices_v2",
                "operation": "pcmOpBalGetBalances",
                "part": "request",
                "path": "/pcmOpBalGetBalances/flags",
            }
        ],
    }


def test_diff_of_single_files_exits_0_when_no_caller_breaks(tmp_path: Path) -> None:
    new = changed(tmp_path, 'name="POID" type="brm:Poid">', 'name="POID" type="brm:Poid" minOccurs="1">')
    service = "brm/BRMBalServices_v2.wsdl"

    assert o2c("diff", CONTRACTS / service, new / "wsdl" / service).exit_code == 0


def test_diff_takes_callers_that_ignore_what_they_do_not_know_into_account(tmp_path: Path) -> None:
    more = '<xs:element name="NEW_FLD" type="brm:Str" minOccurs="0"/><xs:element name="BALANCES"'
    new = changed(tmp_path, '<xs:element name="BALANCES"', more)

    assert (o2c("diff", CONTRACTS, new).exit_code, o2c("diff", CONTRACTS, new, "--tolerant").exit_code) == (1, 0)


def test_diff_that_cannot_compare_exits_2_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.wsdl").write_text("<service>")
    (tmp_path / "empty").mkdir()

    for wrong in (tmp_path / "nowhere.wsdl", tmp_path / "broken.wsdl", tmp_path / "empty"):
        done = o2c("diff", CONTRACTS, wrong)
        assert (done.exit_code, wrong.name in done.output) == (2, True)


def test_diff_takes_the_address_of_a_running_service(tmp_path: Path) -> None:
    copy = tmp_path / "wsdl" / "Orders.wsdl"
    export([orders()], tmp_path)
    with running(lambda url: application([service()], public_url=url)) as url:
        same = o2c("diff", copy, f"{url}/services/Orders?wsdl")
        single = o2c("diff", f"{url}/services/Orders?singleWsdl", f"{url}/services/Orders?wsdl")
        page = o2c("diff", copy, f"{url}/services/Orders")
        nothing = o2c("diff", copy, f"{url}/services/Orders?wsdl=none")

    assert (same.exit_code, same.output) == (0, "Nothing changed for callers.\n")
    assert single.exit_code == 0
    assert (page.exit_code, nothing.exit_code) == (2, 2)
    assert "answered 404" in nothing.output


def test_diff_asks_with_a_name_and_password_and_never_shows_them(tmp_path: Path) -> None:
    def guard(environ: WSGIEnvironment) -> None:
        if environ.get("HTTP_AUTHORIZATION") != authorization("ada", "s@same:%1"):
            raise Refused("authentication", "no", status=401)

    copy = tmp_path / "wsdl" / "Orders.wsdl"
    export([orders()], tmp_path)
    shut = Publishing(guard=guard)
    with running(lambda url: application([service()], public_url=url, publishing=shut)) as url:
        place = f"{url.removeprefix('http://')}/services/Orders?wsdl"
        known, wrong = (o2c("diff", copy, f"http://ada:{word}@{place}") for word in ("s%40same:%251", "mustard"))

    assert known.exit_code == 0
    assert (wrong.exit_code, "401" in wrong.output, "mustard" in wrong.output) == (2, True, False)


def test_diff_does_not_follow_imports_to_another_place(tmp_path: Path) -> None:
    export([orders()], tmp_path)
    away = '<xs:import namespace="x" schemaLocation="http://192.0.2.1/x.xsd"/>'
    schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{away}</xs:schema>'.encode()

    def serve(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [schema]

    with running(lambda _: serve) as url:
        done = o2c("diff", tmp_path, f"{url}/x?wsdl")

    assert (done.exit_code, "another place" in done.output) == (2, True)
