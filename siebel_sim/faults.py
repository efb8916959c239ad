"""How the simulator words what goes wrong: every fault is Siebel's, whoever noticed.

    <faultstring>Text(SBL-EAI-04390)</faultstring>
    <detail>
      <siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault">
        <siebelf:logfilename>EAIObjMgr_enu_….log</siebelf:logfilename>
        <siebelf:errorstack>
          <siebelf:error>
            <siebelf:errorcode>SBL-EAI-04390</siebelf:errorcode>
            <siebelf:errorsymbol>IDS_ERR_EAI_SA_MULTIPLE_MATCH</siebelf:errorsymbol>
            <siebelf:errormsg>Text(SBL-EAI-04390)</siebelf:errormsg>

The name of the log file has the correlation id in it. A SOAP 1.1 fault about a header has no detail, as SOAP demands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import structlog
from lxml import etree
from pydantic import BaseModel, ConfigDict, ValidationError

from siebel_sim.errors import (
    ARGUMENT,
    BAD_XML,
    FAILED,
    HEADER,
    MESSAGES,
    NO_OPERATION,
    STEP,
    TOO_MUCH,
    WRONG_LOGIN,
    Message,
    Said,
    SiebelError,
    Source,
)
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.service import Request

NAMESPACE = "http://www.siebel.com/ws/fault"
DETAIL = f"{{{NAMESPACE}}}siebdetail"

_F = f"{{{NAMESPACE}}}"
_CODE = re.compile(r"\s*\((SBL-[A-Z]+-\d+)\)$")
_OF_HEADERS = "/Envelope/Header/"
_RULES: Mapping[str, Message] = {
    "operation": NO_OPERATION,
    "soap-action": NO_OPERATION,
    "must-understand": HEADER,
    "authentication": WRONG_LOGIN,
    "max-bytes": TOO_MUCH,
    "max-elements": TOO_MUCH,
    "max-depth": TOO_MUCH,
    "max-attributes": TOO_MUCH,
    "max-name-length": TOO_MUCH,
    "max-namespaces": TOO_MUCH,
    "max-concurrent": TOO_MUCH,
}
"""What soapkit refuses → Siebel's message; before an operation is known, the rest is bad XML."""


def word_fault(error: Exception, request: Request | None) -> Fault:
    """Word any error for the wire."""
    if isinstance(error, Fault):
        return _of_fault(error)
    found = error if isinstance(error, SiebelError) else error_of(error, request)
    correlation_id = request.correlation_id if request is not None else None
    return fault_of(found, correlation_id, expected=isinstance(error, SiebelError))


def fault_of(error: SiebelError, correlation_id: str | None = None, *, expected: bool = True) -> Fault:
    """Put Siebel's errors into a fault: Siebel says Server, whoever is at fault. A workflow quotes its step's error."""
    first, *others = map(str, error.stack)
    text = f"{first}--{others[0]}" if error.stack[0].code == STEP.code and others else first
    return Fault(FaultCode.SERVER, text, _detail(error.stack, correlation_id), expected=expected)


def error_of(error: Exception, request: Request | None) -> SiebelError:
    """Word what soapkit refused, or a failure of the simulator's own, in Siebel's words."""
    if not isinstance(error, Refused):
        return SiebelError(FAILED.said())
    place = (error.path or "").rpartition("/")[2]
    message = _RULES.get(error.rule)
    if message in (HEADER, NO_OPERATION):
        return SiebelError(message.said(place if request is None else request.operation.name))
    if message is None and request is not None:
        return SiebelError(_argument(error, request), BAD_XML.said(str(error)))
    return SiebelError((message or BAD_XML).said(str(error)))


def in_argument(error: SiebelError, element: str, operation: str) -> SiebelError:
    """Put around an error which argument of which operation it is about."""
    return error.within(ARGUMENT.said(element, operation))


def shown(error: Exception) -> Any:
    """Give the JSON value of Siebel's error, as the journal shows it; None for any other exception."""
    if not isinstance(error, SiebelError):
        return None
    return [{"code": said.code, "symbol": said.symbol, "text": said.text} for said in error.stack]


class _Wanted(BaseModel):
    """An error that a test asks for."""

    model_config = ConfigDict(extra="forbid")

    code: str = "SBL-EAI-04421"
    symbol: str = ""
    text: str | None = None


def wanted(error: dict[str, Any]) -> SiebelError:
    """Read ``{"code": "SBL-EAI-04390", "text", "symbol"}``; ValueError for anything else."""
    try:
        asked = _Wanted.model_validate(error)
    except ValidationError as invalid:
        raise ValueError(f"not an error of Siebel's: {invalid.errors()[0]['msg']}") from None
    known = next((each for each in MESSAGES if each.code == asked.code), None)
    symbol = asked.symbol or (known.symbol if known else "")
    return SiebelError(Said(asked.code, symbol, asked.text or "asked for by a test"))


def inferred() -> list[dict[str, str]]:
    """List every message with where it is from: what a person has to know who compares with a real Siebel."""
    return [
        {"code": each.code, "symbol": each.symbol, "text": each.text, "source": each.source.value}
        for each in sorted(MESSAGES, key=lambda each: (each.source is not Source.SEEN, each.code))
    ]


def _of_fault(fault: Fault) -> Fault:
    """Give a fault that soapkit worded in Siebel's way (a session's) the detail that Siebel's faults have."""
    found = _CODE.search(fault.text)
    if fault.detail is not None or found is None:
        return fault
    said = Said(found[1], "", fault.text[: found.start()])
    return Fault(fault.code, fault.text, _detail((said,), None), expected=True)


def _argument(error: Refused, request: Request) -> Said:
    """Say which argument the schema refused: ``/Op_Input/ListOfX/Account/Name`` is about ListOfX."""
    parts = (error.path or "").split("/")
    name = parts[2].partition("[")[0] if len(parts) > 2 else ""  # noqa: PLR2004 - the path begins with the message
    namespace = next((etree.QName(each).namespace for each in request.body if etree.QName(each).localname == name), "")
    return ARGUMENT.said(f"{{{namespace}}}:{name}" if name else "", request.operation.name)


def _detail(stack: tuple[Said, ...], correlation_id: str | None) -> etree._Element:
    known = correlation_id or str(structlog.contextvars.get_contextvars().get("correlation_id", "0"))
    detail = etree.Element(DETAIL, nsmap={"siebelf": NAMESPACE})
    etree.SubElement(detail, f"{_F}logfilename").text = f"EAIObjMgr_enu_{known}.log"
    errors = etree.SubElement(detail, f"{_F}errorstack")
    for said in stack:
        error = etree.SubElement(errors, f"{_F}error")
        etree.SubElement(error, f"{_F}errorcode").text = said.code
        etree.SubElement(error, f"{_F}errorsymbol").text = said.symbol
        etree.SubElement(error, f"{_F}errormsg").text = str(said)
    return detail
