"""`o2c user`, as an operator runs it; and a gateway in its own process that lets in who was added."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
import trustme
from typer.testing import CliRunner, Result

from gateway.adapters.vault import Vault
from gateway.admin.users import Wrong
from gateway.bootstrap import build
from gateway.cli.main import app
from gateway.cli.output import Failed
from gateway.config import load
from gateway.errors import GatewayError
from tests.contract.soapkit.orders import post
from tests.doubles.clock import FakeClock
from tests.security.test_http_basic import authorization

Run = Callable[..., Result]
SERVICE = "http://127.0.0.1:8080/services/ProcessFulfillmentOrderBillingBRMCommsAddSubProcess"
ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>'


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("O2C_")]:
        monkeypatch.delenv(name)

    def ran(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, ["user", *arguments], input=given)

    yield ran
    structlog.reset_defaults()  # a command logs to its own standard error, which is gone
    logging.getLogger().handlers.clear()


def listed(run: Run) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run("list", "--json").stdout)
    return found


def test_a_user_is_added_listed_and_removed(run: Run) -> None:
    added = run("add", "osm", "--role", "orders", "--role", "billing", given="correct horse\n")
    assert (added.exit_code, "Added osm." in added.stdout) == (0, True)
    assert listed(run) == [{"name": "osm", "roles": "billing, orders", "proofs": "password", "certificates": ""}]
    assert run("remove", "osm").exit_code == 0
    assert listed(run) == []
    assert "No users" in run("list").stdout


def test_a_password_is_read_from_a_file_or_standard_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n", encoding="utf-8")
    assert run("add", "osm", "--password-file", "password").exit_code == 0
    assert run("add", "crm", "--password-file", "-", given="battery staple\r\n").exit_code == 0
    gateway = build(load(), brms={})
    try:
        assert gateway.callers.by_password("osm", "correct horse", "", how="basic").name == "osm"
        assert gateway.callers.by_password("crm", "battery staple", "", how="basic").name == "crm"
    finally:
        gateway.close()


def test_a_password_has_no_place_on_the_command_line(run: Run) -> None:
    assert "--password " not in run("add", "--help").stdout
    assert run("add", "osm", "--password", "correct horse").exit_code == 2


def test_a_certificate_stands_for_a_user(run: Run, tmp_path: Path) -> None:
    issued = trustme.CA().issue_cert("osm.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "osm.pem")
    assert run("add", "osm", "--certificate", "osm.pem", "--no-password").exit_code == 0
    assert run("certificate", "osm", "--subject", "CN = osm, O = Example").exit_code == 0
    [user] = listed(run)
    assert user["proofs"] == "certificate"
    assert "CN=osm,O=Example" in user["certificates"]


def test_a_key_is_made_and_a_digest_user_needs_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("add", "osm", "--digest", given="correct horse\n")
    assert isinstance(refused.exception, GatewayError)
    key = run("key").stdout.strip()
    assert Vault(key).opened(Vault(key).closed("x")) == "x"
    monkeypatch.setenv("O2C_SECURITY__SECRET_KEY", key)
    assert run("add", "osm", "--digest", given="correct horse\n").exit_code == 0
    assert listed(run)[0]["proofs"] == "password, digest"


def test_nothing_secret_is_ever_printed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    key = run("key").stdout.strip()
    monkeypatch.setenv("O2C_SECURITY__SECRET_KEY", key)
    printed = [
        run("add", "osm", "--digest", given="correct horse\n"),
        run("password", "osm", "--digest", given="battery staple\n"),
        run("list"),
        run("list", "--json"),
        CliRunner().invoke(app, ["config", "show"]),
        CliRunner().invoke(app, ["config", "show", "--json"]),
    ]
    for result in printed:
        assert result.exit_code == 0
        assert not any(secret in result.output for secret in ("correct horse", "battery staple", "argon2", key))


def test_roles_and_passwords_change_and_locks_open(run: Run) -> None:
    run("add", "osm", given="correct horse\n")
    assert "osm has the roles orders." in run("roles", "osm", "orders").stdout
    assert "osm has no roles." in run("roles", "osm").stdout
    assert run("password", "osm", given="battery staple\n").exit_code == 0
    assert run("unlock", "osm").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "given", "problem"),
    [
        (["add", "osm"], "\n", "No password was given"),
        (["add", "osm"], "short\n", "8 to 1024 characters"),
        (["add", "osm", "--password-file", "absent"], None, "cannot be read"),
        (["add", "osm", "--no-password"], None, "needs a password, a certificate"),
        (["add", "osm", "--no-password", "--digest"], None, "goes with neither"),
        (["add", "osm", "--certificate", "absent.pem"], "correct horse\n", "cannot be read"),
        (["add", "osm", "--subject", "nonsense"], "correct horse\n", "no subject"),
        (["remove", "nobody"], None, "there is no user nobody"),
        (["certificate", "osm"], None, "Name a --certificate"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, arguments: list[str], given: str | None, problem: str) -> None:
    failed = run(*arguments, given=given).exception
    assert isinstance(failed, Failed | Wrong)
    assert problem in str(failed)


def test_a_running_gateway_knows_within_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("O2C_SECURITY__POLICY", "username")
    clock = FakeClock()
    gateway, another = build(load(), brms={}, clock=clock), build(load(), brms={})
    served, users = gateway.application(), another.users

    def status(password: str) -> int:
        return post(served, ENVELOPE, SERVICE, Authorization=authorization("osm", password)).status

    assert status("correct horse") == 401
    users.add("osm", password="correct horse")
    assert [status("correct horse"), status("wrong horse")] == [500, 401]
    users.set_password("osm", "battery staple", digest=False)
    clock.advance(timedelta(seconds=1))
    assert [status("correct horse"), status("battery staple")] == [401, 500]
    users.remove("osm")
    clock.advance(timedelta(seconds=1))
    assert status("battery staple") == 401
    for each in (gateway, another):
        each.close()
