"""Subscribers that are told of changes over SOAP: by the objects' own contracts, or by any WSDL that takes the data.

What goes where in a subscriber's own message is found in its schema: the list by its element (a SiebelMessage may be
around it), the string by a name that ends in ``_spcXML``, the message id and the source by the names of the process
properties. What else is required there has no value here, and is refused when the settings are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree
from xmlschema.validators import XsdComplexType, XsdElement, XsdGroup

from gateway.cut.delivery import Change, SubscriberRefused, SubscriberUnavailable, received
from gateway.cut.messages import to_text
from gateway.cut.objects import CutObject
from gateway.cut.workflows import Kind, workflow
from gateway.errors import InvalidMessage
from gateway.messaging.errand import Write
from gateway.transforms.reading import Element
from soapkit.catalog import Contract, ContractError, Style
from soapkit.client import Client, InvalidAnswer, NoAnswer, NotSent, RemoteFault, Timeout, Unreachable
from soapkit.schema_model import global_element
from soapkit.wss.credentials import Credentials

_AT_FAULT = "Client"
_LONGEST_REASON = 300

Place = Callable[[Element, Change], None]
"""Puts a part of a change into a message."""


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """An operation of a subscriber's own."""

    contract: Contract
    operation: str


@dataclass(frozen=True, slots=True)
class _Call:
    client: Client
    operation: str
    message: Callable[[Change], Element]


@dataclass(frozen=True, slots=True)
class SoapSubscriber:
    """One subscriber at ``url`` (``{service}`` stands for the service's name); shared by threads.

    Build it with ``ready``, which finds what the settings have wrong.
    """

    name: str
    url: str
    timeout: Timeout
    credentials: Credentials | None = None
    own: OwnOperation | None = None
    _calls: dict[str, _Call] = field(default_factory=dict)

    def ready(self, about: CutObject) -> None:
        """Prepare calls about an object. Raises ContractError, which says what does not fit."""
        if self.own is not None:
            message = _own_message(self.own, about)
            self._calls[about.key] = _Call(self._client(self.own.contract), self.own.operation, message)
            return
        operation = workflow(about, Kind.RECEIVE).operation
        about.contract.operation(operation)
        self._calls[about.key] = _Call(self._client(about.contract), operation, received)

    def take(self, change: Change) -> Write | None:
        """Call the subscriber. Raises SubscriberRefused, SubscriberUnavailable, InvalidMessage."""
        call = self._calls[change.about.key]
        try:
            answer = call.client.call(call.operation, call.message(change))
        except NotSent as error:
            text = f"{self.name} cannot be told: {error.path} breaks the rule '{error.rule}' of its contract"
            raise InvalidMessage(text, element=error.path) from None
        except RemoteFault as fault:
            raise self._refused(fault) from fault
        except InvalidAnswer as error:
            raise SubscriberUnavailable(f"{self.name} answered against its contract") from error
        except Unreachable as error:
            raise SubscriberUnavailable(f"{self.name} cannot be reached") from error
        except NoAnswer as error:
            raise SubscriberUnavailable(f"{self.name} gave no answer") from error
        self._check(answer)
        return None

    def _refused(self, fault: RemoteFault) -> SubscriberRefused | SubscriberUnavailable:
        text = f"{self.name} answered a fault: {fault.text[:_LONGEST_REASON]}"
        return SubscriberRefused(text) if fault.code == _AT_FAULT else SubscriberUnavailable(text)

    def _check(self, answer: Element | None) -> None:
        """Refuse an answer in the shape of Siebel's workflows that says that they failed."""
        said = {} if answer is None else {etree.QName(each).localname: (each.text or "").strip() for each in answer}
        if code := said.get("Error_spcCode"):
            text = said.get("Error_spcMessage", "")[:_LONGEST_REASON]
            raise SubscriberRefused(f"{self.name} answered {code}: {text}")

    def _client(self, contract: Contract) -> Client:
        address = self.url.replace("{service}", contract.name)
        return Client(contract, address, timeout=self.timeout, credentials=self.credentials)


def _own_message(own: OwnOperation, about: CutObject) -> Callable[[Change], Element]:
    """Find out how a change becomes the input of an operation. Raises ContractError."""
    operation = own.contract.operation(own.operation)
    if operation.style is not Style.DOCUMENT:
        raise ContractError(f"{own.operation} is not document/literal")
    places = [_place(part, about, own.operation) for part in _parts(global_element(own.contract, operation.input))]
    if not any(carries for _, carries in places):
        wanted = etree.QName(about.list_element).localname
        raise ContractError(f"{own.operation} takes neither {wanted} nor a string that ends in _spcXML")

    def message(change: Change) -> Element:
        body = etree.Element(operation.input)
        for place, _ in places:
            place(body, change)
        return body

    return message


def _place(part: XsdElement, about: CutObject, operation: str) -> tuple[Place, bool]:
    """Return what fills an element of an input, and whether that is the data."""
    tag = str(part.name)
    if tag == about.list_element:
        return (lambda body, change: body.append(change.list)), True
    if any(str(inner.name) == about.list_element for inner in _parts(part)):
        return (lambda body, change: etree.SubElement(body, tag).append(change.list)), True
    if tag.endswith("_spcXML"):
        return (lambda body, change: _add(body, tag, to_text(change.about, deepcopy(change.list)))), True
    value = _VALUES.get(str(part.local_name))
    if value is not None:
        return (lambda body, change: _add(body, tag, value(change))), False
    if part.min_occurs and (part.parent is None or part.parent.min_occurs):
        raise ContractError(f"{operation} requires {part.local_name}, for which there is no value")
    return _nothing, False


_VALUES: Mapping[str, Callable[[Change], str]] = {
    "Message_spcId": lambda change: change.message_id,
    "Source_spcSystem": lambda change: change.source,
    "Object_spcId": lambda change: change.about.row_id(next(iter(change.about.records(change.list)), None)),
}
"""Process properties that have a value, by name."""


def _nothing(_body: Element, _change: Change) -> None:
    """Leave out what is optional, and has no value."""


def _add(body: Element, tag: str, text: str) -> None:
    etree.SubElement(body, tag).text = text


def _parts(element: XsdElement) -> list[XsdElement]:
    """Return the elements that may be inside an element, in order."""
    group = element.type.content if isinstance(element.type, XsdComplexType) else None
    found = group.iter_elements() if isinstance(group, XsdGroup) else ()
    return [each for each in found if isinstance(each, XsdElement)]
