"""Subscribers that are told of changes over SOAP: by the objects' own contracts, or by any WSDL that takes the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from gateway.cut.delivery import Change, SubscriberRefused, SubscriberUnavailable, received
from gateway.cut.objects import CutObject
from gateway.cut.workflows import Kind, workflow
from gateway.errors import InvalidMessage
from gateway.messaging.errand import Write
from gateway.transforms.reading import Element
from soapkit.catalog import Contract
from soapkit.client import Client, InvalidAnswer, NoAnswer, NotSent, RemoteFault, Timeout, Unreachable
from soapkit.wss.credentials import Credentials

_AT_FAULT = "Client"
_LONGEST_REASON = 300


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
            from gateway.adapters.subscriber_messages import own_message  # noqa: PLC0415 - slow

            message = own_message(self.own.contract, self.own.operation, about)
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
        """Say whose fault it is: one with a code beyond SOAP's own (wsse:FailedAuthentication) is not the message's."""
        text = f"{self.name} answered a fault: {fault.text[:_LONGEST_REASON]}"
        of_message = fault.code == _AT_FAULT and fault.subcode is None
        return SubscriberRefused(text) if of_message else SubscriberUnavailable(text)

    def _check(self, answer: Element | None) -> None:
        """Refuse an answer in the shape of Siebel's workflows that says that they failed."""
        said = {} if answer is None else {etree.QName(each).localname: (each.text or "").strip() for each in answer}
        if code := said.get("Error_spcCode"):
            text = said.get("Error_spcMessage", "")[:_LONGEST_REASON]
            raise SubscriberRefused(f"{self.name} answered {code}: {text}")

    def _client(self, contract: Contract) -> Client:
        address = self.url.replace("{service}", contract.name)
        return Client(contract, address, timeout=self.timeout, credentials=self.credentials)
