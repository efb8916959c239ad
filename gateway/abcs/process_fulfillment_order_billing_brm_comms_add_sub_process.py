"""ProcessFulfillmentOrderBillingBRMCommsAddSubProcess: bills what an order adds (seed 003).

Called by ProvABCSImpl within its unit, or by itself over SOAP (``processBillingAdd``), with a unit of its own; then it
applies XREFPopulate and XREFDelete itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.abcs.admission import DEFAULT_LIMITS, admit, canonical, checked
from gateway.abcs.payers import Payers
from gateway.abcs.ports import Billed, Step
from gateway.abcs.targets import accounts_of, target_of
from gateway.domain.billing import USUAL_DATES, DateRules, LineResult, Task, Work, check_new, line_key, task_of, work_of
from gateway.domain.brm import Flist
from gateway.domain.codes import LineStatus
from gateway.domain.ledger import LineRecord
from gateway.domain.order import Family, Line, family
from gateway.domain.prices import check_currency
from gateway.domain.references import References, check_unused, pending, wanted
from gateway.domain.routing import Route, route
from gateway.domain.xref import XrefRow, XrefTable
from gateway.errors import BrmRefused
from gateway.messaging.ports import Clock
from gateway.messaging.unit import Effects, Plan, Reply, RequestKey, Unit
from gateway.transforms import ebm, subprocess_message
from gateway.transforms.answers import poids
from gateway.transforms.flists import OpcodeCall, Writer
from gateway.transforms.subprocess_message import RESPONSE_MESSAGE, SubprocessMessage
from gateway.transforms.writing import document
from soapkit.catalog import Contract
from soapkit.limits import Limits

NAME = "ProcessFulfillmentOrderBillingBRMCommsAddSubProcess"
_MOST_NAMED = 5

History = Mapping[str, tuple[LineRecord, ...]]


@dataclass(frozen=True, slots=True)
class _Payload:
    message: SubprocessMessage
    step: Step


class AddSubProcess:
    """A ``SubProcess`` of the flow, and a ``Service`` by itself. ``systems`` are the BRMs that there are."""

    name = NAME
    operation = "processBillingAdd"

    def __init__(
        self,
        *,
        contract: Contract,
        clock: Clock,
        systems: frozenset[str],
        rules: DateRules = USUAL_DATES,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._contract = contract
        self._clock = clock
        self._systems = systems
        self._rules = rules
        self._limits = limits

    def plan(self, body: bytes) -> Plan:
        """Decode and validate a subprocess message called by itself; raises BusinessError naming element and rule.

        Its lines are those that the decision table sends to Add; others are other subprocesses' and stay as they are.
        """
        element = admit(body, self._contract, self.operation, self._limits)
        message = subprocess_message.decode(element)
        decoded = ebm.decode(message.ebm)
        order = decoded.order
        related = family(order)
        routed = (route(line, related) for line in order.lines)
        lines = tuple(found.line for found in routed if found.route is Route.ADD)
        return Plan(
            key=RequestKey(order.sender, order.ebm_id, self.operation),
            content=canonical(element),
            brm=target_of(order, self._systems),
            accounts=accounts_of(lines, related),
            payload=_Payload(message, Step(decoded, related, lines, message.populate, message.delete)),
            order=order.title,
            account=order.account.id,
        )

    def work(self, plan: Plan, unit: Unit) -> Effects:
        """Bill the lines, and answer the message with the XREF changes that were applied."""
        payload: _Payload = plan.payload
        unit.story.tell(NAME, f"{len(payload.step.lines)} lines to add", plan.content)
        billed = self.bill(payload.step, unit)
        populate = payload.message.populate + billed.populate
        delete = payload.message.delete + billed.delete
        answer = subprocess_message.encode(SubprocessMessage(payload.message.ebm, populate, delete), RESPONSE_MESSAGE)
        return Effects(
            result=document(checked(answer, self._contract)),
            xref_populate=populate,
            xref_delete=delete,
            lines=billed.lines,
        )

    def error_reply(self, plan: Plan, error: Exception) -> Reply | None:  # noqa: ARG002 - the port's signature
        """Return None: whoever calls a subprocess is answered a fault."""
        return None

    def refusal(self, body: bytes, error: Exception) -> Reply | None:  # noqa: ARG002 - as error_reply
        """Return None, for the same reason, for a message of which no plan could be made."""
        return None

    def response(self, result: bytes) -> Reply | None:  # noqa: ARG002 - as error_reply
        """Return None: whoever calls a subprocess is answered its result."""
        return None

    def bill(self, step: Step, unit: Unit) -> Billed:
        """Bill the lines of a step; the port ``SubProcess``."""
        history = _history(step.lines, unit)
        tasks = {line.id: task_of(line, history[line.id], unit.brm) for line in step.lines}
        buying = [line for line in step.lines if tasks[line.id] is Task.BUY]
        for line in buying:
            check_new(line)
        work = work_of(step.lines, tasks, step.family)
        references = _look_up(work, step, unit)
        check_unused(work, step.family, references)
        _check_currencies(buying, step.family, references, unit)
        made = self._call_all(work, step, references, unit)
        results = tuple(_result(line, made.get(line.id) or _known(line, references, history)) for line in step.lines)
        bought = tuple(result for result in results if tasks[result.line.id] is Task.BUY and result.poid)
        return Billed(
            results=results,
            populate=tuple(
                XrefRow(XrefTable.INSTALLEDPRODUCT_ID.value, result.line.common, unit.brm, result.poid)
                for result in bought
            ),
            lines=tuple(_records(results, step, history, unit.brm)),
        )

    def _call_all(self, work: Work, step: Step, references: References, unit: Unit) -> dict[str, str]:
        """Make all calls; returns the POIDs of what was made, by line id."""

        def call(made: OpcodeCall) -> Flist:
            return _call(unit, made)

        now = self._clock.now().replace(microsecond=0)
        write = Writer(references, now, self._rules, step.ebm.order.title)
        payers = Payers(references, call)
        found: dict[str, str] = {}
        for services in work.services:
            made = write.modify_customer(services, payers.of_service(services.parties))
            found |= poids(made, call(made))
        for deal in work.deals:
            payer = payers.of_account(deal.parties) if deal.service is None else payers.owner(deal.parties)
            made = write.purchase_deal(deal, payer)
            found |= poids(made, call(made))
        for dates in work.dates:
            call(write.set_dates(dates, payers.owner(dates.parties)))
        return found


def _history(lines: tuple[Line, ...], unit: Unit) -> History:
    """Return what was done for each line, and for the line of an earlier revision that it stands for."""
    originals = {line.id: line.original for line in lines if line.original is not None}
    known = unit.lines.of([*(line.id for line in lines), *originals.values()])
    return {line.id: known.get(originals.get(line.id, ""), ()) + known.get(line.id, ()) for line in lines}


def _look_up(work: Work, step: Step, unit: Unit) -> References:
    """Look up everything the work names, one query a table; what earlier steps made counts as there."""
    ahead = pending(step.populate, unit.brm)
    found = {
        table: {**unit.xref.values(table, list(names), unit.brm), **ahead.get(table, {})} if names else {}
        for table, names in wanted(work, step.family).items()
    }
    return References(unit.brm, found)


def _check_currencies(lines: Iterable[Line], related: Family, references: References, unit: Unit) -> None:
    """Refuse prices that are not in the currency of the account they are charged to."""
    for line in lines:
        if any(charge.currency for charge in line.charges):
            account = unit.accounts.get(references.account(related.parties[line.id].owner), {})
            if account.get("CURRENCY"):
                check_currency(line, str(account["CURRENCY"]))


def _call(unit: Unit, call: OpcodeCall) -> Flist:
    try:
        return unit.opcodes.call(call.opcode, call.flist)
    except BrmRefused as refused:
        if not call.lines:
            raise
        named = ", ".join(line.number or line.id for line in call.lines[:_MOST_NAMED])
        more = " …" if len(call.lines) > _MOST_NAMED else ""
        raise BrmRefused(
            f"{refused.text} (lines {named}{more})",
            opcode=refused.opcode,
            code=refused.code,
            element=refused.element or call.lines[0].path(),
            field=refused.field,
        ) from refused


def _known(line: Line, references: References, history: History) -> str:
    """Return the POID of a line that was billed before: cross-references follow moves, the ledger does not."""
    recorded = (record.poid for record in reversed(history[line.id]) if record.brm == references.column)
    return references.installed(line) or next(filter(None, recorded), "")


def _result(line: Line, poid: str) -> LineResult:
    return LineResult(line, LineStatus.COMPLETE, f"{line.billing} COMPLETE", poid)


def _records(results: tuple[LineResult, ...], step: Step, history: History, brm: str) -> list[LineRecord]:
    """Return what the ledger does not have yet: work done again for a new revision is recorded under its own key."""
    records = (
        LineRecord(
            line_key(step.ebm.order, result.line), brm, result.line.action.value, result.status.value, result.poid
        )
        for result in results
    )
    return [record for record in records if record.key not in {old.key for old in history[record.key.line_id]}]
