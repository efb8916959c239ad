"""The CUT services on SOAP: every operation of the objects' contracts, through the table of workflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.cut import faults
from gateway.cut.get import Getter
from gateway.cut.intake import Intake
from gateway.cut.messages import told
from gateway.cut.objects import CutObject
from gateway.cut.send import Sender
from gateway.cut.workflows import Kind, Workflow
from gateway.errors import SwitchedOff
from gateway.transforms.reading import Element
from soapkit.server import Request
from soapkit.server import Service as SoapService
from soapkit.service import Correlate, Handler

SHARED_PATHS = ("/eai_enu/start.swe", "/eai_anon_enu/start.swe", "/siebel/app/eai/enu", "/siebel/app/eai_anon/enu")
"""Where Siebel serves all of its services: the body says which one is called."""

Run = Callable[[Workflow, Element, str], Element]
"""What a kind of workflow does with an ``_Input`` and who called: the ``_Output``."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What the workflows share."""

    getter: Getter
    sender: Sender
    intake: Intake


def soap(table: Sequence[Workflow], off: frozenset[str], steps: Steps) -> tuple[SoapService, ...]:
    """Return the services, one for each object; workflows that are switched off answer a fault."""
    runs: Mapping[Kind, Run] = {
        Kind.GET: lambda of, body, _caller: steps.getter.get(of, body),
        Kind.SEND: steps.sender.send,
        Kind.RECEIVE: steps.intake.request,
    }
    by_object: dict[CutObject, list[Workflow]] = {}
    for each in table:
        by_object.setdefault(each.about, []).append(each)
    return tuple(_service(about, mine, off, runs) for about, mine in by_object.items())


def _service(about: CutObject, table: Sequence[Workflow], off: frozenset[str], runs: Mapping[Kind, Run]) -> SoapService:
    return SoapService(
        contract=about.contract,
        handlers={each.operation: _refused(each) if each.name in off else _run(each, runs) for each in table},
        paths=SHARED_PATHS,
        word_fault=faults.wording({each.operation: each for each in table}),
        correlate=_correlate(about),
        undeclared_details=frozenset({faults.DETAIL}),
        faults_quote=True,  # Siebel's texts hold the values of user keys
    )


def _run(of: Workflow, runs: Mapping[Kind, Run]) -> Handler:
    run = runs[of.kind]

    def handle(request: Request) -> Element:
        return run(of, request.body, request.caller)

    return handle


def _refused(of: Workflow) -> Handler:
    def handle(_request: Request) -> Element:
        raise SwitchedOff(f"{of.name} is switched off")

    return handle


def _correlate(about: CutObject) -> Correlate:
    def message_id(body: Element) -> str | None:
        return told(about, body, "Message_spcId") or None

    return message_id
