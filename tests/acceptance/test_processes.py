"""`o2c up` and `o2c demo` as a newcomer runs them: real processes, an empty directory, nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from lxml import etree

from tests.acceptance.answers import BILLING, CONSUMER, poids, post
from tests.acceptance.processes import answering, environment, o2c, spare_port, started
from tests.acceptance.site import RESPONSES, eventually


def ours(mark: str) -> list[int]:
    """Find processes that carry a mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile, or is not ours to read
            continue
    return [pid for pid in found if pid != os.getpid()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture(scope="module")
def settings(place: Path) -> dict[str, str]:
    return environment(
        place,
        O2C_GATEWAY__PORT=str(spare_port()),
        O2C_BRM__BRM_01__URL=f"http://127.0.0.1:{spare_port()}",
        ACCEPTANCE_MARK=str(place),
    )


@pytest.fixture(scope="module")
def up(place: Path, settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with started("up", env=settings, cwd=place) as child:
        answering(f"http://127.0.0.1:{settings['O2C_GATEWAY__PORT']}/services/", child)
        answering(f"{settings['O2C_BRM__BRM_01__URL']}/services/", child)
        yield child


def test_up_serves_bills_and_stops_on_sigterm_leaving_no_process(
    place: Path, settings: dict[str, str], up: subprocess.Popen[str]
) -> None:
    url = f"http://127.0.0.1:{settings['O2C_GATEWAY__PORT']}"
    seeded = o2c("seed", env=settings, cwd=place)
    assert seeded.returncode == 0, seeded.stderr
    order = (place / "order.xml").read_bytes()

    assert post(f"{url}/services/{CONSUMER}", order)[0] == 202
    response = eventually(lambda: o2c("queue", "get", RESPONSES, env=settings, cwd=place).stdout, seconds=30)

    billed = poids(etree.fromstring(response.encode()))
    services = o2c("brm", "services", "--json", env=settings, cwd=place).stdout
    assert any(poid in services for poid in billed.values())
    again, answer = post(f"{url}/services/{BILLING}", order)
    assert (again, poids(answer)) == (200, billed)
    assert len(ours(str(place))) >= 5  # itself, both simulators, the gateway, a worker
    read = o2c("cut", "get", "Account", "--search", "[Account Number] = 'TC-1001'", env=settings, cwd=place).stdout
    assert "Ada Jones" in read

    up.send_signal(signal.SIGTERM)

    assert up.wait(30) == 0
    assert ours(str(place)) == []
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", f"{url}/services/", retries=False, timeout=2)
    for simulator in ("brm", "siebel"):
        assert (place / "var" / f"{simulator}-control.token").stat().st_mode & 0o077 == 0
    assert "Traceback" not in (place / "said.txt").read_text()


def test_a_settings_file_named_on_the_command_line_is_every_processs(tmp_path: Path) -> None:
    port, brm = spare_port(), f"http://127.0.0.1:{spare_port()}"
    file = tmp_path / "named.toml"
    file.write_text(f"[gateway]\nport = {port}\nworkers = 2\n\n[brm.BRM_01]\nurl = '{brm}'\n", encoding="ascii")
    env = environment(tmp_path, ACCEPTANCE_MARK=str(tmp_path))

    with started("--config", str(file), "up", env=env, cwd=tmp_path) as child:
        answering(f"http://127.0.0.1:{port}/services/", child)
        seeded = o2c("--config", str(file), "seed", env=env, cwd=tmp_path)
        answer = post(f"http://127.0.0.1:{port}/services/{BILLING}", (tmp_path / "order.xml").read_bytes())
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0

    assert (seeded.returncode, answer[0]) == (0, 200)
    assert ours(str(tmp_path)) == []


def test_a_request_that_lasts_longer_than_its_lease_is_answered_all_the_same(tmp_path: Path) -> None:
    url, brm = f"http://127.0.0.1:{spare_port()}", f"http://127.0.0.1:{spare_port()}"
    env = environment(
        tmp_path,
        O2C_GATEWAY__PORT=url.rpartition(":")[2],
        O2C_BRM__BRM_01__URL=brm,
        O2C_QUEUE__LEASE_SECONDS="2",
        O2C_QUEUE__RECOVERY_SECONDS="0.2",
        ACCEPTANCE_MARK=str(tmp_path),
    )

    with started("up", env=env, cwd=tmp_path) as child:
        answering(f"{url}/services/", child)
        assert o2c("seed", env=env, cwd=tmp_path).returncode == 0
        slow = {"operation": "PCM_OP_CUST_MODIFY_CUSTOMER", "action": "delay", "seconds": 5}
        token = {"Authorization": f"Bearer {(tmp_path / 'var' / 'brm-control.token').read_text()}"}
        assert urllib3.request("POST", f"{brm}/control/faults", json=slow, headers=token).status < 300
        answer = post(f"{url}/services/{BILLING}", (tmp_path / "order.xml").read_bytes())
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 0

    assert (answer[0], len(poids(answer[1]))) == (200, 5)


@pytest.mark.parametrize(
    ("command", "told"), [("serve", "Cannot listen on {}"), ("up", "something listens on {} already; is it running?")]
)
def test_a_port_that_is_taken_is_named_and_nothing_keeps_running(tmp_path: Path, command: str, told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = environment(
            tmp_path,
            O2C_GATEWAY__PORT=port,
            O2C_BRM__BRM_01__URL=f"http://127.0.0.1:{spare_port()}",
            ACCEPTANCE_MARK=str(tmp_path),
        )

        failed = o2c(command, env=env, cwd=tmp_path)

    assert failed.returncode == 1
    assert told.format(f"127.0.0.1:{port}") in failed.stderr
    assert "Traceback" not in failed.stderr
    assert ours(str(tmp_path)) == []


def test_the_simulator_names_a_port_that_is_taken_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "brm_sim", "--port", str(port), "--url", f"sqlite:///{tmp_path}/brm.sqlite"]

        failed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)

    assert failed.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_demo_shows_every_stage_and_leaves_no_process(tmp_path: Path) -> None:
    env = environment(tmp_path, ACCEPTANCE_MARK=str(tmp_path))

    shown = o2c("demo", env=env, cwd=tmp_path)

    assert shown.returncode == 0, shown.stdout + shown.stderr
    told = shown.stdout
    stages = (
        "Two customers of Siebel in BRM",  # seeds BRM with customers
        "AIA_CRTBO_OUT_JMSQ",  # puts a realistic order
        "INITIATE BILLING",
        "PCM_OP_CUST_MODIFY_CUSTOMER",  # prints the opcodes called
        "INSTALLEDPRODUCT_ID",  # the XREF rows
        "/service/telco/gsm/telephony",  # the account in BRM
        "ProcessFulfillmentOrderBillingResponseEBM",  # the response
        "AIA_CRTBO_OUT_JMSQ_ErrorQ",  # an order that fails, and where it lies
        "resubmitted",  # and is mended
    )
    assert [stage for stage in stages if stage not in told] == []
    places = [told.index(stage) for stage in stages]
    assert places[0] < places[3] < places[6] < places[7] < places[8]
    assert "4 Mill Lane, York" in told  # an address changed in Siebel that reaches BRM
    assert "441904960123" in told  # a number changed in BRM that reaches Siebel
    after_failure = told[places[7] :]
    assert "0 services and offerings" in after_failure
    assert "0 cross-references" in after_failure
    assert "Traceback" not in told + shown.stderr
    assert ours(str(tmp_path)) == []
