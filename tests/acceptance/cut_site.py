"""Siebel, the gateway and what stands around them as processes of their own, and callers that use zeep."""

from __future__ import annotations

import itertools
import json
import os
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

from tests.acceptance.cut_objects import CutObject, Tree
from tests.acceptance.processes import answering, spare_port
from tests.siebel_sim.simulator import stack_of

TOKEN = "a token for tests"  # noqa: S105 - the control API of a test
SESSION = "http://siebel.com/webservices"
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
        assert told.value.message.replace(" (SBL-", "(SBL-") == stack[0][1]  # a session's has a space there
        return stack


@dataclass
class Siebel:
    """A simulated Siebel at ``address``: its services, and its control API."""

    address: str
    _services: dict[str, Service] = field(default_factory=dict)

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
    port = spare_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("O2C_", "SIEBEL_SIM_"))}
    known = {
        "SIEBEL_SIM_PORT": str(port),
        "SIEBEL_SIM_URL": f"sqlite:///{directory / 'siebel.sqlite'}",
        "SIEBEL_SIM_CONTROL_TOKEN": TOKEN,
    }
    address = f"http://127.0.0.1:{port}"
    with program([sys.executable, "-m", "siebel_sim"], kept | known | variables, directory, "siebel") as child:
        answering(f"{address}/health/live", child)
        yield Siebel(address)


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
