"""The servers themselves: waitress in this process and in another, granian with workers; all stop gracefully."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from lxml import etree

from soapkit.client import Client, Timeout
from soapkit.server import Request, application, running
from tests.contract.soapkit.orders import element, order, orders, placed, service

ROOT = Path(__file__).parents[3]
ONE_PROCESS = "from soapkit.server import serve; from tests.contract.soapkit.orders import plain_site as make; "
COMMANDS = {
    "waitress": ONE_PROCESS + "serve(make(), host='127.0.0.1', port={port}, threads=2)",
    "granian": "from soapkit.server import serve_workers\nif __name__ == '__main__': "
    "serve_workers('tests.contract.soapkit.orders:plain_site', host='127.0.0.1', port={port})",
}


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(port: int, *, is_listening: bool) -> None:
    deadline = time.monotonic() + 30
    while is_open(port) is not is_listening:
        assert time.monotonic() < deadline, f"port {port} is still {'closed' if is_listening else 'open'}"
        threading.Event().wait(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def process(command: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    script = tmp_path / "server.py"
    script.write_text(command.format(port=port))
    started = subprocess.Popen(
        [sys.executable, script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True
    )
    try:
        wait_until(port, is_listening=True)
        yield started, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)  # workers too
        started.wait(10)


@pytest.mark.parametrize("server", COMMANDS)
def test_a_server_process_answers_and_stops_on_sigterm(server: str, tmp_path: Path) -> None:
    with process(COMMANDS[server], tmp_path) as (started, port):
        client = Client(orders(), f"http://127.0.0.1:{port}/services/Orders", timeout=Timeout(5, 20))
        answers = [client.call("PlaceOrder", element(order())) for _ in range(5)]

        assert all(answer is not None for answer in answers)

        started.send_signal(signal.SIGTERM)
        assert started.wait(20) == 0


def test_a_body_beyond_all_measure_is_not_waited_for() -> None:
    head = b"POST /services/Orders HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 1000000000\r\n\r\n"
    with (
        running(lambda url: application([service()], public_url=url)) as url,
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as caller,
    ):
        caller.sendall(head)
        with suppress(OSError):  # the connection ends while this is being sent
            for _ in range(80):
                caller.sendall(b" " * 1_000_000)
        answer = caller.recv(200)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_requests_in_flight_are_finished_when_a_server_stops() -> None:
    entered, answers = threading.Event(), list[etree._Element | None]()
    ports: list[int] = []

    def slow(_: Request) -> etree._Element:
        entered.set()
        wait_until(ports[0], is_listening=False)
        return placed("finished")

    def call(url: str) -> None:
        client = Client(orders(), f"{url}/services/Orders", timeout=Timeout(5, 20))
        answers.append(client.call("PlaceOrder", element(order())))

    with running(lambda url: application([service(PlaceOrder=slow)], public_url=url)) as url:
        ports.append(int(url.rpartition(":")[2]))
        caller = threading.Thread(target=call, args=(url,))
        caller.start()
        assert entered.wait(10)
    caller.join(20)

    assert [answer is not None and answer[0].text for answer in answers] == ["finished"]
