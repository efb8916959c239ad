"""rpc/literal twins: the handlers of a document/literal service, served under a contract of style rpc as well.

The twin has a contract, a service name, a port type and body elements of its own, and the paths of the other: on a
shared path the body element says which of the two is called. ``python -m soapkit.rpc`` writes a twin's contract from
the other's.

    document    <tns:Get_Input><tns:Object_spcId>1-A</tns:Object_spcId></tns:Get_Input>
    rpc         <tns:Get><Object_spcId>1-A</Object_spcId></tns:Get>
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from lxml.etree import Element, SubElement
from lxml.etree import _Element as Node

from soapkit.catalog import Contract, ContractError, Operation, Part, Style, contracts_root
from soapkit.documents import Documents
from soapkit.faults import Fault
from soapkit.rpc.arguments import Argument, Schemas
from soapkit.service import Handler, Request, Service

__all__ = ["twin"]

Arguments: TypeAlias = tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One operation in both styles, and the arguments of its two messages."""

    document: Operation
    rpc: Operation
    asked: Arguments
    answered: Arguments

    def as_document(self, request: Request) -> Request:
        """Turn the wrapper in ``request`` into the document element, in place: both are the same lxml element."""
        body, known = request.body, {argument.name: argument for argument in self.asked}
        body.tag = self.document.input
        for accessor in list(body):
            if (argument := known.get(accessor.tag)) is not None:
                _unwrap(body, accessor, argument)
        return self.about(request)

    def about(self, request: Request) -> Request:
        """Say of ``request`` that it is the document operation's; its body stays what it is."""
        return replace(request, operation=self.document)

    def as_wrapper(self, answer: Node | None) -> Node | None:
        """Give a wrapper with copies of what ``answer`` holds: a handler may keep its answer.

        What is no answer of this operation is given back as it is: the protocol refuses it by name.
        """
        if answer is None or answer.tag != self.document.output or self.rpc.output is None:
            return answer
        namespace = self.rpc.output[1:].partition("}")[0]
        # never a default namespace: the accessors have none, and lxml would not write xmlns="" for them
        wrapper = Element(self.rpc.output, nsmap=_declared(answer, default=False) | {"m": namespace})
        left = list(answer)
        for argument in self.answered:
            child = next((child for child in left if child.tag == argument.element), None)
            _wrap(wrapper, argument, child)
            left = [other for other in left if other is not child]
        wrapper.extend(deepcopy(left))  # nothing of an answer is lost: what is too much is refused
        return wrapper


def twin(service: Service, contract: Contract) -> Service:
    """Serve the handlers of ``service``, which is document/literal, under ``contract``, its rpc/literal twin.

    Handlers, and the product's wording of faults, see document/literal requests; a request that is refused before it
    reaches a handler has a wrapper for a body still. Faults are the same. Raises ContractError when the contracts are
    no twins, or when the service puts bodies in order before validation, which is about document elements.
    """
    if service.normalise is not None:
        raise ContractError(f"{service.contract.name} normalises its bodies: it can have no rpc/literal twin")
    pairs = _pairs(service.contract, contract)

    def worded(error: Exception, request: Request | None) -> Fault:
        return service.word_fault(error, request and pairs[request.operation.name].about(request))

    handlers = {name: _converting(pair, service.handlers[name]) for name, pair in pairs.items()}
    return replace(service, contract=contract, handlers=handlers, word_fault=worded)


def _converting(pair: _Pair, handler: Handler) -> Handler:
    def handle(request: Request) -> Node | None:
        return pair.as_wrapper(handler(pair.as_document(request)))

    return handle


def _pairs(document: Contract, rpc: Contract) -> dict[str, _Pair]:
    schemas = Schemas(Documents(document.documents[document.wsdl], contracts_root()))
    names = {operation.name for operation in document.operations}
    if names != {operation.name for operation in rpc.operations}:
        raise ContractError(f"{rpc.name} is no twin of {document.name}: their operations differ")
    return {name: _pair(schemas, document.operation(name), rpc.operation(name)) for name in sorted(names)}


def _pair(schemas: Schemas, document: Operation, rpc: Operation) -> _Pair:
    asked = schemas.arguments(document.input)
    answered = schemas.arguments(document.output) if document.output else ()
    alike = _same(asked, rpc.parts) and _same(answered, rpc.answer_parts)
    styles = (document.style, rpc.style) == (Style.DOCUMENT, Style.RPC)
    one_way = (document.output is None) == (rpc.output is None)
    if not (alike and styles and one_way and dict(document.faults) == dict(rpc.faults)):
        raise ContractError(f"{rpc.name}: rpc/literal and document/literal messages differ")
    return _Pair(document, rpc, asked, answered)


def _same(arguments: Arguments, parts: tuple[Part, ...]) -> bool:
    """Tell whether parts are made of arguments; a type made for a twin is its WSDL's business."""
    return len(arguments) == len(parts) and all(
        argument.name == part.name and argument.type in (part.type, None)
        for argument, part in zip(arguments, parts, strict=True)
    )


def _unwrap(body: Node, accessor: Node, argument: Argument) -> None:
    """Put what one accessor of a request means in its place."""
    if argument.nested:
        for held in list(accessor):
            accessor.addprevious(_lifted(held, accessor, body))
        body.remove(accessor)
    elif argument.optional and not accessor.text and not len(accessor):
        body.remove(accessor)
    else:
        accessor.tag = argument.element


def _lifted(held: Node, accessor: Node, body: Node) -> Node:
    """Take ``held`` out of its accessor, with the prefixes that only the accessor declares: a value may use them."""
    if accessor.nsmap == body.nsmap:
        return held
    lifted = Element(held.tag, nsmap=_declared(held, default=True))
    lifted.attrib.update(held.attrib)
    lifted.text, lifted.sourceline = held.text, held.sourceline
    lifted.extend(list(held))
    return lifted


def _wrap(wrapper: Node, argument: Argument, child: Node | None) -> None:
    """Write the accessor of an answer; a child that is not there leaves it empty, if it may be missing."""
    if child is None and not argument.optional:
        return  # the answer is invalid, and will be told so
    accessor = SubElement(wrapper, argument.name)
    if child is None:
        return
    if argument.nested:
        accessor.append(deepcopy(child))
        return
    accessor.text = child.text
    accessor.attrib.update(child.attrib)
    accessor.extend(deepcopy(list(child)))


def _declared(node: Node, *, default: bool) -> dict[Any, str]:
    return {prefix: used for prefix, used in node.nsmap.items() if used and (prefix or default)}
