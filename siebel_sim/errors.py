"""How Siebel says no: codes, symbols and texts, outermost first as Siebel stacks them.

    SiebelError      the adapter, or what is around it, refuses; answered as a fault with siebdetail

Every text says where it is from: seen in documentation or on the wire, or inferred, which is to say our own words,
under a code that is Siebel's as far as we know it. ``SBL-SIM-…`` is no code of Siebel's: the simulator's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Source(StrEnum):
    """Where a code and its text are from."""

    SEEN = "seen"
    CODE_SEEN = "code seen, text inferred"
    INFERRED = "inferred"
    OURS = "the simulator's own"


@dataclass(frozen=True, slots=True)
class Message:
    """One of Siebel's messages; its ``text`` has places: ``{0}``, ``{1}``."""

    code: str
    symbol: str
    text: str
    source: Source

    def said(self, *about: str) -> Said:
        """Fill in the places."""
        return Said(self.code, self.symbol, self.text.format(*about))


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of an error stack."""

    code: str
    symbol: str
    text: str

    def __str__(self) -> str:
        """As it stands in a faultstring."""
        return f"{self.text}({self.code})"


class SiebelError(Exception):
    """A refusal: what Siebel says, outermost first."""

    def __init__(self, *stack: Said) -> None:
        super().__init__(str(stack[0]))
        self.stack = stack

    def within(self, outer: Said) -> Self:
        """Put another entry around the stack."""
        return type(self)(outer, *self.stack)


NO_USER_KEY = Message(
    "SBL-EAI-04397",
    "IDS_ERR_EAI_SA_NO_USERKEY",
    "No user key can be used for the Integration Component instance '{0}'.",
    Source.SEEN,
)
MULTIPLE_MATCH = Message(
    "SBL-EAI-04390",
    "IDS_ERR_EAI_SA_MULTIPLE_MATCH",
    "Multiple matches found for instance of integration component '{0}' using search specification '{1}' in the"
    " business component '{2}', based on user key '{3}'.",
    Source.SEEN,
)
INSERT_MATCHED = Message(
    "SBL-EAI-04383",
    "",
    "Insert operation on integration component '{0}' failed because a matching record in business component '{1}' with"
    " search specification '{2}' was found.",
    Source.SEEN,
)
DUPLICATE = Message(
    "SBL-EAI-04381",
    "",
    "For instance of Integration Component '{0}', using user key '{1}', a record with identical values already exists"
    " in the Siebel database.",
    Source.SEEN,
)
SET_FIELD = Message(
    "SBL-EAI-04376",
    "",
    "Method 'SetFieldValue' of business component '{0}' (integration component '{1}') returned the following"
    ' error:"{2}"',
    Source.SEEN,
)
WRITE_RECORD = Message(
    "SBL-EAI-04451",
    "",
    "Method 'WriteRecord' of business component '{0}' (integration component '{1}') for record with search"
    " specification '{2}' returned the following error:\"{3}\"",
    Source.SEEN,
)
CANNOT = Message(
    "SBL-EAI-04421",
    "IDS_WRN_EAI_SA_DML",
    "Cannot perform '{0}' on the business component '{1}'",
    Source.SEEN,
)
ARGUMENT = Message("SBL-EAI-04316", "", "Error while processing argument {0} for operation {1}.", Source.SEEN)
NO_MESSAGE = Message(
    "SBL-EAI-04022",
    "",
    "Service Method arguments property set has no children, should have one child of type 'SiebelMessage'",
    Source.SEEN,
)
HEADER = Message(
    "SBL-EAI-08000",
    "",
    "Unable to process SOAP Header child element '{0}' with 'mustUnderstand=\"1\"'",
    Source.SEEN,
)
STEP = Message("SBL-BPR-00162", "", "Error invoking service '{0}', method '{1}' at step '{2}'.", Source.SEEN)
NOT_IN_PICKLIST = Message(
    "SBL-DAT-00225",
    "",
    "The value entered in field {0} of buscomp {1} does not match any value in the bounded pick list.",
    Source.CODE_SEEN,
)
REQUIRED = Message(
    "SBL-DAT-00498", "", "'{0}' is a required field. Please enter a value for the field.", Source.CODE_SEEN
)
NO_FIELD = Message(
    "SBL-DAT-00398", "", "Field '{0}' does not exist in definition for business component '{1}'.", Source.CODE_SEEN
)
NO_OPERATION = Message("SBL-EAI-04313", "", "There is no active web service with operation '{0}'.", Source.CODE_SEEN)
WRONG_LOGIN = Message("SBL-DAT-00446", "", "The name or the password is not right, or there is none.", Source.INFERRED)
NO_MATCH = Message(
    "SBL-EAI-04403",
    "",
    "No match found for instance of integration component '{0}' using search specification '{1}' in the business"
    " component '{2}'.",
    Source.INFERRED,
)
MODIFIED = Message(
    "SBL-DAT-00523",
    "",
    "The selected record has been modified by another user since it was retrieved.",
    Source.INFERRED,
)
TOO_LONG = Message(
    "SBL-DAT-00235", "", "Value too long for field '{0}' of buscomp {1} (maximum size {2}).", Source.INFERRED
)
BAD_FORMAT = Message("SBL-DAT-00359", "", "The value of field '{0}' of buscomp {1} is {2}.", Source.INFERRED)
READ_ONLY = Message(
    "SBL-DAT-00403", "", "Field '{0}' of buscomp {1} is read-only and cannot be changed.", Source.INFERRED
)
BAD_SEARCH = Message("SBL-DAT-00501", "", "The search specification cannot be read: {0}.", Source.INFERRED)
BAD_SORT = Message("SBL-DAT-00502", "", "The sort specification cannot be read: {0}.", Source.INFERRED)
BAD_ARGUMENT = Message("SBL-EAI-04302", "", "The argument {0} is {1}.", Source.INFERRED)
PAGE_TOO_LARGE = Message(
    "SBL-EAI-50158", "", "The page size {0} is larger than the maximum page size {1}.", Source.INFERRED
)
TOO_MANY = Message(
    "SBL-DAT-00500",
    "",
    "There were more rows than could be returned. Please refine your query to bring back fewer rows.",
    Source.INFERRED,
)
NOTHING_TO_DELETE = Message(
    "SBL-EAI-04404",
    "",
    "Delete operation on integration component '{0}' failed because no matching record was found.",
    Source.INFERRED,
)
BAD_XML = Message("SBL-EAI-00246", "", "The request is no SOAP message that can be read: {0}", Source.INFERRED)
BUSY = Message("SBL-DAT-00144", "", "The database cannot do this now; please try again.", Source.INFERRED)
TOO_MUCH = Message("SBL-EAI-50159", "", "The server does not take this request: {0}", Source.INFERRED)
NOT_SIMULATED = Message("SBL-SIM-00001", "NOT_SIMULATED", "The operation {0} is not simulated.", Source.OURS)
FAILED = Message("SBL-SIM-00002", "FAILED", "The simulator failed; its log says why.", Source.OURS)

MESSAGES: tuple[Message, ...] = tuple(each for each in list(globals().values()) if isinstance(each, Message))
"""Every message there is."""
