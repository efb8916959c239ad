"""Siebel, the gateway and what stands around them as processes of their own, and callers that use zeep."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.plugins import HistoryPlugin

from gateway.admin import Admin
from gateway.bootstrap import Gateway as Wired
from gateway.bootstrap import build
from gateway.config import load
from tests.acceptance.cut_objects import CutObject, Tree
from tests.acceptance.processes import answering, environment, o2c, spare_port
from tests.siebel_sim.simulator import stack_of

TOKEN = "a token for tests"  # noqa: S105 - the control API of a test
_SETTINGS = """
[gateway]
database = "sqlite:///{database}"
port = {port}
[queue]
poll_seconds = 0.05
[siebel.SEBL_01]
url = "{siebel}"
{at_siebel}
[cut]
backoff_initial_seconds = 0.1
backoff_factor = 1
"""
SESSION = "http://siebel.com/webservices"
_CORRELATED = re.compile(r" \(correlation id [\w-]+\)$")
_HTTP = urllib3.PoolManager(retries=False, timeout=30)


class Service:
    """A service as zeep calls it, from the contract that it publishes."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._history = HistoryPlugin(maxlen=1)  # type: ignore[no-untyped-call] # zeep is untyped
        transport = zeep.Transport(timeout=30, operation_timeout=60)  # type: ignore[no-untyped-call] # same
        self._client = zeep.Client(  # type: ignore[no-untyped-call] # same
            f"{address}?wsdl", transport=transport, plugins=[self._history]
        )

    @property
    def operations(self) -> list[str]:
        """The operations that are published."""
        (service,) = self._client.wsdl.services.values()
        (port,) = service.ports.values()
        return list(port.binding.all())

    def call(self, operation: str, header: Any = None, **arguments: Any) -> Any:
        """Call; the answer as plain values, as zeep unwraps them: of a single argument only what it holds."""
        given = {} if header is None else {"_soapheaders": header}
        answer = getattr(self._client.service, operation)(**arguments, **given)
        return serialize_object(answer, target_cls=dict)  # type: ignore[no-untyped-call] # same

    def session_token(self) -> str:
        """Read the session token in the last answer."""
        last: Any = self._history.last_received
        envelope = last["envelope"]
        return str(envelope.findtext(f".//{{{SESSION}}}SessionToken") or "")

    def refused(self, operation: str, header: Any = None, **arguments: Any) -> list[tuple[str, str]]:
        """Call what must be refused in Siebel's way; codes and texts of the error stack, outermost first."""
        with pytest.raises(Fault) as told:
            self.call(operation, header, **arguments)
        stack = stack_of(told.value.detail[0])
        said = _CORRELATED.sub("", told.value.message).replace(" (SBL-", "(SBL-")  # a session's has a space there
        assert said in (stack[0][1], "--".join(text for _, text in stack)), said
        return stack


@dataclass
class Siebel:
    """A simulated Siebel at ``address``: its services, and its control API."""

    address: str
    child: subprocess.Popen[str]
    _services: dict[str, Service] = field(default_factory=dict)

    def stop(self) -> None:
        """End its process."""
        self.child.terminate()
        self.child.wait(40)

    def of(self, about: CutObject) -> Service:
        """Give Siebel's own service of an object."""
        return self.service(about.siebel)

    def service(self, name: str) -> Service:
        """Give a service by name."""
        if name not in self._services:
            self._services[name] = Service(f"{self.address}/services/{name}")
        return self._services[name]

    def upsert(self, about: CutObject, *given: Tree) -> list[Tree]:
        """Insert or update; the records as they are then."""
        return records(about, self.of(about).call(f"{about.siebel}InsertOrUpdate", **about.message(*given)))

    def known(self, about: CutObject, number: str) -> list[Tree]:
        """Find records by their integration id, whole."""
        example = about.message({"IntegrationId": number})
        return records(about, self.of(about).call(f"{about.siebel}QueryByExample", **example))

    def one(self, about: CutObject, number: str) -> Tree:
        """Find the record with an integration id."""
        (found,) = self.known(about, number)
        return found

    def did(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control API for something that must succeed; the JSON value."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        written = None if body is None else json.dumps(body).encode()
        answer = _HTTP.request(method, f"{self.address}/control{path}", body=written, headers=headers)
        assert answer.status < 300, answer.data
        return json.loads(answer.data)


def records(about: CutObject, answer: Any) -> list[Tree]:
    """Give the records in an answer of Siebel, or of the gateway."""
    if isinstance(answer, dict):
        answer = (answer.get(about.list) or {}).get(about.root)
    found: list[Tree] = answer or []
    return found


def session(**blocks: str) -> list[etree._Element]:
    """Give the header blocks of Siebel's sessions: UsernameToken, PasswordText, SessionType, SessionToken."""
    found = []
    for name, text in blocks.items():
        block = etree.Element(f"{{{SESSION}}}{name}")
        block.text = text
        found.append(block)
    return found


def children(record: Tree, tag: str) -> list[Tree]:
    """Give the children of a record, by the tag of their component."""
    found: list[Tree] = (record.get(f"ListOf{tag}") or {}).get(tag) or []
    return found


def differs(record: Tree, wanted: Tree, at: str = "") -> list[str]:
    """Say which of the fields that are wanted a record has not, children too, found by their integration ids."""
    found: list[str] = []
    for tag, value in wanted.items():
        if not tag.startswith("ListOf"):
            found += [] if record.get(tag) == value else [f"{at}/{tag}: {record.get(tag)!r}, not {value!r}"]
            continue
        ((child, expected),) = value.items()
        there = {each["IntegrationId"]: each for each in children(record, child)}
        for each in expected:
            found += differs(there.get(each["IntegrationId"], {}), each, f"{at}/{child}")
    return found


NUMBERS: Iterator[str] = (f"{os.getpid()}{number}" for number in itertools.count(1001))


def number() -> str:
    """Give a number that no record has."""
    return next(NUMBERS)


@contextmanager
def siebel_process(directory: Path, **variables: str) -> Iterator[Siebel]:
    """Run a simulated Siebel, as an operator does; what it says goes to a file there."""
    port = variables.get("SIEBEL_SIM_PORT") or str(spare_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("O2C_", "SIEBEL_SIM_"))}
    known = {
        "SIEBEL_SIM_PORT": port,
        "SIEBEL_SIM_URL": f"sqlite:///{directory / 'siebel.sqlite'}",
        "SIEBEL_SIM_CONTROL_TOKEN": TOKEN,
    }
    address = f"http://127.0.0.1:{port}"
    with program([sys.executable, "-m", "siebel_sim"], kept | known | variables, directory, "siebel") as child:
        answering(f"{address}/health/live", child)
        yield Siebel(address, child)


@dataclass
class Gateway:
    """A gateway at ``address`` beside a Siebel, and the environment of commands that know both."""

    address: str
    siebel: Siebel
    directory: Path
    env: Mapping[str, str]
    wired: Wired
    _services: dict[str, Service] = field(default_factory=dict)

    @property
    def admin(self) -> Admin:
        """What commands call, without a process for each."""
        return self.wired.admin

    def of(self, about: CutObject) -> Service:
        """Give the CUT service of an object."""
        return self.service(about.service)

    def service(self, name: str) -> Service:
        """Give a service by name."""
        if name not in self._services:
            self._services[name] = Service(f"{self.address}/services/{name}")
        return self._services[name]

    def get(self, about: CutObject, **asked: str) -> Tree:
        """CUT Get."""
        found: Tree = self.of(about).call(f"CUTGet{about.word}Data", **asked)
        return found

    def receive(self, about: CutObject, *given: Tree, **more: str) -> Tree:
        """CUT Receive."""
        found: Tree = self.of(about).call(f"CUTReceive{about.word}Data", **about.message(*given), **more)
        return found

    def tell(self, about: CutObject, record: Tree, **more: str) -> Tree:
        """CUT Send, as Siebel does for a change."""
        found: Tree = self.of(about).call(f"CUTSend{about.word}Data", **about.message(record), **more)
        return found

    def o2c(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return o2c(*arguments, env=self.env, cwd=self.directory, given=given)

    def told(self, *arguments: str) -> Any:
        """Run a command that must succeed and speaks JSON; the value."""
        done = self.o2c(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def working(self, **variables: str) -> Iterator[None]:
        """Run a worker process."""
        command = [sys.executable, "-m", "gateway", "worker"]
        with program(command, {**self.env, **variables}, self.directory, "worker"):
            yield


@contextmanager
def gateway_process(
    directory: Path, siebel: Siebel, settings: str = "", *, at_siebel: str = "", port: int = 0, **variables: str
) -> Iterator[Gateway]:
    """Run a gateway's SOAP edge beside a Siebel; ``settings`` go on in [cut], ``at_siebel`` in [siebel.SEBL_01]."""
    port = port or spare_port()
    env = environment(directory, **{"O2C_SIEBEL__SEBL_01__URL": siebel.address, **variables})
    file = directory / "o2c.toml"
    known = {"database": directory / "gateway.sqlite", "port": port, "siebel": siebel.address, "at_siebel": at_siebel}
    file.write_text(_SETTINGS.format(**known) + settings, encoding="utf-8")
    address = f"http://127.0.0.1:{port}"
    with program([sys.executable, "-m", "gateway", "serve"], env, directory, "gateway") as child:
        answering(f"{address}/health/live", child)
        wired = build(load(file))
        yield Gateway(address, siebel, directory, env, wired)
        wired.close()


@contextmanager
def program(command: list[str], env: Mapping[str, str], directory: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program until it is told to stop."""
    with (directory / f"{name}.said.txt").open("a") as said:
        child = subprocess.Popen(command, env=dict(env), cwd=directory, stdout=said, stderr=said, text=True)
        try:
            yield child
        finally:
            child.terminate()
            child.wait(40)
