"""What can go wrong at the SOAP edge, and how it is told to the other side. Knows no product and no HTTP.

    Fault            what the caller is told: code, text, detail. Handlers may raise it; ``word_fault`` makes it
    Refused          soapkit found the request wrong before a handler ran
    InvalidAnswer    an answer that the contract does not allow (a handler's, or a remote service's)
    Hangup           a simulator's handler asks for the connection to end without an answer
    Accepted         a module has taken the message into its care: answered 202, the handler does not run now

Client side only:
    RemoteFault      the other side answered a fault
    Unreachable      the request reached nobody: trying again is safe
    NoAnswer         the request was sent, its outcome is unknown: trying again may do the work twice
"""

from __future__ import annotations

from enum import StrEnum

from lxml import etree

_LONGEST_QUOTE = 600


class FaultCode(StrEnum):
    """The fault codes, by their names in SOAP 1.1 (4.4.1); SOAP 1.2 (Part 1, 5.4.6) has Sender and Receiver.

    DataEncodingUnknown is SOAP 1.2's alone.
    """

    CLIENT = "Client"
    SERVER = "Server"
    MUST_UNDERSTAND = "MustUnderstand"
    VERSION_MISMATCH = "VersionMismatch"
    DATA_ENCODING_UNKNOWN = "DataEncodingUnknown"


class Fault(Exception):
    """What the caller is told.

    ``detail`` is the one element put inside ``<detail>``, without that wrapper; it must be a fault element that the
    contract declares, and valid, else it is dropped and logged. ``subcode`` (Clark name) is a module's own code, such
    as wsse:FailedAuthentication: a Subcode in SOAP 1.2, the faultcode itself in SOAP 1.1; ``subsubcode`` is narrower
    still, and takes its place in SOAP 1.1. ``expected`` says that the product knows this trouble (a downstream system
    is away): a Server fault is then a warning in the log, without a traceback.
    """

    def __init__(
        self,
        code: str,
        text: str,
        detail: etree._Element | None = None,
        *,
        subcode: str | None = None,
        subsubcode: str | None = None,
        expected: bool = False,
    ) -> None:
        super().__init__(text)
        self.expected = expected
        self.code = FaultCode(code)
        self.text = text
        self.detail = detail
        self.subcode = subcode
        self.subsubcode = subsubcode
        self.about: etree._Element | None = None
        """A module's entry of the Detail, in SOAP 1.2 only: what ``Refused.detail`` was."""
        self.of_body = False
        """Whether the contents of the Body could not be processed: SOAP 1.1 says so with a detail, be it empty."""


class Refused(Exception):
    """The request is wrong, and soapkit noticed before any handler ran.

    ``rule`` names what was broken (``well-formed``, ``doctype``, ``max-depth``, an XSD rule such as ``enumeration``
    …), ``path`` is the element path and ``line`` the source line where that is known. ``status`` is the HTTP status
    of the fault, where it is not the one that the SOAP version gives the code. ``subcode`` and ``subsubcode`` are as
    in Fault. ``http_headers`` go with the answer (WWW-Authenticate, Retry-After …), ``blocks`` are header blocks of
    it. ``detail`` is an entry of a SOAP 1.2 Detail besides the product's own: SOAP 1.1 (4.4) forbids a detail on
    header blocks, what is to be said of those goes into ``blocks``.
    """

    def __init__(
        self,
        rule: str,
        text: str,
        *,
        path: str | None = None,
        line: int | None = None,
        code: FaultCode = FaultCode.CLIENT,
        status: int | None = None,
        subcode: str | None = None,
        subsubcode: str | None = None,
        http_headers: tuple[tuple[str, str], ...] = (),
        blocks: tuple[etree._Element, ...] = (),
        detail: etree._Element | None = None,
    ) -> None:
        super().__init__(text)
        self.rule = rule
        self.text = _cut(text)
        self.path = path and _cut(path)
        self.line = line
        self.code = code
        self.status = status
        self.subcode = subcode
        self.subsubcode = subsubcode
        self.http_headers = http_headers
        self.blocks = blocks
        self.detail = detail

    def __str__(self) -> str:
        """Text, rule and place on one line: what every default fault says."""
        where = f" at {self.path}" if self.path else ""
        line = f", line {self.line}" if self.line else ""
        return f"{self.text} [{self.rule}{where}{line}]"


def _cut(quoted: str) -> str:
    """Keep what may quote a message from becoming as large as one."""
    return quoted if len(quoted) <= _LONGEST_QUOTE else f"{quoted[: _LONGEST_QUOTE - 1]}…"


class InvalidAnswer(Exception):
    """An answer that the contract does not allow: never passed on."""


class Hangup(Exception):
    """Raised by a simulator's handler: end the connection without an answer, as a crashed server would."""


class Accepted(Exception):
    """Raised by a module once it keeps the message safe: the caller is answered 202, and later elsewhere."""


class RemoteFault(Exception):
    """The other side answered a fault; ``detail`` is the first element inside its ``<detail>``.

    ``code`` is the local name of the fault code, as SOAP 1.1 has it (Client for Sender); ``subcode`` a QName beyond
    SOAP's own, in Clark notation.
    """

    def __init__(
        self, code: str, text: str, detail: etree._Element | None = None, *, subcode: str | None = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.detail = detail
        self.subcode = subcode
        self.headers: tuple[etree._Element, ...] = ()
        """The header blocks that came with it."""


class NotSent(ValueError):
    """A body or header that the contract does not allow, at ``path``, by ``rule``: nothing was sent."""

    def __init__(self, path: str, rule: str, text: str) -> None:
        super().__init__(f"Not sent, not valid: {text} [{rule} at {path}]")
        self.path = path
        self.rule = rule


class Unreachable(Exception):
    """The request reached nobody; nothing was done."""


class NoAnswer(Exception):
    """The request was sent and no usable answer came: the outcome is unknown."""
