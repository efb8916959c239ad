"""What Siebel's faults mean to the gateway: its error stack, and whether asking again may help.

    <detail><siebelf:siebdetail xmlns:siebelf="http://www.siebel.com/ws/fault">
      <siebelf:errorstack><siebelf:error>
        <siebelf:errorcode>SBL-EAI-04397</siebelf:errorcode>
        <siebelf:errorsymbol>IDS_ERR_EAI_SA_NO_USERKEY</siebelf:errorsymbol>
        <siebelf:errormsg>No user key can be used for …(SBL-EAI-04397)</siebelf:errormsg>

Older Siebels put the errorstack into the detail itself, On Demand puts the code in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.adapters.siebel_session import EXPIRED
from gateway.errors import GatewayError, SiebelRefused, SiebelSaid, Unavailable
from soapkit.client import RemoteFault

NAMESPACE = "http://www.siebel.com/ws/fault"

_F = f"{{{NAMESPACE}}}"
_AT_END = re.compile(r"\s*\((SBL-[A-Z]+-\d+)\)\s*$")
_WRONG_LOGIN = "SBL-DAT-00446"
_BUSY = "SBL-DAT-00144"
_NOT_THE_MESSAGE = frozenset((EXPIRED, _WRONG_LOGIN, _BUSY))
_OF_THE_SERVER = ("SBL-SVR-", "SBL-NET-", "SBL-DBC-")
"""Codes of Siebel's servers, network and database connector: no message is at fault then."""


def of_fault(fault: RemoteFault, name: str) -> GatewayError:
    """Return the error that a fault of the Siebel ``name`` means.

    A fault without any code of Siebel's says that the service failed, not the message.
    """
    stack = stack_of(fault)
    if not stack:
        return Unavailable(f"{name} failed to answer ({fault.text})")
    trouble = next((said.code for said in stack if _is_trouble(said.code)), None)
    if trouble is not None:
        return Unavailable(f"{name} cannot do this now: {stack[0].text}", code=trouble)
    return SiebelRefused(stack)


def stack_of(fault: RemoteFault) -> tuple[SiebelSaid, ...]:
    """Read the error stack, outermost first; of a fault without one, what its text says."""
    stack = tuple(_stacked(fault))
    if stack:
        return stack
    found = _AT_END.search(fault.text)
    return () if found is None else (SiebelSaid(found[1], "", fault.text[: found.start()]),)


def _stacked(fault: RemoteFault) -> Iterator[SiebelSaid]:
    if fault.detail is None:
        return
    for error in fault.detail.iter(f"{_F}error"):
        text = (error.findtext(f"{_F}errormsg") or "").strip()
        found = _AT_END.search(text)
        code = (error.findtext(f"{_F}errorcode") or "").strip(" ()\n\t") or (found[1] if found else "")
        if code:
            bare = text[: found.start()] if found and found[1] == code else text
            yield SiebelSaid(code, (error.findtext(f"{_F}errorsymbol") or "").strip(), bare)


def _is_trouble(code: str) -> bool:
    return code in _NOT_THE_MESSAGE or code.startswith(_OF_THE_SERVER)
