"""How a security rule is refused: WS-Security's own fault codes (SOAP Message Security 1.0, chapter 12).

What is said tells an honest caller what to mend in the message's shape. Whether a name or a password was wrong is
told to nobody: ``not_authenticated`` is one refusal for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from lxml import etree

from soapkit.envelope import line_of
from soapkit.faults import Refused
from soapkit.wss.names import WSSE, WSU

HttpHeaders = tuple[tuple[str, str], ...]


class Code(StrEnum):
    """The fault codes; the value is the Clark name."""

    UNSUPPORTED_TOKEN = f"{{{WSSE}}}UnsupportedSecurityToken"
    UNSUPPORTED_ALGORITHM = f"{{{WSSE}}}UnsupportedAlgorithm"
    INVALID_SECURITY = f"{{{WSSE}}}InvalidSecurity"
    INVALID_TOKEN = f"{{{WSSE}}}InvalidSecurityToken"
    FAILED_AUTHENTICATION = f"{{{WSSE}}}FailedAuthentication"
    FAILED_CHECK = f"{{{WSSE}}}FailedCheck"
    TOKEN_UNAVAILABLE = f"{{{WSSE}}}SecurityTokenUnavailable"
    EXPIRED = f"{{{WSU}}}MessageExpired"


def refused(code: Code, rule: str, text: str, element: etree._Element | None = None) -> Refused:
    """Make the refusal of a message whose security header breaks ``rule`` at ``element``."""
    if element is None:
        return Refused(rule, text, subcode=code.value)
    return Refused(rule, text, path=path_of(element), line=line_of(element), subcode=code.value)


def not_authenticated(*, http_headers: HttpHeaders = (), status: int | None = None) -> Refused:
    """Make the one refusal for every proof that does not convince: it never says which part was wrong."""
    text = "The caller's credentials were not accepted"
    return _with_status("authentication", text, status, http_headers)


def not_authorised(what: str, *, status: int | None = None) -> Refused:
    """Make the refusal of a caller who is known and may not call ``what``."""
    return _with_status("authorization", f"The caller may not call {what}", status, ())


def throttled(seconds: int) -> Refused:
    """Make the refusal of a caller who has guessed too often: nothing was looked at."""
    text = "Too many failed attempts; try again later"
    return _with_status("throttled", text, 503, (("Retry-After", str(max(1, seconds))),))


def path_of(element: etree._Element) -> str:
    """Return the element path, by local names: ``/Envelope/Header/Security``."""
    names: Sequence[str] = [etree.QName(each).localname for each in (element, *element.iterancestors())]
    return "/" + "/".join(reversed(names))


def _with_status(rule: str, text: str, status: int | None, http_headers: HttpHeaders) -> Refused:
    subcode = Code.FAILED_AUTHENTICATION.value
    return Refused(rule, text, subcode=subcode, http_headers=http_headers, status=status)
