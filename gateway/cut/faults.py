"""How the CUT services word what goes wrong: in Siebel's shape, whoever noticed.

    <faultstring>Error invoking service 'EAI Siebel Adapter', method 'Query' at step 'Get Account Data'.(SBL-BPR-00162)
                 --[Siebel's own text](SBL-EAI-04390)</faultstring>
    <detail>
      <siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault">
        <siebelf:errorstack>
          <siebelf:error><siebelf:errorcode/><siebelf:errorsymbol/><siebelf:errormsg/></siebelf:error> … outermost first

What the gateway itself refuses carries its own code (``O2C_…``) in the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from gateway.cut.workflows import Kind, Workflow
from gateway.errors import GatewayError, InvalidMessage, SiebelRefused, SiebelSaid
from gateway.errors import Kind as ErrorKind
from gateway.transforms.reading import Element
from soapkit.faults import Fault, FaultCode, Refused
from soapkit.service import Request

NAMESPACE = "http://www.siebel.com/ws/fault"
DETAIL = f"{{{NAMESPACE}}}siebdetail"

_F = f"{{{NAMESPACE}}}"
_STEPS: Mapping[Kind, tuple[str, str]] = {
    Kind.GET: ("Query", "Get {} Data"),
    Kind.SEND: ("Query", "Get {} Data"),
    Kind.RECEIVE: ("Insert or Update", "Update {}"),
}
"""What each workflow calls of the EAI Siebel Adapter, and in which of its steps."""


def wording(table: Mapping[str, Workflow]) -> Callable[[Exception, Request | None], Fault]:
    """Return what words the faults of a service; ``table`` has its workflows by operation."""

    def word_fault(error: Exception, request: Request | None) -> Fault:
        return fault(error, None if request is None else table.get(request.operation.name))

    return word_fault


def fault(error: Exception, of: Workflow | None) -> Fault:
    """Word an error; one of the program says no more than that."""
    if isinstance(error, Refused):
        refused = InvalidMessage(str(error), element=error.path)
        return _fault(error.code, [SiebelSaid(refused.code, "", refused.text)], expected=True)
    if isinstance(error, SiebelRefused):
        return _fault(FaultCode.SERVER, [*([_step(of)] if of else []), *error.stack], expected=True)
    if isinstance(error, GatewayError):
        code = FaultCode.CLIENT if error.kind is ErrorKind.BUSINESS else FaultCode.SERVER
        return _fault(code, [SiebelSaid(error.code, "", error.text)], expected=True)
    said = SiebelSaid(GatewayError.code, "", "The gateway failed to process the request")
    return _fault(FaultCode.SERVER, [said], expected=False)


def _step(of: Workflow) -> SiebelSaid:
    method, step = _STEPS[of.kind]
    where = step.format(of.about.name)
    text = f"Error invoking service 'EAI Siebel Adapter', method '{method}' at step '{where}'."
    return SiebelSaid("SBL-BPR-00162", "", text)


def _fault(code: FaultCode, stack: Sequence[SiebelSaid], *, expected: bool) -> Fault:
    text = "--".join(f"{said.text}({said.code})" for said in stack)
    return Fault(code, text, _detail(stack), expected=expected)


def _detail(stack: Sequence[SiebelSaid]) -> Element:
    detail = etree.Element(DETAIL, nsmap={"siebelf": NAMESPACE})
    errors = etree.SubElement(detail, f"{_F}errorstack")
    for said in stack:
        error = etree.SubElement(errors, f"{_F}error")
        for name, value in (
            ("errorcode", said.code),
            ("errorsymbol", said.symbol),
            ("errormsg", f"{said.text}({said.code})"),
        ):
            etree.SubElement(error, f"{_F}{name}").text = value
    return detail
