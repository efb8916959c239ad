"""The gateway logs in to a BRM that asks who calls; the simulator plays one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from brm_sim import server
from brm_sim.settings import Settings as SimulatorSettings
from gateway.adapters.brm import BrmServices
from gateway.config import ConfigError
from gateway.config.security import BrmSecuritySettings
from gateway.domain.brm import Flist
from gateway.edge.brm_credentials import credentials
from gateway.errors import Disconnected, Unavailable
from soapkit.server import running
from soapkit.transport import call_wsgi

HANDLE: Flist = {"POID": "0.0.0.1 /poid -1 0"}


def simulator_settings(place: Path, **changes: object) -> SimulatorSettings:
    return SimulatorSettings.model_validate({"url": f"sqlite:///{place / 'brm.sqlite'}", **changes})


@pytest.fixture
def brm(tmp_path: Path) -> Iterator[str]:
    """Run a simulator that lets in two users; yields its address."""
    given = simulator_settings(tmp_path, users="o2c:pass:word,root:other word")
    with ExitStack() as stack:
        yield stack.enter_context(running(lambda _: stack.enter_context(closing(server.build(given)))))


def services(url: str, **given: object) -> BrmServices:
    return BrmServices("BRM_01", url, credentials=credentials("BRM_01", BrmSecuritySettings.model_validate(given)))


@pytest.mark.parametrize("login", ["basic", "text", "digest"])
@pytest.mark.parametrize("timestamp", [False, True])
def test_the_gateway_logs_in(brm: str, login: str, timestamp: bool) -> None:
    proved = services(brm, username="o2c", password="pass:word", login=login, timestamp=timestamp)
    assert proved.call(None, "PCM_OP_TEST_LOOPBACK", HANDLE)["POID"] == HANDLE["POID"]


def test_a_wrong_password_is_the_systems_trouble_and_not_the_orders(brm: str) -> None:
    with pytest.raises(Unavailable, match="credentials were not accepted") as told:
        services(brm, username="o2c", password="wrong").call(None, "PCM_OP_TEST_LOOPBACK", HANDLE)
    assert "wrong" not in str(told.value)
    with pytest.raises(Unavailable, match="must authenticate"):
        services(brm).call(None, "PCM_OP_TEST_LOOPBACK", HANDLE)


def test_an_answer_that_must_be_signed_and_is_not_is_no_answer(brm: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("brm.example").cert_chain_pems[0].write_to_path(tmp_path / "signer.pem")
    given = {"username": "o2c", "password": "pass:word", "signer_file": tmp_path / "signer.pem"}
    with pytest.raises(Unavailable, match="against its contract"):
        services(brm, **given).call(None, "PCM_OP_TEST_LOOPBACK", HANDLE)


def test_the_users_of_a_simulator_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("o2c:pass,word\n\nroot:other\n", encoding="utf-8")
    given = simulator_settings(tmp_path, users=f"@{tmp_path / 'users'}")
    with closing(server.build(given)) as app:
        address = "http://brm.example/services/BRMBaseServices_v2"
        status, headers, _ = call_wsgi(app, "POST", address, ENVELOPE, {"Content-Type": "text/xml"})
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="BRM simulator", charset="UTF-8"')


ENVELOPE = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>'


@pytest.mark.parametrize("users", ["swordfish", "swordfish:", ":swordfish", "@swordfish"])
def test_users_that_are_none_are_refused_at_the_start(tmp_path: Path, users: str) -> None:
    with pytest.raises(ValidationError, match=r"is not name:password|cannot be read") as told:
        simulator_settings(tmp_path, users=users)
    assert "swordfish" not in str(told.value)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"key_file": "absent.pem", "certificate_file": "absent.pem"}, r"brm\.BRM_01\.security: absent\.pem cannot be"),
        ({"signer_file": "absent.pem"}, r"brm\.BRM_01\.security: absent\.pem cannot be read"),
        ({"tls_ca_file": "absent.pem"}, r"brm\.BRM_01\.security: absent\.pem holds no certificates"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_the_start(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        services("http://127.0.0.1:9", **given)


@pytest.mark.parametrize("half", [{"username": "o2c"}, {"password": "x"}, {"key_file": "k.pem"}])
def test_half_a_proof_is_refused(half: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="go together"):
        BrmSecuritySettings.model_validate(half)


def test_without_settings_there_is_nothing_to_prove() -> None:
    assert credentials("BRM_01", BrmSecuritySettings()) is None
    with pytest.raises(Disconnected):
        services("http://127.0.0.1:9").call(None, "PCM_OP_TEST_LOOPBACK", HANDLE)
