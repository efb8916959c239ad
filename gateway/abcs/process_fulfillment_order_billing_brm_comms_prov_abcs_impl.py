"""ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl: bills an order in BRM, all of it or none (seed 003).

It routes each line to its subprocess by the decision table (``domain.routing``), collects their XREF changes and writes
the response. ``ProcessBilling`` over SOAP is answered by it; orders on the queue come through the consumer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.abcs.admission import DEFAULT_LIMITS, admit, canonical, checked, parsed
from gateway.abcs.ports import Billed, Step, SubProcess
from gateway.abcs.targets import accounts_of, target_of
from gateway.domain.billing import LineResult
from gateway.domain.codes import LineStatus
from gateway.domain.ledger import LineRecord
from gateway.domain.order import Family, family
from gateway.domain.routing import Route, Routed, refuse_unserved, route
from gateway.domain.xref import XrefRow
from gateway.errors import InvalidMessage
from gateway.messaging.ports import Clock
from gateway.messaging.unit import Effects, Plan, Reply, RequestKey, Unit
from gateway.transforms import ebm, response, subprocess_message
from gateway.transforms.ebm import Ebm
from gateway.transforms.fault import Failure
from gateway.transforms.reading import Element
from gateway.transforms.subprocess_message import SubprocessMessage
from gateway.transforms.writing import document
from soapkit.catalog import Contract
from soapkit.limits import Limits

NAME = "ProcessFulfillmentOrderBillingBRMCommsProvABCSImpl"


@dataclass(frozen=True, slots=True)
class _Payload:
    ebm: Ebm
    family: Family
    routed: tuple[Routed, ...]


class ProvABCSImpl:
    """The ``Service`` of ProcessBilling. ``subprocesses`` serve the routes, in order; ``systems`` are the BRMs."""

    name = NAME
    operation = "ProcessBilling"

    def __init__(
        self,
        *,
        contract: Contract,
        subprocesses: Mapping[Route, SubProcess],
        clock: Clock,
        systems: frozenset[str],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._contract = contract
        self._subprocesses = MappingProxyType(dict(subprocesses))
        self._clock = clock
        self._systems = systems
        self._limits = limits

    def plan(self, body: bytes) -> Plan:
        """Decode, validate and route an order; raises BusinessError naming line, element and rule."""
        element = admit(body, self._contract, self.operation, self._limits)
        decoded = ebm.decode(element)
        order = decoded.order
        brm = target_of(order, self._systems)
        related = family(order)
        routed = tuple(route(line, related) for line in order.lines)
        for found in routed:
            refuse_unserved(found)
        return Plan(
            key=RequestKey(order.sender, order.ebm_id, self.operation),
            content=canonical(element),
            brm=brm,
            accounts=accounts_of((found.line for found in routed if found.route is not Route.NOTHING), related),
            payload=_Payload(decoded, related, routed),
            order=order.title,
            account=order.account.id,
        )

    def work(self, plan: Plan, unit: Unit) -> Effects:
        """Bill the order; the result is the response EBM."""
        payload: _Payload = plan.payload
        unit.story.tell(NAME, _summary(payload.routed))
        results = {r.line.id: _nothing(r) for r in payload.routed if r.route is Route.NOTHING}
        populate: tuple[XrefRow, ...] = ()
        delete: tuple[XrefRow, ...] = ()
        records: tuple[LineRecord, ...] = ()
        for name, subprocess in self._subprocesses.items():
            lines = tuple(found.line for found in payload.routed if found.route is name)
            if lines:
                billed = _told(subprocess, Step(payload.ebm, payload.family, lines, populate, delete), unit)
                results |= {result.line.id: result for result in billed.results}
                populate, delete = populate + billed.populate, delete + billed.delete
                records += billed.lines
        answer = response.response(payload.ebm, results, self._clock.now())
        result = document(checked(answer, self._contract))
        unit.story.tell("response", f"{LineStatus.COMPLETE}: {len(results)} lines", result)
        return Effects(result=result, xref_populate=populate, xref_delete=delete, lines=records)

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:  # noqa: ARG002 - the port's signature
        """Return None: a caller of ProcessBilling is answered a fault."""
        return None

    def refusal(self, body: bytes, error: Exception) -> Reply | None:  # noqa: ARG002 - as error_reply
        """Return None, for the same reason, for a message of which no plan could be made."""
        return None

    def response(self, result: bytes) -> Reply | None:  # noqa: ARG002 - as error_reply
        """Return None: a caller of ProcessBilling is answered the result."""
        return None

    def error_response(self, body: bytes | Plan, error: Exception) -> bytes | None:
        """Return the response to an order that failed, if its sender asked for one (responseCode), else None.

        ``body`` is the message itself when there was no plan to make of it; one whose sender, id or order cannot be
        read has nobody to answer.
        """
        element = body.payload.ebm.element if isinstance(body, Plan) else self._readable(body)
        failure = Failure(error, NAME, self._clock.now())
        if element is None or failure.kind not in response.WANTED.get(ebm.header(element).response_code, ()):
            return None
        try:
            answer = response.error_response(element, failure)
        except InvalidMessage:
            return None
        return None if self._contract.check(answer) else document(answer)

    def group(self, body: bytes) -> str | None:
        """Return by what orders are taken one at a time: BRM and customer account (DECISIONS.md, Calling).

        None for a message that cannot be read: it waits for nothing on its way to the error queue.
        """
        element = self._readable(body)
        return None if element is None else ebm.group_of(element)

    def _readable(self, body: bytes) -> Element | None:
        try:
            element = parsed(body, self._limits)
        except InvalidMessage:
            return None
        return element if element.tag == ebm.EBM else None


def _told(subprocess: SubProcess, step: Step, unit: Unit) -> Billed:
    """Run a subprocess; the story keeps the message it is handed, and the XREF changes it hands back."""
    message = subprocess_message.encode(SubprocessMessage(step.ebm.element, step.populate, step.delete))
    unit.story.tell(subprocess.name, f"{len(step.lines)} lines", document(message))
    billed = subprocess.bill(step, unit)
    changes = subprocess_message.changes(billed.populate, billed.delete)
    text = f"done: {len(billed.populate)} cross-references to populate, {len(billed.delete)} to delete"
    unit.story.tell(subprocess.name, text, b"\n".join(map(document, changes)))
    return billed


def _summary(routed: tuple[Routed, ...]) -> str:
    counted = Counter(found.route for found in routed)
    return ", ".join(f"{counted[name]} lines: {name}" for name in Route if counted[name]) or "no lines"


def _nothing(routed: Routed) -> LineResult:
    return LineResult(routed.line, LineStatus.NO_BILLING_ACTION, f"{LineStatus.NO_BILLING_ACTION}: {routed.why}")
