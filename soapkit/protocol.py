"""Our protocol on Spyne: SOAP 1.1 and 1.2, bodies as lxml elements, and every failure a fault in the caller's version.

Spyne drives (transport context, dispatch, call); each step it asks of a protocol is replaced, because its own steps
parse without bounds, skip header rules and answer plain 500s. No step lets an exception out that is not already a
worded fault.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from wsgiref.types import WSGIEnvironment

import structlog
from lxml import etree

import soapkit.spyne_compat  # noqa: F401 - must come before Spyne

# isort: split
from spyne import AnyXml, Application, ServiceBase, const, rpc
from spyne import Fault as SpyneFault
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from soapkit import correlation
from soapkit.attributes import check_encoding, strip_soap_attributes, strip_stray_attributes
from soapkit.catalog import Contract, Operation
from soapkit.charsets import readable
from soapkit.envelope import Parts, line_of, only_child, opened, version_of, wrap, wrap_fault
from soapkit.exchange import EXCHANGE, Exchange
from soapkit.faults import Accepted, Fault, FaultCode, Hangup, InvalidAnswer, Refused
from soapkit.header_blocks import check_understood, for_us
from soapkit.http import check_media, media_of, message_of, status_line
from soapkit.limits import Limits, may_hold, parse, refuse_instructions
from soapkit.module import Module
from soapkit.service import Request, Service
from soapkit.versions import Version

HANGUP = "soapkit.hangup"
"""Where a WSGI environment says that the caller gets no answer."""
const.MIN_GC_INTERVAL = math.inf  # else Spyne collects all garbage once a second, in the midst of a request


class WordedFault(SpyneFault):  # type: ignore[misc] # Spyne is untyped
    """Carries a fault, worded and checked, through Spyne's error path."""

    def __init__(self, fault: Fault, refused: Refused | None = None) -> None:
        super().__init__(str(fault.code), fault.text)
        self.fault = fault
        self.status = refused and refused.status
        self.http_headers = refused.http_headers if refused else ()
        self.blocks = refused.blocks if refused else ()


def _wording(step: Callable[..., Any]) -> Callable[..., Any]:
    """Let a step of the protocol fail with a worded fault only.

    It is raised outside the handler: chained to what it words, it would keep the message alive in a cycle of frames.
    """

    @functools.wraps(step)
    def worded(self: ContractProtocol, ctx: Any, *args: Any, **more: Any) -> Any:
        try:
            return step(self, ctx, *args, **more)
        except Hangup:
            ctx.transport.req_env[HANGUP] = True
            fault = WordedFault(Fault(FaultCode.SERVER, ""))
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a fault; told() logs it
            fault = self.worded(error, ctx)
        try:
            raise fault
        finally:
            del fault  # its traceback holds this frame

    return worded


class ContractProtocol(Soap11):  # type: ignore[misc] # Spyne is untyped
    """Soap11 with every step replaced; one instance reads for its application, another writes."""

    def __init__(self, services: Sequence[Service], address: str, limits: Limits, modules: Sequence[Module]) -> None:
        super().__init__()
        self._by_input = by_input(services)
        self._address = address
        self._limits = limits
        self._modules = tuple(modules)
        by_modules = frozenset[str]().union(*(module.understands for module in self._modules))
        taken = {element: by_modules.union(found.headers) for element, (_, found) in self._by_input.items()}
        self._understood_with = taken
        self._understood = by_modules.union(*taken.values())

    @_wording
    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002 - Spyne's signature
        """Read the body, bounded, parse, and check that content type and envelope are of one version."""
        environ = ctx.transport.req_env
        exchange, media = environ[EXCHANGE], media_of(environ)
        ctx.udc = exchange
        check_media(media)
        exchange.raw, encoding = readable(message_of(environ, self._limits), media.charset)
        root = ctx.in_document = exchange.root = parse(exchange.raw, self._limits, charset=encoding)
        version = exchange.version = version_of(root, exchange.version)
        refuse_instructions(exchange.raw, encoding)
        check_media(media, version)

    @_wording
    def decompose_incoming_envelope(self, ctx: Any, message: Any = None) -> None:  # noqa: ARG002 - Spyne's signature
        """Let the modules read their header blocks, then find the operation by the body element."""
        exchange = ctx.udc
        parts = exchange.parts = self._parts(exchange)
        exchange.service, operation = self._by_input.get(parts.body.tag, (exchange.service, None))
        if said := correlation.of_message(parts, exchange.service):
            exchange.correlation_id = said
            structlog.contextvars.bind_contextvars(correlation_id=said)
        for module in self._modules:
            module.received(exchange)
        if operation is None:
            raise _unknown_operation(parts.body)
        exchange.operation = operation
        ctx.method_request_string = parts.body.tag

    def _parts(self, exchange: Any) -> Parts:
        """Take the envelope apart; what must be understood comes before the Body is looked at (SOAP 1.2, 2.6)."""
        version = exchange.version
        blocks, body = opened(exchange.root, version)
        blocks = for_us(blocks, version)
        check_understood(blocks, version, self._understood)
        element = only_child(body)
        if version is Version.SOAP_12 and may_hold(exchange.raw, b"encodingStyle"):
            check_encoding((*blocks, element))
        return Parts(blocks, element)

    def get_call_handles(self, ctx: Any) -> list[Any]:
        """Name the method that Spyne is to call: the contract has dispatched, Spyne's message names are never seen."""
        return [self.app.services[0].public_methods[ctx.udc.operation.input]]

    @_wording
    def deserialize(self, ctx: Any, message: Any) -> None:  # noqa: ARG002 - Spyne's signature
        """Check headers, SOAPAction and body against the contract; the object handed on is the body element itself."""
        exchange = ctx.udc
        service: Service = exchange.service
        request = exchange.request = _request(exchange)
        check_understood(exchange.parts.headers, exchange.version, self._understood_with[request.operation.input])
        for module in self._modules:
            module.dispatched(exchange)
        _check_action(ctx.transport.req_env, request)
        if service.normalise:
            service.normalise(request.operation, request.body)
        for block in exchange.parts.headers:
            if block.tag in request.operation.headers:
                _check_valid(service.contract, strip_soap_attributes(block), inside="/Envelope/Header")
        _check_valid(service.contract, request.body)
        exchange.accepted = self._taken(exchange)
        ctx.in_object = request.body

    def serialize(self, ctx: Any, message: Any) -> None:  # noqa: ARG002 - Spyne's signature
        """Write the whole answer to bytes, before the status line is sent; none at all is 202."""
        exchange, transport = ctx.udc, ctx.transport
        written = self._answer(exchange, ctx.out_object[0]) if ctx.out_error is None else self._fault(ctx)
        transport.resp_headers["Content-Type"] = exchange.version.content_type
        if not written:
            transport.resp_code = status_line(202)
            del transport.resp_headers["Content-Type"]
        ctx.out_document = written

    def _answer(self, exchange: Exchange, answer: etree._Element | None) -> bytes:
        if answer is None:
            return b""
        return self._sealed(exchange, wrap(answer, self._blocks(exchange, answer), version=exchange.version))

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002 - Spyne's signature
        """Hand over what ``serialize`` wrote."""
        ctx.out_string = [ctx.out_document]

    @_wording
    def call(self, ctx: Any) -> Any:
        """Run the handler and check its answer; what every operation of the Spyne service does."""
        if ctx.udc.accepted:
            return None
        service, request = ctx.udc.service, ctx.udc.request
        answer = service.handlers[request.operation.name](request)
        _check_answer(service.contract, request.operation, answer)
        return answer

    def _taken(self, exchange: Exchange) -> bool:
        try:
            for module in self._modules:
                module.validated(exchange)
        except Accepted:
            return True
        return False

    def worded(self, error: Exception, ctx: Any) -> WordedFault:
        """Give what the caller is told about ``error``, as far as the request is known."""
        exchange: Exchange = ctx.udc
        told = exchange.service.told(error, exchange.request, exchange.correlation_id)
        if not isinstance(error, Refused):
            return WordedFault(told)
        exchange.rule = error.rule
        return WordedFault(told, error)

    def _fault(self, ctx: Any) -> bytes:
        exchange, error = ctx.udc, ctx.out_error
        if not isinstance(error, WordedFault):
            error = self.worded(error, ctx)
        fault = exchange.fault = error.fault
        ctx.transport.resp_code = status_line(error.status or exchange.version.statuses[fault.code])
        ctx.transport.resp_headers.update(error.http_headers)
        blocks = (*error.blocks, *self._blocks(exchange, fault))
        return self._sealed(exchange, wrap_fault(fault, blocks, version=exchange.version, node=self._address))

    def _blocks(self, exchange: Exchange, answer: etree._Element | Fault) -> list[etree._Element]:
        return [block for module in self._modules for block in module.blocks(exchange, answer)]

    def _sealed(self, exchange: Exchange, envelope: bytes) -> bytes:
        for module in self._modules:
            if envelope:  # of one that is not to leave there is nothing to sign
                envelope = module.sealed(exchange, envelope)
        return envelope


def by_input(services: Sequence[Service]) -> Mapping[str, tuple[Service, Operation]]:
    """Say whose operation takes which body element; raises ValueError when two services take the same."""
    found: dict[str, tuple[Service, Operation]] = {}
    for service in services:
        for element, operation in service.contract.inputs.items():
            other, _ = found.setdefault(element, (service, operation))
            if other is not service:
                names = f"{other.contract.name} and {service.contract.name}"
                raise ValueError(f"{names} share a path, and both take {element}")
    return found


def wsgi_application(
    services: Sequence[Service], address: str, limits: Limits, modules: Sequence[Module] = ()
) -> WsgiApplication:
    """Build the Spyne application of a path from its services' tables; there are no hand-written service classes."""
    reader, writer = (ContractProtocol(services, address, limits, modules) for _ in range(2))
    name, namespace = services[0].contract.name, services[0].contract.namespace
    served = type(name, (ServiceBase,), {element: _operation(element, reader) for element in by_input(services)})
    application = Application([served], namespace, name, in_protocol=reader, out_protocol=writer)
    served_over_http = _OverHttp(application)
    served_over_http.event_manager.add_listener("wsgi_close", _let_go)
    return served_over_http


class _OverHttp(WsgiApplication):  # type: ignore[misc] # Spyne is untyped
    """Reads nothing of the request: the protocol does."""

    def _WsgiApplication__reconstruct_wsgi_request(self, _: WSGIEnvironment) -> tuple[tuple[()], None]:  # noqa: N802 - Spyne's private name
        return (), None


def _let_go(ctx: Any) -> None:
    """Empty a finished context: its parts point at one another, and would keep the message for the collector."""
    for part in (ctx.inprot_ctx, ctx.outprot_ctx, ctx):
        vars(part).clear()


def _operation(element: str, protocol: ContractProtocol) -> Callable[..., Any]:
    def called(ctx: Any, body: etree._Element) -> Any:  # noqa: ARG001 - the body is in the exchange
        return protocol.call(ctx)

    called.__name__ = element  # Spyne tells operations apart by it
    return cast("Callable[..., Any]", rpc(AnyXml, _returns=AnyXml, _body_style="bare")(called))


def _request(exchange: Exchange) -> Request:
    operation, parts = cast("Operation", exchange.operation), cast("Parts", exchange.parts)
    headers = {block.tag: block for block in reversed(parts.headers) if block.tag in operation.headers}
    caller = exchange.caller.name if exchange.caller else ""
    return Request(exchange.service.contract.name, operation, parts.body, headers, exchange.correlation_id, caller)


def _unknown_operation(body: etree._Element) -> Refused:
    name = etree.QName(body)
    text = f"No operation takes the element {name.localname} of the namespace '{name.namespace or ''}'"
    return Refused("operation", text, path=f"/Envelope/Body/{name.localname}", line=line_of(body))


def _check_action(environ: WSGIEnvironment, request: Request) -> None:
    """Refuse a SOAPAction, or SOAP 1.2's action, that contradicts the body; an absent or empty one is fine."""
    wanted = request.operation.soap_action
    told = environ.get("HTTP_SOAPACTION", "").strip().strip('"'), media_of(environ).action
    if wanted and any(action not in ("", wanted) for action in told):
        text = f"The SOAPAction is not that of {request.operation.name}, which the body asks for"
        path = f"/Envelope/Body/{etree.QName(request.body).localname}"
        raise Refused("soap-action", text, path=path, line=line_of(request.body))


def _check_answer(contract: Contract, operation: Operation, answer: etree._Element | None) -> None:
    found = None if answer is None else answer.tag
    if found != operation.output:
        raise InvalidAnswer(f"{operation.name} answered {found} instead of {operation.output}")
    violations = () if answer is None else contract.check(answer)
    if violations:
        raise InvalidAnswer(f"{operation.name} answered an invalid {found}: {violations[0]}")


def _check_valid(contract: Contract, element: etree._Element, inside: str = "") -> None:
    violations = contract.check(element)
    if violations and strip_stray_attributes(element):
        violations = contract.check(element)
    if violations:
        first = violations[0]
        raise Refused(first.rule, first.text, path=inside + first.path, line=first.line)
