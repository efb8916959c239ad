"""Every error of the gateway, with its own disposition.

    GatewayError
    ├── BusinessError            the message is at fault: no retry, error queue (or fault) at once
    │   ├── InvalidMessage       not well-formed, or not valid against its contract
    │   ├── UnknownReference     names an account, product or billing profile that has no cross-reference
    │   ├── Contradiction        a combination of codes that means nothing
    │   ├── DuplicateContent     an EBMID seen before with other content
    │   ├── BrmRefused           BRM answered an error buffer, or RESULT 0 with FIELD entries; or its contract forbids
    │   │                        the input flist, and it was not sent
    │   └── SiebelRefused        Siebel answered a fault of its own
    ├── SystemFailure            the world is at fault: retried with back-off, then the error queue
    │   ├── Unavailable          BRM cannot be reached, or asked to try again
    │   │   ├── Disconnected     no connection, or no answer: recovery runs before the next order for it
    │   │   └── TransactionLost  BRM does not know the transaction (any more)
    │   ├── Conflict             a unique key says that somebody else was first
    │   ├── Heuristic            an operator settled the transaction in BRM: no automatic retry
    │   ├── InDoubt              the outcome of a commit is not known yet
    │   ├── InProgress           the same request is being worked on elsewhere
    │   ├── SwitchedOff          an operator has switched off what was asked for
    │   └── NotYet               what must come first is under way: taken up again very soon, and not counted as a try
    └── Superseded               another worker owns this attempt now; this one must leave no trace

Only the SOAP edge and the queue consumer read a disposition. Messages name the element and the rule, never internals.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """Business errors are the sender's to mend, system errors the operator's (seed 003, responseCode)."""

    BUSINESS = "business"
    SYSTEM = "system"


class Disposition(StrEnum):
    """What the consumer does with the message."""

    REJECT = "reject"
    RETRY = "retry"
    DROP = "drop"


class GatewayError(Exception):
    """An error with a stable ``code``, a text for people, and the ``element`` path it is about."""

    kind: Kind = Kind.SYSTEM
    disposition: Disposition = Disposition.RETRY
    code: str = "O2C_INTERNAL"

    def __init__(self, text: str, *, code: str | None = None, element: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.element = element
        if code is not None:
            self.code = code


class BusinessError(GatewayError):
    """The message cannot succeed as it is."""

    kind = Kind.BUSINESS
    disposition = Disposition.REJECT
    code = "O2C_BUSINESS"


class InvalidMessage(BusinessError):
    """Not well-formed, or not valid against the contract."""

    code = "O2C_INVALID_MESSAGE"


class UnknownReference(BusinessError):
    """No cross-reference for something the message names."""

    code = "O2C_UNKNOWN_REFERENCE"


class Contradiction(BusinessError):
    """Codes that are unknown, or that mean nothing together."""

    code = "O2C_CONTRADICTION"


class DuplicateContent(BusinessError):
    """The same sender and EBMID came before with other content."""

    code = "O2C_DUPLICATE_EBMID"


class BrmRefused(BusinessError):
    """BRM refused an opcode; ``code`` is BRM's own error name (``PIN_ERR_…``) and ``opcode`` the call it refused.

    An input flist that BRM's contract forbids is refused before it is sent, as ``O2C_INVALID_FLIST``.
    """

    code = "BRM_REFUSED"

    def __init__(
        self, text: str, *, opcode: str, code: str | None = None, element: str | None = None, field: str | None = None
    ) -> None:
        super().__init__(text, code=code, element=element)
        self.opcode = opcode
        self.field = field


class SiebelSaid(NamedTuple):
    """One error of a stack of Siebel's: ``SBL-EAI-04397``, its symbol (may be empty), its text without the code."""

    code: str
    symbol: str
    text: str


class SiebelRefused(BusinessError):
    """Siebel answered a fault; ``stack`` is its errors, outermost first, and never empty."""

    code = "SIEBEL_REFUSED"

    def __init__(self, stack: tuple[SiebelSaid, ...]) -> None:
        super().__init__(stack[0].text, code=stack[0].code)
        self.stack = stack


class SystemFailure(GatewayError):
    """Not the message's fault; trying again may work."""

    kind = Kind.SYSTEM
    disposition = Disposition.RETRY
    code = "O2C_SYSTEM"


class Unavailable(SystemFailure):
    """A downstream system cannot be reached, lost the transaction, or asked to try again."""

    code = "O2C_UNAVAILABLE"


class Disconnected(Unavailable):
    """Nothing answered; recovery runs before that system is used again."""

    code = "O2C_DISCONNECTED"


class TransactionLost(Unavailable):
    """BRM does not know the transaction: never opened, timed out, aborted, or forgotten (errno 45)."""

    code = "PIN_ERR_TRANS_LOST"


class Conflict(SystemFailure):
    """A unique key is taken; the same work tried again sees who took it."""

    code = "O2C_CONFLICT"


class Heuristic(SystemFailure):
    """Somebody settled the transaction in BRM by hand, other than the gateway would have: for people, no retry."""

    disposition = Disposition.REJECT
    code = "O2C_HEURISTIC"


class InDoubt(SystemFailure):
    """The outcome of a commit is not known yet; recovery settles it, nobody repeats the work meanwhile."""

    code = "O2C_IN_DOUBT"


class InProgress(SystemFailure):
    """The same request is being worked on elsewhere."""

    code = "O2C_IN_PROGRESS"


class SwitchedOff(SystemFailure):
    """An operator has switched it off: asking again is no use before he switches it on."""

    disposition = Disposition.REJECT
    code = "O2C_SWITCHED_OFF"


class NotYet(SystemFailure):
    """What must come first is under way: the message is taken up again very soon, and the try is not counted."""

    code = "O2C_NOT_YET"


class Superseded(GatewayError):
    """Another worker, or recovery, owns this attempt now: leave nothing behind."""

    disposition = Disposition.DROP
    code = "O2C_SUPERSEDED"
