"""What the two versions of SOAP call things: names, roles, media types, codes. The one table that tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from soapkit.faults import FaultCode

NAMESPACE_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE_12: Final = "http://www.w3.org/2003/05/soap-envelope"
_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a version says in its own way; codes and statuses are those that are not as in SOAP 1.1."""

    media_type: str
    role: str
    roles: tuple[str, ...]
    codes: Mapping[FaultCode, str]
    statuses: Mapping[FaultCode, int] = field(default_factory=dict)


_TERMS = {
    NAMESPACE_11: _Terms(
        media_type="text/xml",
        role="actor",
        roles=("http://schemas.xmlsoap.org/soap/actor/next",),
        codes={FaultCode.DATA_ENCODING_UNKNOWN: "Client"},
    ),
    NAMESPACE_12: _Terms(
        media_type="application/soap+xml",
        role="role",
        roles=(f"{NAMESPACE_12}/role/next", f"{NAMESPACE_12}/role/ultimateReceiver"),
        codes={FaultCode.CLIENT: "Sender", FaultCode.SERVER: "Receiver"},
        statuses={FaultCode.CLIENT: 400},
    ),
}


class Version(Enum):
    """The versions of SOAP; the value is the namespace of the envelope.

    ``roles`` are those this node acts in: it is the ultimate receiver, and ``next``. ``codes`` are the local names of
    the fault codes, ``statuses`` what HTTP says with them (SOAP 1.1, 6.2; SOAP 1.2 Part 2, table 20). ``envelope`` to
    ``relay`` are the names of elements and attributes, in Clark notation.
    """

    SOAP_11 = NAMESPACE_11
    SOAP_12 = NAMESPACE_12

    def __init__(self, namespace: str) -> None:
        terms = _TERMS[namespace]
        self.media_type = terms.media_type
        self.content_type = f"{terms.media_type}; charset=utf-8"
        self.roles = frozenset(("", *terms.roles))
        self.codes: Mapping[FaultCode, str] = MappingProxyType({c: terms.codes.get(c, c.value) for c in FaultCode})
        self.statuses: Mapping[FaultCode, int] = MappingProxyType({c: terms.statuses.get(c, _ERROR) for c in FaultCode})
        self.envelope = f"{{{namespace}}}Envelope"
        self.header = f"{{{namespace}}}Header"
        self.body = f"{{{namespace}}}Body"
        self.fault = f"{{{namespace}}}Fault"
        self.must_understand = f"{{{namespace}}}mustUnderstand"
        self.encoding_style = f"{{{namespace}}}encodingStyle"
        self.role = f"{{{namespace}}}{terms.role}"
        self.relay = f"{{{namespace}}}relay"


BY_ENVELOPE: Mapping[str, Version] = MappingProxyType({version.envelope: version for version in Version})
BY_MEDIA_TYPE: Mapping[str, Version] = MappingProxyType({version.media_type: version for version in Version})
