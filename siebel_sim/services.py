"""Services from contracts: every call of an operation runs its method of the adapter, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from siebel_sim import faults
from siebel_sim.adapter import Arguments
from siebel_sim.answers import written
from siebel_sim.contracts import lenient
from siebel_sim.errors import NOT_SIMULATED, STEP, SiebelError
from siebel_sim.messages import Instance, arrange_list, as_json, read
from siebel_sim.operations import Part, Served, operations
from siebel_sim.repository import Object, Repository
from siebel_sim.store import Store
from siebel_sim.values import Lov
from simkit.simulation import Called, Simulation, Told
from soapkit.catalog import Contract, Operation
from soapkit.exchange import Exchange
from soapkit.faults import Fault, Refused
from soapkit.module import Module
from soapkit.service import Request, Service

_SHARED_PATHS = ("/eai_{0}/start.swe", "/eai_anon_{0}/start.swe", "/siebel/app/eai/{0}", "/siebel/app/eai_anon/{0}")
"""Where Siebel serves everything, by its language: the body says which service is called."""

_PAGING = frozenset({"pagesize", "startrownum", "recordcountneeded"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What settings say about every service."""

    maximum_page_size: int = 100
    maximum_records: int = 10_000
    language: str = "enu"

    @property
    def paths(self) -> tuple[str, ...]:
        """The addresses that all services share."""
        return tuple(path.format(self.language) for path in _SHARED_PATHS)


_CALLER: ContextVar[str] = ContextVar("caller", default="")


class KnowsCaller(Module):
    """Keeps who calls, for view modes: a handler is told nothing but the message."""

    def validated(self, exchange: Exchange) -> None:
        """Keep it until the next call on this thread."""
        _CALLER.set(exchange.caller.name if exchange.caller is not None else "")


def services(
    contracts: Sequence[Contract],
    repository: Repository,
    store: Store,
    simulation: Simulation,
    behaviour: Behaviour,
) -> list[Service]:
    """Serve ``contracts``, each at its own address and all at Siebel's; messages are held to what Siebel checks."""
    tables = {contract: operations(contract, repository) for contract in contracts}
    return [
        _service(contract, repository, _Adapter(store, simulation, behaviour, table))
        for contract, table in tables.items()
    ]


def _service(contract: Contract, repository: Repository, adapter: _Adapter) -> Service:
    return Service(
        lenient(contract, repository.objects[contract].values()),
        dict.fromkeys(adapter.table, adapter.handle),
        paths=adapter.behaviour.paths,
        word_fault=adapter.word_fault,
        normalise=adapter.normalise,
        undeclared_details=frozenset({faults.DETAIL}),
        faults_quote=True,  # Siebel's texts hold the values of user keys
    )


@dataclass(frozen=True, slots=True)
class _Adapter:
    """Answers the calls of one service with the adapter's methods; one for the process, shared by its threads."""

    store: Store
    simulation: Simulation
    behaviour: Behaviour
    table: Mapping[str, Served]

    def handle(self, request: Request) -> etree._Element:
        """Answer a call. Raises SiebelError for a refusal, Hangup where a fault drops the answer."""
        served = self.table[request.operation.name]
        called = Called(
            request.operation.name, None, request.correlation_id, as_json(request.body) if self._journal else None
        )
        return self.simulation.run(called, lambda now: self._work(served, request, now))

    def normalise(self, operation: Operation, body: etree._Element) -> None:
        """Put the fields in order; a field that there is not is refused as Siebel does."""
        given = self.table[operation.name].given
        if given is None or given.object is None:
            return
        for found in _lists(body, given):
            try:
                arrange_list(found, given.object.root)
            except SiebelError as error:
                raise faults.in_argument(error, _shown(given.element), operation.name) from error

    def word_fault(self, error: Exception, request: Request | None) -> Fault:
        """Word any error for the wire; a call that was refused before it was run is in the journal as well."""
        if isinstance(error, Refused) and request is not None:
            called = Called(request.operation.name, None, request.correlation_id, None)
            self.simulation.refused(called, faults.error_of(error, request))
        return faults.word_fault(error, request)

    def _work(self, served: Served, request: Request, now: datetime) -> Told[etree._Element]:
        method, target = served.method, served.target
        if method is None or target is None:
            raise SiebelError(NOT_SIMULATED.said(served.operation.name))
        arguments = self._arguments(served, target, request.body)
        arguments.check()
        try:
            with self.store.writing(now) if method.writes else self.store.reading(now) as session:
                answer = written(served, method.run(session, arguments), arguments)
        except SiebelError as error:
            raise _of_workflow(error, method.name) if served.is_workflow else error from error
        return Told(answer, as_json(answer) if self._journal else None)

    @property
    def _journal(self) -> bool:
        """Whether anybody will see what is shown of calls."""
        return self.simulation.store.keeps_journal

    def _arguments(self, served: Served, target: Object, body: etree._Element) -> Arguments:
        given = served.given
        lists = _lists(body, given) if given is not None else []
        paged_by = {name: value for each in lists for name, value in each.attrib.items() if name in _PAGING}
        arguments = Arguments(
            root=target.root,
            message=None,
            values={etree.QName(each).localname: each.text or "" for each in body if not len(each)},
            paged_by={str(name): str(value) for name, value in paged_by.items()},
            is_ui=given is not None and given.object is not None and bool(given.object.attributes & _PAGING),
            caller=_CALLER.get(),
            maximum_page_size=self.behaviour.maximum_page_size,
            maximum_records=self.behaviour.maximum_records,
        )
        return replace(arguments, message=_message(lists, given, arguments.wording.lov))


def _of_workflow(error: SiebelError, method: str) -> SiebelError:
    """Put around an error the workflow's own: which step it was."""
    return error.within(STEP.said("EAI Siebel Adapter", method, method))


def _message(lists: Sequence[etree._Element], given: Part | None, lov: Lov) -> tuple[Instance, ...] | None:
    if given is None or given.object is None or not lists:
        return None
    return tuple(instance for each in lists for instance in read(each, given.object, lov))


def _lists(body: etree._Element, part: Part) -> list[etree._Element]:
    found = body.findall(part.element)
    return [inside for each in found for inside in each.findall(part.list_element)] if part.is_wrapped else found


def _shown(element: str) -> str:
    name = etree.QName(element)
    return f"{{{name.namespace}}}:{name.localname}" if name.namespace else name.localname
