"""A request whose answer goes elsewhere: how it is kept, run, and answered later, without the HTTP request it came by.

``Replies`` is the port that keeps it; a product implements it over something durable. No credentials are kept: only
the body, and what of the addressing properties an answer needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

import structlog
from lxml import etree

from soapkit.addressing.editions import EDITIONS
from soapkit.addressing.noted import NOTES, Noted
from soapkit.addressing.properties import EndpointReference, Properties
from soapkit.envelope import wrap, wrap_fault
from soapkit.exchange import Exchange
from soapkit.faults import Fault, InvalidAnswer
from soapkit.limits import Limits, parse
from soapkit.module import Module
from soapkit.service import Request, Service
from soapkit.versions import Version


class DuplicateMessageId(Exception):
    """Another message with the same MessageID, of the same caller, is kept already."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An envelope to be posted to ``to``; ``action`` is its wsa:Action."""

    envelope: bytes
    to: str
    action: str
    is_fault: bool


@dataclass(frozen=True, slots=True)
class Deferred:
    """A request, valid and authorised, as it is kept. ``answer_id`` is the MessageID of its answer, however often sent.

    ``service`` and ``operation`` are names of the contract, ``body`` is the input element, ``digest`` tells it from
    others (see there), ``caller`` is who was proved to call ("" where nobody asks), ``trace`` the span it came in.
    """

    service: str
    operation: str
    body: bytes
    digest: str
    correlation_id: str
    caller: str
    version: Version
    properties: Properties
    answer_id: str
    trace: str | None = None

    @property
    def message_id(self) -> str:
        """The request's MessageID."""
        return self.properties.message_id or ""


class Replies(Protocol):
    """What keeps requests, and answers, that go to registered addresses."""

    def registered(self, address: str) -> bool:
        """Tell whether answers may be posted to ``address``."""

    def keep(self, deferred: Deferred, answer: Answer | None = None) -> None:
        """Keep a request (and its answer, if it was run already) durably; once, however often it comes.

        Raises DuplicateMessageId when the same caller's MessageID came before with another content.
        """


def digest(request: Request) -> str:
    """Return what tells two requests apart: service, operation and content, not how the content was written."""
    canonical = etree.tostring(request.body, method="c14n", exclusive=True, with_tail=False)
    return sha256(f"{request.service} {request.operation.name} ".encode() + canonical).hexdigest()


def encoded(deferred: Deferred) -> str:
    """Write what a request's answer needs, besides the columns every store has, as JSON."""
    known = deferred.properties
    told = {
        "version": deferred.version.value,
        "edition": known.edition.namespace,
        "action": known.action,
        "to": known.to,
        "answer_id": deferred.answer_id,
        "reply_to": _told(known.reply_to),
        "fault_to": known.fault_to and _told(known.fault_to),
        "trace": deferred.trace,
    }
    return json.dumps(told)


@dataclass(frozen=True, slots=True)
class Kept:
    """What ``encoded`` wrote. ``trace`` is absent of what an earlier version kept."""

    version: Version
    properties: Properties
    answer_id: str
    trace: str | None


def decoded(text: str, *, message_id: str) -> Kept:
    """Read what ``encoded`` wrote."""
    told = json.loads(text)
    fault_to = told["fault_to"]
    properties = Properties(
        edition=EDITIONS[told["edition"]],
        action=told["action"],
        to=told["to"],
        message_id=message_id,
        reply_to=_endpoint(told["reply_to"]),
        fault_to=None if fault_to is None else _endpoint(fault_to),
    )
    return Kept(Version(told["version"]), properties, told["answer_id"], told.get("trace"))


def _told(endpoint: EndpointReference) -> dict[str, Any]:
    parameters = [etree.tostring(each, encoding="unicode", with_tail=False) for each in endpoint.parameters]
    return {"address": endpoint.address, "parameters": parameters}


def _endpoint(told: Mapping[str, Any]) -> EndpointReference:
    return EndpointReference(told["address"], tuple(parse(each.encode()) for each in told["parameters"]))


@dataclass(frozen=True)
class Answering:
    """Runs kept requests through the services' own handlers, and words their answers as the edge would.

    ``modules`` add header blocks to an answer when it is made; ``sealed`` lets them sign it when it is posted.
    """

    services: Sequence[Service]
    modules: Sequence[Module]
    limits: Limits = Limits()  # noqa: RUF009 - frozen
    _by_name: Mapping[str, Service] = field(init=False)

    def __post_init__(self) -> None:
        """Find services by name."""
        object.__setattr__(self, "_by_name", {service.contract.name: service for service in self.services})

    def run(self, deferred: Deferred) -> Answer:
        """Run the operation; raises whatever its handler raises, InvalidAnswer, and KeyError for one that is gone."""
        exchange = self._exchange(deferred)
        request = _request(exchange)
        with structlog.contextvars.bound_contextvars(correlation_id=deferred.correlation_id):
            answer = exchange.service.handlers[request.operation.name](request)
        element = _checked(exchange, answer)
        envelope = wrap(element, self._blocks(exchange, element), version=deferred.version)
        return self._answer(exchange, deferred, envelope, is_fault=False)

    def refused(self, deferred: Deferred, error: Exception) -> Answer:
        """Word the fault that tells of ``error``, as the service would on the connection."""
        exchange = self._exchange(deferred)
        with structlog.contextvars.bound_contextvars(correlation_id=deferred.correlation_id):
            fault = exchange.fault = exchange.service.told(error, exchange.request, deferred.correlation_id)
        envelope = wrap_fault(fault, self._blocks(exchange, fault), version=deferred.version)
        return self._answer(exchange, deferred, envelope, is_fault=True)

    def sealed(self, deferred: Deferred, envelope: bytes) -> bytes:
        """Return the envelope as it is to leave now: a signature's Timestamp does not outlive a wait of hours."""
        exchange = self._exchange(deferred)
        noted: Noted = exchange.notes[NOTES]
        noted.elsewhere = False  # it is on its way there already
        for module in self.modules:
            envelope = module.sealed(exchange, envelope)
        return envelope

    def _exchange(self, deferred: Deferred) -> Exchange:
        service = self._by_name[deferred.service]
        operation = service.contract.operation(deferred.operation)
        exchange = Exchange(service, {}, deferred.correlation_id, deferred.version)
        exchange.operation = operation
        exchange.request = Request(
            deferred.service, operation, parse(deferred.body, self.limits), {}, deferred.correlation_id
        )
        known = deferred.properties
        exchange.notes[NOTES] = Noted(
            known.edition, known.message_id, known, elsewhere=True, answer_id=deferred.answer_id
        )
        return exchange

    def _blocks(self, exchange: Exchange, answer: etree._Element | Fault) -> list[etree._Element]:
        return [block for module in self.modules for block in module.blocks(exchange, answer)]

    def _answer(self, exchange: Exchange, deferred: Deferred, envelope: bytes, *, is_fault: bool) -> Answer:
        noted: Noted = exchange.notes[NOTES]
        endpoint = deferred.properties.answered_at(fault=is_fault)
        return Answer(envelope, endpoint.address, noted.answer_action, is_fault)


def http_headers(version: Version, answer: Answer, correlation_id: str) -> Mapping[str, str]:
    """Return the headers that an answer is posted with."""
    if version is Version.SOAP_11:
        named = {"Content-Type": version.content_type, "SOAPAction": f'"{answer.action}"'}
    else:
        named = {"Content-Type": f'{version.content_type}; action="{answer.action}"'}
    return {**named, "X-Correlation-Id": correlation_id}


def _request(exchange: Exchange) -> Request:
    if exchange.request is None:
        raise AssertionError("a kept request is whole")
    return exchange.request


def _checked(exchange: Exchange, answer: etree._Element | None) -> etree._Element:
    """Refuse an answer that the contract does not allow, as the edge does."""
    operation = _request(exchange).operation
    if answer is None or answer.tag != operation.output:
        found = None if answer is None else answer.tag
        raise InvalidAnswer(f"{operation.name} answered {found} instead of {operation.output}")
    if violations := exchange.service.contract.check(answer):
        raise InvalidAnswer(f"{operation.name} answered an invalid {answer.tag}: {violations[0]}")
    return answer
