"""The two hops, as processes: ours as they are run by their own commands' factories, and node-soap's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.peers.stacks import NODE_MODULES, Missing
from bench.processes import answers, free_port, program, python
from soapkit.catalog import contracts_root

_HERE = Path(__file__).parent
_OURS = ("O2C_", "SIEBEL_SIM_")


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway of a side listens."""

    port: int
    path: str


@contextmanager
def ours(directory: Path, database: str, workers: int) -> Iterator[Gateway]:
    """Run the gateway before the simulator of Siebel, each with ``workers`` processes."""
    siebel, gateway = free_port(), free_port()
    settings = {
        "SIEBEL_SIM_URL": database,
        "SIEBEL_SIM_LOG_LEVEL": "warning",
        "SIEBEL_SIM_JOURNAL_SIZE": "0",
        "SIEBEL_SIM_CONTROL_TOKEN": os.urandom(12).hex(),
    }
    with _served("siebel_sim.server", siebel, workers, directory, settings):
        no_file = directory / "o2c.toml"
        no_file.touch()
        settings = {
            "O2C_CONFIG": str(no_file),
            "O2C_GATEWAY__DATABASE": f"sqlite:///{directory / 'gateway.sqlite'}",
            "O2C_SIEBEL__SEBL_01__URL": f"http://127.0.0.1:{siebel}",
            "O2C_LOGGING__LEVEL": "warning",
        }
        with _served("gateway.cli.run", gateway, workers, directory, settings):
            yield Gateway(gateway, "/services/CUTAccount")


@contextmanager
def _served(module: str, port: int, workers: int, directory: Path, settings: Mapping[str, str]) -> Iterator[None]:
    command = ["-m", "bench.serve", f"{module}:from_environment", "granian", str(workers), str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | dict(settings)
    log = directory / f"{module}.log"
    with python(command, log=log, ready=partial(answers, port), environment=environment):
        yield


@contextmanager
def node_soap(directory: Path, accounts: Path, workers: int) -> Iterator[Gateway]:
    """Run the same two hops on node-soap; its Siebel has ``accounts`` in memory. Raises Missing."""
    siebel, gateway = free_port(), free_port()
    wsdl = contracts_root() / "wsdl"
    ours, theirs = str(wsdl / "cut" / "CUTAccount.wsdl"), str(wsdl / "siebel" / "CUTSampleAccount.wsdl")
    url = f"http://127.0.0.1:{siebel}/siebel"
    with (
        _node(directory, "siebel", siebel, workers, theirs, str(accounts)),
        _node(directory, "gateway", gateway, workers, ours, theirs, url),
    ):
        yield Gateway(gateway, "/gateway")


@contextmanager
def _node(directory: Path, role: str, port: int, workers: int, *more: str) -> Iterator[None]:
    node = shutil.which("node")
    if node is None:
        raise Missing("node is not installed; apt-get install nodejs")
    if not (NODE_MODULES / "soap").is_dir():
        raise Missing("node-soap is not installed; npm ci --prefix tests/interop/node")
    command = [node, str(_HERE / "two_hops.js"), role, str(port), str(workers), *more]
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    log = directory / f"node-{role}.log"
    with program(command, log=log, ready=partial(answers, port), environment=environment):
        yield
