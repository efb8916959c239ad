"""What a product gives soapkit: a contract, a handler for each operation, and its own way of wording faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from lxml.etree import _Element as Element

from soapkit.catalog import Contract, ContractError, Operation
from soapkit.faults import Fault, FaultCode, Refused

_log = structlog.get_logger(__name__)
_LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Request:
    """One call, dispatched: ``body`` is the input element, still in its envelope, valid once a handler sees it.

    ``headers`` holds the declared header blocks that came, by Clark name, valid too; of several with one name, the
    first. ``caller`` is who has proved to be calling; empty where nothing was asked of anybody.
    """

    service: str
    operation: Operation
    body: Element
    headers: Mapping[str, Element]
    correlation_id: str
    caller: str = ""


Handler: TypeAlias = "Callable[[Request], Element | None]"
WordFault: TypeAlias = "Callable[[Exception, Request | None], Fault]"
Normalise: TypeAlias = "Callable[[Operation, Element], None]"
Correlate: TypeAlias = "Callable[[Element], str | None]"


def plain_wording(error: Exception, request: Request | None) -> Fault:  # noqa: ARG001 - the signature of a WordFault
    """Word a fault for a product without words of its own: refusals say what and where, anything else says nothing."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, Refused):
        return Fault(error.code, str(error))
    return Fault(FaultCode.SERVER, "The service failed to process the request")


@dataclass(frozen=True)
class Service:
    """A contract with its handlers (by operation name; all are required).

    ``paths`` are served besides ``/services/<Name>``; several services may share one, as long as no two take the same
    body element. ``word_fault`` gets a Refused, an InvalidAnswer, or whatever the handler raised, and the request once
    it is dispatched (its body may be what was refused); code and subcode of a Refused stay what they are.
    ``normalise`` may reorder the body before it is validated. ``correlate`` finds a correlation id in a body that is
    not validated yet (an EBM's EBMID); one that is not sane is not used. ``undeclared_details`` are fault details (by
    Clark name) that may leave although the contract does not declare them. ``faults_quote`` says that texts of faults
    hold values of messages: they are not logged.
    """

    contract: Contract
    handlers: Mapping[str, Handler]
    paths: tuple[str, ...] = ()
    word_fault: WordFault = plain_wording
    normalise: Normalise | None = None
    correlate: Correlate | None = None
    undeclared_details: frozenset[str] = frozenset()
    faults_quote: bool = False

    def __post_init__(self) -> None:
        """Refuse a table that does not cover the contract exactly."""
        declared = {operation.name for operation in self.contract.operations}
        if declared != set(self.handlers):
            names = ", ".join(sorted(declared ^ set(self.handlers)))
            raise ContractError(f"{self.contract.name}: handlers and operations differ in {names}")

    def told(self, error: Exception, request: Request | None, correlation_id: str) -> Fault:
        """Return what the caller is told about ``error``: worded by the product, detail checked, correlated, logged."""
        fault = self._worded(error, request)
        if isinstance(error, Refused):  # what SOAP says of a refusal is not the product's to change
            fault.code, fault.subcode, fault.subsubcode = error.code, error.subcode, error.subsubcode
            fault.about = error.detail
        fault.of_body = _is_of_body(error, request)
        if _is_of_soap(error) or (fault.detail is not None and not self._allows(fault.detail, request)):
            fault.detail = None
        self._record(error, fault, request)
        if len(fault.text) > _LONGEST_TEXT:  # it may quote the message
            fault.text = f"{fault.text[:_LONGEST_TEXT]}…"
        if correlation_id not in _everything(fault):
            fault.text = f"{fault.text} (correlation id {correlation_id})"
        return fault

    def _worded(self, error: Exception, request: Request | None) -> Fault:
        try:
            worded = self.word_fault(error, request)
        except Exception:  # noqa: BLE001 - whatever a product's wording does, the caller gets a fault
            _log.exception("wording a fault failed", service=self.contract.name, error=repr(error))
            worded = plain_wording(error, request)
        # a product may word with a constant; ours is changed
        subcodes = {"subcode": worded.subcode, "subsubcode": worded.subsubcode}
        return Fault(worded.code, worded.text, worded.detail, expected=worded.expected, **subcodes)

    def _allows(self, detail: Element, request: Request | None) -> bool:
        if detail.tag in self.undeclared_details:
            return True
        operations = self.contract.operations if request is None else (request.operation,)
        declared = {element for operation in operations for element in operation.faults.values()}
        wrong = self.contract.check(detail) if detail.tag in declared else "not a declared fault"
        if wrong:
            _log.error("fault detail dropped", service=self.contract.name, detail=detail.tag, wrong=wrong)
        return not wrong

    def _record(self, error: Exception, fault: Fault, request: Request | None) -> None:
        about = {"service": self.contract.name, "operation": request and request.operation.name}
        if isinstance(error, Refused):  # its text may quote the message: what a customer is called is not for the log
            about |= {"rule": error.rule, "path": error.path}
        elif self.faults_quote:
            about |= {"error": type(error).__name__}
        else:
            about |= {"fault": fault.text}
        if fault.code is not FaultCode.SERVER:
            _log.info("request refused", **about)
        elif fault.expected or isinstance(error, Refused | Fault):
            _log.warning("request not served", **about)
        else:
            _log.error("request failed", **about, exc_info=error)


def _is_of_soap(error: Exception) -> bool:
    """Tell whether a fault is SOAP's or a module's own: a product's detail says nothing about those."""
    return isinstance(error, Refused) and bool(error.subcode or error.code not in (FaultCode.CLIENT, FaultCode.SERVER))


def _is_of_body(error: Exception, request: Request | None) -> bool:
    """Tell whether it is the contents of the Body that could not be processed (SOAP 1.1, 4.4)."""
    path = (error.path or "") if isinstance(error, Refused) else ""
    dispatched = request is not None and not path.startswith("/Envelope/Header/") and not _is_of_soap(error)
    return dispatched or path.startswith("/Envelope/Body/")


def _everything(fault: Fault) -> str:
    return fault.text if fault.detail is None else fault.text + "".join(map(str, fault.detail.itertext()))
