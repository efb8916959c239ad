"""What came of letting a toolkit loose on the running services: made once, by whichever test process needs it first."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import urllib3
from lxml import etree

from soapkit.limits import parse
from tests.interop import siebel
from tests.interop.cases import Case, contracts, full, in_soap_12, story
from tests.interop.equal import Comparison
from tests.interop.places import Running, Site, read_object
from tests.interop.processes import started
from tests.interop.recorder import Heads
from tests.interop.script import Script
from tests.interop.toolkits import Toolkit
from tests.interop.wire_profile import Message

ORDERS, RESPONSES, TOLD = "AIA_CRTBO_OUT_JMSQ", "AIA_UPDBO_IN_JMSQ", "CUT_OUT_INTEROP"
_POID = re.compile(r"\d+\.\d+\.\d+\.\d+ /\S+ \d+( \d+)?")
_DONE, _FAILED = "done", "failed.txt"
SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"

Outcome = tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """One run of a toolkit, kept in ``directory``."""

    toolkit: Toolkit
    directory: Path

    @cached_property
    def script(self) -> Script:
        return Script(self.directory)

    @cached_property
    def cases(self) -> Mapping[str, Case]:
        names = json.loads((self.directory / "names.json").read_text())
        return {case.name: case for case in _cases(self.toolkit, names)}

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """What the partner says of each call: ``(kind, …)``."""
        kinds = ("answer", "fault", "accepted", "error")
        return {name: (kind, *rest) for kind in kinds for name, *rest in self.script.facts(kind)}

    @cached_property
    def effects(self) -> Mapping[str, list[str]]:
        """Objects of BRM that an answer names, by the COMMON ids that BRM knows them by."""
        found: Mapping[str, list[str]] = json.loads((self.directory / "effects.json").read_text())
        return found

    @property
    def published(self) -> Mapping[str, str]:
        return self.script.services()

    @property
    def said(self) -> str:
        return (self.directory / "said.txt").read_text()

    def heads(self, call: str) -> Heads:
        return Heads(**json.loads((self.directory / "exchanges" / f"{call}.json").read_text()))

    def raw(self, call: str, direction: str) -> bytes:
        """Return the bytes of the ``request`` or ``response``."""
        return (self.directory / "exchanges" / f"{call}.{direction}").read_bytes()

    def sent(self, call: str) -> etree._Element:
        """Return the body element that arrived at the service."""
        return _body(self.raw(call, "request"))

    def answered(self, call: str) -> etree._Element:
        """Return the body element that the service answered; of a fault, what is in its detail."""
        body = _body(self.raw(call, "response"))
        detail = body.find("detail") if etree.QName(body).namespace == SOAP_11 else body.find(f"{{{SOAP_12}}}Detail")
        return body if detail is None else detail[0]

    def typed(self, call: str) -> etree._Element:
        """Return what the partner wrote back of its typed answer."""
        return parse(self.script.typed(call).read_bytes())

    def own_requests(self) -> dict[str, Message]:
        """Return what the gateway said to BRM, by the names of the recorder's files."""
        found = sorted((self.directory / "exchanges" / "own").glob("*.request"))
        return {path.stem: _own(path) for path in found}

    def in_siebel(self, call: str) -> etree._Element:
        """Return the record in Siebel that a call was to write, in its list."""
        return parse((self.directory / "siebel" / f"{call}.xml").read_bytes())

    def payloads(self, queue: str) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.directory / queue).iterdir())]

    def misread(self, call: str) -> list[str]:
        """Return how the typed answer of a call differs from what was answered."""
        comparison = Comparison(self.cases[call].contract, self.toolkit.namespaces, self.toolkit.empty)
        return comparison.differences(self.answered(call), self.typed(call))


def _cases(toolkit: Toolkit, names: Mapping[str, str]) -> list[Case]:
    able = (case for case in full() if case.operation.name not in toolkit.unable)
    return [*story(names), *(in_soap_12(names) if toolkit.soap_12 else ()), *able]


def gathered(toolkit: Toolkit, shared: Path) -> Evidence:
    """Return the evidence below ``shared``, which test processes share; the first to come makes it, others wait."""
    directory = shared / toolkit.name
    with (shared / f"{toolkit.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (directory / _FAILED).exists():
            raise AssertionError((directory / _FAILED).read_text())
        if not (directory / _DONE).exists():
            _gather(toolkit, directory)
    return Evidence(toolkit, directory)


def _gather(toolkit: Toolkit, directory: Path) -> None:
    (directory / "state").mkdir(parents=True)
    try:
        with started(directory / "state", directory / "exchanges") as running:
            _let_loose(toolkit, directory, running)
    except BaseException as error:
        (directory / _FAILED).write_text(f"{toolkit.name}: {error}")
        raise
    (directory / _DONE).touch()


def _let_loose(toolkit: Toolkit, directory: Path, running: Running) -> None:
    script = Script(directory)
    services = {name: url.replace("?wsdl", f"?{toolkit.query}") for name, url in running.services().items()}
    cases = _cases(toolkit, running.names)
    script.write(services, cases)
    for service in {case.contract.name for case in cases if case.version == "1.2"}:
        contract = urllib3.request("GET", services[service].replace("?wsdl", "?singleWsdl"), retries=False).data
        script.in_soap_12(service).write_bytes(contract.replace(b'/wsdl/soap/"', b'/wsdl/soap12/"'))
    (directory / "names.json").write_text(json.dumps(running.names))
    (directory / "said.txt").write_text(toolkit.run(directory))
    _look_into_siebel(directory, running, cases)
    effects = {case.name: _objects(running.brm, script.typed(case.name)) for case in story(running.names)}
    (directory / "effects.json").write_text(json.dumps(effects))
    for queue in (ORDERS, RESPONSES, TOLD):
        (directory / queue).mkdir()
        for number, payload in enumerate(running.queued(queue)):
            (directory / queue / f"{number:03}.xml").write_bytes(payload)


def _look_into_siebel(directory: Path, running: Running, cases: Iterable[Case]) -> None:
    (directory / "siebel").mkdir()
    for case in cases:
        if case.name.startswith("receive"):
            held = siebel.record(running.siebel.url, parse(case.message))
            (directory / "siebel" / f"{case.name}.xml").write_bytes(etree.tostring(held))


def _objects(brm: Site, typed: Path) -> list[str]:
    """Read from BRM every object that a typed answer names; return the COMMON ids, in the answer's order."""
    if not typed.exists() or "PIN_ERR" in typed.read_text():
        return []
    texts = [str(text).strip() for text in parse(typed.read_bytes()).itertext()]
    poids = dict.fromkeys(text for text in texts if _POID.fullmatch(text))
    found = [read_object(brm, poid).get("O2C_FLD_COMMON_ID", "") for poid in poids]
    return [common for common in dict.fromkeys(found) if common]


def _own(path: Path) -> Message:
    content, heads = path.read_bytes(), Heads(**json.loads(path.with_suffix(".json").read_text()))
    body = _body(content).tag
    operation = next(found for contract in contracts().values() if (found := contract.by_input(body)))
    return Message(content, heads.request, operation)


def _body(envelope: bytes) -> etree._Element:
    root = parse(envelope)
    return next(root.iterchildren(f"{{{etree.QName(root).namespace}}}Body"))[0]
