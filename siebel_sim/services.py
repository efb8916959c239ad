"""Services from contracts: each operation, by the suffix of its name, is a method of the adapter.

=================  ===========  ==============================================
suffix             method       takes
=================  ===========  ==============================================
QueryById          Query        PrimaryRowId
QueryByExample     Query        an integration object
QueryPage          QueryPage    an integration object, PageSize, StartRowNum …
Query              Query        any of them
InsertOrUpdate     Upsert       an integration object
Insert …           …            the same; so Update, Synchronize, Execute
Delete             Delete       an integration object, PrimaryRowId …
=================  ===========  ==============================================

An operation with another name, or without an integration object where its method has to have one, is not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree
from xmlschema.validators import XsdElement

from siebel_sim import faults
from siebel_sim.adapter import METHODS, Answer, Arguments, Method
from siebel_sim.contracts import lenient
from siebel_sim.errors import NOT_SIMULATED, SiebelError
from siebel_sim.integration_objects import content, key_of, list_in, occurs
from siebel_sim.messages import Instance, arrange_list, as_json, read, write
from siebel_sim.repository import Object, Repository
from siebel_sim.store import Store
from siebel_sim.values import Lov
from simkit.simulation import Called, Simulation, Told
from soapkit.catalog import Contract, Operation
from soapkit.faults import Fault, Refused
from soapkit.schema_model import global_element, text_type
from soapkit.service import Request, Service

_SHARED_PATHS = ("/eai_{0}/start.swe", "/eai_anon_{0}/start.swe", "/siebel/app/eai/{0}", "/siebel/app/eai_anon/{0}")
"""Where Siebel serves everything, by its language: the body says which service is called."""

_SUFFIXES: Mapping[str, str] = {
    "QueryByExample": "Query",
    "QueryById": "Query",
    "QueryPage": "QueryPage",
    "Query": "Query",
    "InsertOrUpdate": "Upsert",
    "Upsert": "Upsert",
    "Insert": "Insert",
    "Update": "Update",
    "Synchronize": "Synchronize",
    "Delete": "Delete",
    "Execute": "Execute",
}
"""How operations end → methods of the adapter; the first that fits counts."""

_NUMBERED = re.compile(r"_\d+$")
_PAGING = frozenset({"pagesize", "startrownum", "recordcountneeded"})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What settings say about every service."""

    maximum_page_size: int = 100
    language: str = "enu"

    @property
    def paths(self) -> tuple[str, ...]:
        """The addresses that all services share."""
        return tuple(path.format(self.language) for path in _SHARED_PATHS)


@dataclass(frozen=True, slots=True)
class Part:
    """An argument of a message: its element (Clark), and the integration object in it, if it holds one.

    ``list_element`` is that object's list; it is the argument itself, or is inside of it (a SiebelMessage).
    """

    element: str
    name: str
    optional: bool
    is_text: bool
    object: Object | None
    list_element: str

    @property
    def is_wrapped(self) -> bool:
        """Whether the list is inside of the argument."""
        return self.list_element != self.element


@dataclass(frozen=True, slots=True)
class Served:
    """An operation and the method behind it; None for one that is not simulated."""

    operation: Operation
    method: Method | None
    input: tuple[Part, ...]
    output: tuple[Part, ...]

    @property
    def given(self) -> Part | None:
        """The argument with the integration object of the request."""
        return next((part for part in self.input if part.object is not None), None)

    @property
    def target(self) -> Object | None:
        """The integration object that is asked for, or written."""
        answered = next((part.object for part in self.output if part.object is not None), None)
        given = self.given.object if self.given is not None else None
        return given if self.method is not None and self.method.writes and given is not None else answered or given


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


def operations(contract: Contract, repository: Repository) -> Mapping[str, Served]:
    """Give every operation of a contract, and what is behind it."""
    objects = repository.objects[contract]
    return {operation.name: _served(contract, operation, objects) for operation in contract.operations}


def _served(contract: Contract, operation: Operation, objects: Mapping[str, Object]) -> Served:
    asked = tuple(_parts(contract, operation.input, objects))
    answered = tuple(_parts(contract, operation.output, objects)) if operation.output else ()
    served = Served(operation, _method(operation.name), asked, answered)
    by_id = any(part.name == "PrimaryRowId" for part in asked)
    usable = served.target is not None and operation.output is not None and (served.given is not None or by_id)
    return served if usable else replace(served, method=None)


def _method(name: str) -> Method | None:
    bare = _NUMBERED.sub("", name)
    return next((METHODS[method] for suffix, method in _SUFFIXES.items() if bare.endswith(suffix)), None)


def _parts(contract: Contract, message: str, objects: Mapping[str, Object]) -> Iterator[Part]:
    for argument in content(global_element(contract, message)):
        found = list_in(argument)
        about = objects[key_of(found)] if found is not None else None
        yield Part(
            argument.name,
            argument.local_name,
            occurs(argument) == 0,
            _is_text(argument),
            about,
            argument.name if found is None else found.name,
        )


def _is_text(argument: XsdElement) -> bool:
    kind = text_type(argument.type)
    return kind is not None and kind.is_valid("")


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
        with self.store.writing(now) if method.writes else self.store.reading(now) as session:
            answer = method.run(session, arguments)
            written = _written(served, answer, arguments.lov)
        return Told(written, as_json(written) if self._journal else None)

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
            only_asked=given is not None and given.object is not None and bool(given.object.attributes & _PAGING),
            maximum_page_size=self.behaviour.maximum_page_size,
        )
        return replace(arguments, message=_message(lists, given, arguments.lov))


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


def _written(served: Served, answer: Answer, lov: Lov) -> etree._Element:
    """Write the answer: its integration object, and every other argument that the contract declares."""
    output = served.operation.output or ""
    element = etree.Element(output, nsmap={"ns": etree.QName(output).namespace} if output.startswith("{") else None)
    told = _told(answer)
    for part in served.output:
        if part.object is not None:
            _write_object(element, part, part.object, answer, lov)
        elif part.name in told:
            etree.SubElement(element, part.element).text = told[part.name]
        elif not part.optional and part.is_text:
            etree.SubElement(element, part.element)
    return element


def _write_object(element: etree._Element, part: Part, about: Object, answer: Answer, lov: Lov) -> None:
    written = write(part.list_element, about, answer.records, answer.shape, lov)
    if "lastpage" in about.attributes and answer.last_page is not None:
        written.set("lastpage", _flag(answer.last_page))
    if "recordcount" in about.attributes and answer.total is not None:
        written.set("recordcount", str(answer.total))
    (etree.SubElement(element, part.element) if part.is_wrapped else element).append(written)


def _told(answer: Answer) -> dict[str, str]:
    """Give the output arguments by name; what Siebel says of an error when there is none, too."""
    told = {"NumOutputObjects": str(len(answer.records)), "ErrorCode": "0x0", **answer.values}
    if answer.records:
        told["PrimaryRowId"] = answer.records[0].row_id
    if answer.last_page is not None:
        told["LastPage"] = _flag(answer.last_page)
    return told


def _flag(value: bool) -> str:
    return "true" if value else "false"
