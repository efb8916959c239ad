"""Policies of one's own, those that cannot be, and how the simulator proves who tells."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from gateway.cut.scaffold import draft, scaffold
from siebel_sim.outbound import PolicyError
from siebel_sim.server import build
from siebel_sim.settings import Settings
from simkit import security
from soapkit.catalog import load
from tests.doubles.listening import CONTRACTS, Listening
from tests.serving.certificates import Authority
from tests.serving.servers import running_server
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import SAMPLES, Simulator
from tests.siebel_sim.telling import ACCOUNT, INSTALLED, PHONE, PROFILE, Telling, account, asset, telling

LOGIN: dict[str, Any] = {"send_user": "siebel", "send_password": SecretStr("not a secret")}


def policies(folder: Path, text: str) -> Path:
    file = folder / "policies.toml"
    file.write_text(text, encoding="utf-8")
    return file


def policy(workflow: str, component: str, *lines: str) -> str:
    said = (f'workflow = "{workflow}"', f'business_component = "{component}"', *lines)
    return "\n".join(("[[policies]]", *said, ""))


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'siebel.sqlite'}"


def test_a_condition_that_is_not_satisfied_fires_nothing(tmp_path: Path) -> None:
    own = policy("CUT Send Account Data", "Account", "condition = \"[Account Status] = 'Active'\"")
    with telling(url(tmp_path), policies=policies(tmp_path, own)) as site:
        (made,) = site.write("Account", account(AccountStatus="Prospect"))
        assert site.told() == [(PROFILE, made["Id"])]
        site.change("account", made["Id"], AccountStatus="Active")
        assert (ACCOUNT, made["Id"]) in site.told()
        site.change("account", made["Id"], AccountStatus="Closed")
        assert site.told() == [(PROFILE, made["Id"])]


def test_a_condition_may_ask_for_what_is_below_the_record(tmp_path: Path) -> None:
    condition = "condition = \"EXISTS([CutAddress.City] = 'York')\""
    own = "defaults = false\n" + policy("CUT Send Account Data", "Account", condition)
    with telling(url(tmp_path), policies=policies(tmp_path, own)) as site:
        places = {"A1": "Hull", "A2": "York"}
        for key, city in places.items():
            lives = {"IntegrationId": key, "AddressName": key, "StreetAddress": "1 High St", "City": city}
            site.write("Account", account(key, CutAddress=[lives]))
        (told,) = site.settled()
        assert told.text("IntegrationId") == "A2"


@pytest.mark.parametrize(("on", "expected"), [("insert", [1]), ("update", [2]), ("write", [1, 2])])
def test_a_policy_fires_on_insert_on_update_or_on_both(tmp_path: Path, on: str, expected: list[int]) -> None:
    own = "defaults = false\n" + policy("CUT Send Phone Number Data", "Asset Mgmt - Asset", f'on = "{on}"')
    with telling(url(tmp_path), policies=policies(tmp_path, own)) as site:
        (made,) = site.write("Asset", asset("P1", SerialNumber="1"))
        site.change("asset", made["Id"], SerialNumber="2")
        assert [int(each.text("SerialNumber") or 0) for each in site.settled()] == expected


def test_a_policy_that_watches_a_component_fires_for_that_and_what_is_below_it_only(tmp_path: Path) -> None:
    own = "defaults = false\n" + policy("CUT Send Service Profile Data", "Asset Mgmt - Asset")
    with telling(url(tmp_path), policies=policies(tmp_path, own)) as site:
        (owner,) = site.write("Account", account())
        site.write("Asset", asset("P1", owner["Id"]))
        site.change("account", owner["Id"], Name="Ada Ltd")
        assert site.told() == [(PROFILE, owner["Id"])]


def test_two_policies_of_one_workflow_tell_a_record_once(tmp_path: Path) -> None:
    named = policy("CUT Send Phone Number Data", "Asset Mgmt - Asset", 'name = "Another"')
    with telling(url(tmp_path), policies=policies(tmp_path, named)) as site:
        (made,) = site.write("Asset", asset("P1"))
        assert site.told() == [(PHONE, made["Id"])]
        site.siebel.did("POST", "/policies/CUT Send Phone Number Data/off")
        site.change("asset", made["Id"], SerialNumber="2")
        assert site.told() == [(PHONE, made["Id"])]


def test_an_object_of_ones_own_is_told_by_a_policy_of_ones_own(tmp_path: Path) -> None:
    scaffold(draft("Meter Reading"), tmp_path)
    own = policies(tmp_path, policy("CUT Send Meter Reading Data", "CUT Meter Reading"))
    folders: dict[str, Any] = {"workflows": tmp_path / "wsdl" / "cut", "drop": tmp_path / "wsdl" / "siebel"}
    contracts = (*CONTRACTS, load(tmp_path / "wsdl" / "cut" / "CUTMeterReading.wsdl"))
    with telling(url(tmp_path), hears=contracts, policies=own, **folders) as site:
        (made,) = site.write("Meter Reading", {"IntegrationId": "R1", "MeterReadingNumber": "R1"})
        assert site.told() == [("CUTSendMeterReadingData", made["Id"])]


def test_nothing_is_written_for_others_when_nobody_is_to_be_told(tmp_path: Path) -> None:
    with closing(build(settings(url(tmp_path), contracts=INSTALLED))) as app:
        siebel = Simulator(ADDRESS, app, INSTALLED)
        siebel.did("POST", "/seed", [{"integration_object": "CUT Sample Account IO", "records": [account()]}])
        assert siebel.did("GET", "/outbox")["counts"] == {"waiting": 0, "sent": 0, "parked": 0}
        assert siebel.did("GET", "/policies")["send_to"] is None


def test_the_usual_policies_are_idle_over_contracts_that_lack_their_objects(tmp_path: Path) -> None:
    with closing(build(settings(url(tmp_path), contracts=SAMPLES, send_to="http://127.0.0.1:9"))) as app:
        shown = Simulator(ADDRESS, app).did("GET", "/policies")["policies"]
        idle = {each["name"]: each.get("idle", "") for each in shown}
        assert "CUT Sample Asset IO is not served" in idle["CUT Send Phone Number Data"]
        assert idle["CUT Send Account Data"] == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[policies]", "policies.toml"),
        ("nonsense = 1", "nonsense"),
        (policy("CUT Send Nothing Data", "Account"), "no contract has the operation CUTSendNothingData"),
        (policy("CUT Send Account Data", "Service Request"), "has no business component Service Request"),
        (policy("CUT Send Account Data", "Account", "condition = \"[Name = 'x'\""), "cannot be read"),
        (policy("CUT Send Account Data", "Account", "condition = \"[Nonsense] = 'x'\""), "Nonsense"),
        (policy("CUT Send Account Data", "Account", "condition = \"EXISTS([Nonsense] = 'x')\""), "Nonsense"),
        (policy("CUT Send Account Data", "Account", 'on = "delete"'), "on: Input should be"),
        (policy("CUT Send Account Data", "Account") * 2, "two policies have one name"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_when_the_simulator_starts(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason.replace("[", r"\[")):
        build(settings(url(tmp_path), contracts=INSTALLED, policies=policies(tmp_path, text)))


@pytest.mark.parametrize("how", ["basic", "wss"])
def test_the_simulator_proves_who_tells(tmp_path: Path, how: str) -> None:
    guard = security.modules({"siebel": "not a secret"}, "gateway")
    with telling(url(tmp_path), modules=guard, send_authentication=how, **LOGIN) as site:
        (made,) = site.write("Asset", asset("P1"))
        assert site.told() == [(PHONE, made["Id"])]


def test_over_tls_the_simulator_shows_its_certificate_to_a_receiver_that_it_trusts(tmp_path: Path) -> None:
    authority = Authority.made(tmp_path)
    shown = {"send_ca": tmp_path / "authority.pem", "send_certificate": tmp_path / "known.pem"}
    tls = authority.settings(client_certificates="required")
    with running_server("granian", "tests.doubles.listening:site", tls=tls) as served:
        given = settings(url(tmp_path), contracts=INSTALLED, send_to=served.url, **shown)
        with closing(build(given)) as app:
            site = Telling(Simulator(ADDRESS, app, INSTALLED), Listening())
            site.write("Asset", asset("P1"))
            site.settled()
            assert [(each["state"], each["attempts"]) for each in site.outbox()] == [("sent", 1)]


def test_who_is_not_believed_tells_nothing_and_the_outbox_says_why(tmp_path: Path) -> None:
    guard = security.modules({"siebel": "another"}, "gateway")
    with telling(url(tmp_path), modules=guard, send_authentication="wss", send_tries=1, **LOGIN) as site:
        site.write("Asset", asset("P1"))
        assert site.told() == []
        (row,) = site.outbox()
        assert (row["state"], row["error"].partition(":")[0]) == ("parked", "RemoteFault")
        assert "not a secret" not in str(row)


def test_a_dead_message_is_seen_retried_and_given_up_through_the_control_api(tmp_path: Path) -> None:
    with telling(url(tmp_path), send_tries=2) as site:
        (made,) = site.write("Asset", asset("P1"))
        site.settled()
        parked = refused(site, made["Id"], "2")
        site.siebel.did("POST", f"/outbox/{parked}/retry")
        assert [each.text("SerialNumber") for each in site.settled()] == ["2"]
        site.siebel.did("DELETE", f"/outbox/{refused(site, made['Id'], '3')}")
        assert site.told() == []
        assert site.siebel.control("POST", f"/outbox/{parked}/retry")[0] == 404
        assert site.siebel.control("DELETE", f"/outbox/{parked}")[0] == 404
        assert site.siebel.control("GET", "/outbox?state=nonsense")[0] == 400


def refused(site: Telling, row_id: str, serial: str) -> int:
    """Let a change be refused until it is parked; its number."""
    site.ear.refusals = 2
    site.change("asset", row_id, SerialNumber=serial)
    assert site.told() == []
    (parked,) = site.siebel.did("GET", "/outbox?state=parked")["entries"]
    return int(parked["number"])


@pytest.mark.parametrize(
    "given",
    [
        {"send_to": "nowhere"},
        {"send_authentication": "basic"},
        {"send_threads": -1},
        {"send_most_wait": 0},
        {"send_ca": "/nowhere/authority.pem"},
        {"send_certificate": __file__},
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(given)
