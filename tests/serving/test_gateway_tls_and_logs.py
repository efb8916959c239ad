"""`o2c serve` and `o2c up` with certificates, with wrong ones, and what their processes log."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import urllib3

from tests.acceptance.processes import answering, environment, o2c, spare_port, started
from tests.acceptance.site import eventually
from tests.serving.certificates import Authority
from tests.serving.processes import marked


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("tls"))


def secured(authority: Authority, state: Path, **variables: str) -> dict[str, str]:
    files = {"O2C_TLS__CERTIFICATE": "certificate.pem", "O2C_TLS__KEY": "key.pem"}
    known = {name: str(authority.directory / file) for name, file in files.items()}
    known |= {"O2C_BRM__BRM_01__URL": f"http://127.0.0.1:{spare_port()}"}
    return environment(state, **(known | variables))


def test_with_a_certificate_everything_is_https_and_so_are_published_addresses(
    authority: Authority, tmp_path: Path
) -> None:
    port = spare_port()
    trusted = urllib3.PoolManager(ca_certs=str(authority.directory / "authority.pem"), retries=False, timeout=20)
    with started("up", env=secured(authority, tmp_path, O2C_GATEWAY__PORT=str(port)), cwd=tmp_path) as child:
        eventually((lambda: "Ctrl-C" in (tmp_path / "said.txt").read_text()), seconds=60)
        ready = trusted.request("GET", f"https://127.0.0.1:{port}/health/ready")
        listed = trusted.request("GET", f"https://127.0.0.1:{port}/services/?format=json")
        child.send_signal(signal.SIGTERM)
        assert child.wait(40) == 0

    assert ready.status == 200
    assert f"https://127.0.0.1:{port}/services/" in listed.data.decode()
    assert f"http://127.0.0.1:{port}/" not in listed.data.decode()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"O2C_TLS__KEY": ""}, "certificate and key belong together"),
        ({"O2C_TLS__KEY": "/nowhere/key.pem"}, "tls.key: there is no file /nowhere/key.pem"),
        ({"O2C_TLS__KEY": __file__}, "cannot be used"),
        ({"O2C_TLS__CLIENT_CERTIFICATES": "required"}, "need a client_authority"),
        ({"O2C_TLS__CLIENT_AUTHORITY": __file__}, "cannot be used"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "up"])
def test_certificates_that_cannot_be_used_are_told_in_a_sentence(
    authority: Authority, tmp_path: Path, wrong: dict[str, str], told: str, command: str
) -> None:
    failed = o2c(command, env=secured(authority, tmp_path, **wrong), cwd=tmp_path)

    assert failed.returncode == 1
    assert told in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("form", ["json", "console"])
def test_all_processes_of_up_log_in_one_form(tmp_path: Path, form: str) -> None:
    port, brm = spare_port(), spare_port()
    env = environment(
        tmp_path,
        O2C_GATEWAY__PORT=str(port),
        O2C_BRM__BRM_01__URL=f"http://127.0.0.1:{brm}",
        O2C_LOGGING__FORMAT=form,
    )
    with started("up", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/health/live", child)
        for at in (port, brm):
            address = f"http://127.0.0.1:{at}/services/{'Nothing' if at == port else 'BRMBaseServices_v2'}"
            urllib3.request("POST", address, body=b"<a/>", retries=False, timeout=20)
        urllib3.request("GET", f"http://127.0.0.1:{port}/health/ready", retries=False, timeout=20)
        child.send_signal(signal.SIGTERM)
        assert child.wait(40) == 0

    said = (tmp_path / "said.txt").read_text().splitlines()
    events = [line for line in said if "request" in line or "opcode answered" in line]
    assert events
    assert {line.startswith("{") for line in events} == {form == "json"}
    assert all(json.loads(line)["event"] for line in events if form == "json")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_that_is_stopped_while_it_starts_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    env = environment(
        tmp_path,
        O2C_GATEWAY__PORT=str(spare_port()),
        O2C_BRM__BRM_01__URL=f"http://127.0.0.1:{spare_port()}",
        STARTED_FOR=str(tmp_path),
    )
    with started("up", env=env, cwd=tmp_path) as child:
        eventually(lambda: len(marked(str(tmp_path))) > 1, seconds=60)  # the simulator begins, the gateway does not yet
        child.send_signal(number)
        child.wait(40)

    assert marked(str(tmp_path)) == []
