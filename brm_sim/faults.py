"""How the simulator words what goes wrong: every fault is an error buffer, whoever noticed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, TypeVar

from lxml import etree
from pydantic import BaseModel, ConfigDict, ValidationError

from brm_sim import fields
from brm_sim.errors import Errno, ErrorBuffer, ErrorClass, Location
from brm_sim.flist_xml import NSMAP
from brm_sim.registry import registry
from brm_sim.shapes import NAMESPACE
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.service import Request

_PREFIX = f"{{{NAMESPACE}}}"
_Code = TypeVar("_Code", bound=IntEnum)

_RULES: Mapping[str, Errno] = {
    "operation": Errno.BAD_OPCODE,
    "soap-action": Errno.BAD_OPCODE,
    "max-bytes": Errno.NO_MEM,
    "max-elements": Errno.NO_MEM,
    "max-depth": Errno.NO_MEM,
    "max-attributes": Errno.NO_MEM,
    "max-name-length": Errno.NO_MEM,
    "max-namespaces": Errno.NO_MEM,
    "max-concurrent": Errno.NO_MEM,
}
"""What soapkit refuses → errno; the rest is BAD_ARG."""


def word_fault(error: Exception, request: Request | None) -> Fault:
    """Word any error for the wire."""
    if isinstance(error, Fault):
        return error
    return fault_of(error if isinstance(error, ErrorBuffer) else buffer_of(error, request))


def fault_of(error: ErrorBuffer) -> Fault:
    """Put an error buffer into a fault; only an application's error is the caller's to mend."""
    code = FaultCode.CLIENT if error.class_ is ErrorClass.APPLICATION else FaultCode.SERVER
    return Fault(code, str(error), _detail(error))


def buffer_of(error: Exception, request: Request | None) -> ErrorBuffer:
    """Word what soapkit refused, or a failure of the simulator's own, as an error buffer."""
    if not isinstance(error, Refused):
        text = "The simulator failed; its log says why"
        return ErrorBuffer(Errno.STORAGE, text, location=Location.CM, class_=ErrorClass.SYSTEM_INDETERMINATE)
    if request is not None and (found := _found_by_reading(request)):
        return found
    field = (error.path or "").rpartition("/")[2].partition("[")[0]
    known = field if field in fields.types() else None
    errno = Errno.BAD_VALUE if known else _RULES.get(error.rule, Errno.BAD_ARG)
    class_ = ErrorClass.SYSTEM_RETRYABLE if error.code is FaultCode.SERVER else ErrorClass.APPLICATION
    return ErrorBuffer(errno, str(error), field=known, location=Location.PCM, class_=class_)


def _found_by_reading(request: Request) -> ErrorBuffer | None:
    """Say what the schema refused in BRM's words, by reading the flist as BRM would."""
    try:
        registry().by_operation[request.operation.name].read(request.body)
    except ErrorBuffer as error:
        return error
    return None


def _detail(error: ErrorBuffer) -> etree._Element:
    detail = etree.Element(f"{_PREFIX}ErrorBuffer", nsmap=NSMAP)
    for name, code in (("location", error.location), ("class", error.class_), ("errno", error.errno)):
        etree.SubElement(detail, _PREFIX + name, number=str(code.value)).text = code.symbol
    if error.field:
        etree.SubElement(detail, f"{_PREFIX}field").text = fields.full_name(error.field)
    if error.reserved:
        etree.SubElement(detail, f"{_PREFIX}reserved").text = str(error.reserved)
    etree.SubElement(detail, f"{_PREFIX}text").text = error.text
    return detail


def shown(error: Exception) -> dict[str, Any] | None:
    """Give the JSON value of an error buffer, as the journal shows it; None for any other exception."""
    if not isinstance(error, ErrorBuffer):
        return None
    codes = {"errno": error.errno.symbol, "class": error.class_.symbol, "location": error.location.symbol}
    return codes | {"field": error.field and fields.full_name(error.field), "text": error.text}


class _Wanted(BaseModel):
    """An error buffer that a test asks for; codes by number, or by name with or without their prefix."""

    model_config = ConfigDict(extra="forbid")

    errno: int | str
    error_class: int | str = ErrorClass.APPLICATION.value
    location: int | str = Location.FM.value
    field: str | None = None
    text: str = "asked for by a test"


def wanted(error: dict[str, Any]) -> ErrorBuffer:
    """Read ``{"errno": "PIN_ERR_STORAGE", "class": 3, "location", "field", "text"}``; ValueError for anything else."""
    given = {"error_class" if name == "class" else name: value for name, value in error.items()}
    try:
        asked = _Wanted.model_validate(given)
    except ValidationError as invalid:
        raise ValueError(f"not an error buffer: {invalid.errors()[0]['msg']} ({invalid.errors()[0]['loc']})") from None
    return ErrorBuffer(
        _code(Errno, asked.errno, "PIN_ERR_"),
        asked.text,
        field=asked.field and fields.short_name(asked.field),
        location=_code(Location, asked.location, "PIN_ERRLOC_"),
        class_=_code(ErrorClass, asked.error_class, "PIN_ERRCLASS_"),
    )


def _code(codes: type[_Code], given: int | str, prefix: str) -> _Code:
    for code in codes:
        if given in (code.value, code.name, prefix + code.name):
            return code
    raise ValueError(f"{given} is not one of {', '.join(prefix + code.name for code in codes)}")
