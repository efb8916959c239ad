"""The two servers, for any test that must hold over both.

    with running_server("granian", "tests.contract.soapkit.orders:plain_site", workers=2) as served:
        post(served.url + "/services/Orders", …)

A target, ``module:factory``, is served by a process of its own (``served.pid``; with granian its workers are children
of it), told its address in ``SERVED_AT``. An application object can only be served in this process, by waitress.
What a process says goes to ``served.said``, a file. ``KINDS`` parametrises.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from soapkit import run

ROOT = Path(__file__).parents[2]
KINDS = ("waitress", "granian")
ADDRESS = "SERVED_AT"
"""The environment variable that tells a factory its public address."""
_READY_SECONDS = 60.0
_STOP_SECONDS = 40.0


@dataclass(frozen=True)
class Served:
    """A server that listens; ``process`` is None for one in this process."""

    url: str
    port: int
    process: subprocess.Popen[bytes] | None
    said: Path

    @property
    def pid(self) -> int:
        """The process to measure."""
        return os.getpid() if self.process is None else self.process.pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end as an operator would; its exit status."""
        assert self.process is not None, "a server in this process ends with its block"
        self.process.send_signal(number)
        return self.process.wait(_STOP_SECONDS)


@contextmanager
def running_server(
    kind: str, target: str | WSGIApplication, *, environment: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[Served]:
    """Serve ``target`` with ``kind`` for the length of the block; ``settings`` are those of ``soapkit.run``.

    Both know ``threads``, ``max_bytes``, ``max_seconds`` and ``drain_seconds``; ``granian`` also ``workers`` (1 unless
    told) and ``tls`` (a dict of the fields of ``soapkit.run.Tls``, paths as text).
    Every process that was started is gone afterwards.
    """
    with tempfile.TemporaryDirectory() as directory:
        said = Path(directory) / "said.txt"
        if not isinstance(target, str):
            assert kind == "waitress", "granian imports what it serves: give it module:factory"
            with run.running(lambda _: target, **settings) as url:
                yield Served(url, int(url.rpartition(":")[2]), None, said)
            return
        with _process(kind, target, settings, environment or {}, said) as served:
            yield served


@contextmanager
def _process(
    kind: str, target: str, settings: Mapping[str, Any], environment: Mapping[str, str], said: Path
) -> Iterator[Served]:
    port = spare_port()
    url = f"{'https' if settings.get('tls') else 'http'}://127.0.0.1:{port}"
    known = {**os.environ, "PYTHONPATH": str(ROOT), ADDRESS: url, **environment}
    asked = json.dumps({"kind": kind, "target": target, "port": port, "settings": settings})
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.servers", asked],
            cwd=ROOT,
            env=known,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_for(lambda: is_listening(port), process, said)
        yield Served(url, port, process, said)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers too, if any are left
        process.wait(_STOP_SECONDS)


def spare_port() -> int:
    """Choose a port that stays free until it is used: none of those that are given to whoever asks for any."""
    for port in random.SystemRandom().sample(range(20000, 30000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def is_listening(port: int) -> bool:
    """Tell whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(
    condition: Callable[[], object], process: subprocess.Popen[bytes] | None = None, said: Path | None = None
) -> None:
    """Wait, within bounds, until ``condition`` holds; a process that ends meanwhile is a failure, with what it said."""
    deadline = time.monotonic() + _READY_SECONDS
    while not condition():
        told = said.read_text(errors="replace")[-2000:] if said else ""
        assert process is None or process.poll() is None, (
            f"it ended with status {process and process.returncode}\n{told}"
        )
        assert time.monotonic() < deadline, f"that never came to be\n{told}"
        threading.Event().wait(0.02)


def main(asked: str) -> None:
    """Serve, in the process that was started for it."""
    given = json.loads(asked)
    place: dict[str, Any] = {"host": "127.0.0.1", "port": given["port"]} | given["settings"]
    if "tls" in place:
        place["tls"] = _tls(**place["tls"])
    if given["kind"] == "granian":
        run.serve_workers(given["target"], **({"workers": 1} | place))
        return
    module, _, factory = given["target"].partition(":")
    app = getattr(importlib.import_module(module), factory)()
    try:
        run.serve(app, **place)
    finally:
        getattr(app, "close", lambda: None)()


def _tls(
    certificate: str, key: str, client_authority: str, client_certificates: str = "none", minimum: str = "1.2"
) -> run.Tls:
    files = (Path(certificate), Path(key), Path(client_authority))
    return run.Tls(*files, run.ClientCertificates(client_certificates), run.TlsVersion(minimum))


if __name__ == "__main__":
    main(sys.argv[1])
