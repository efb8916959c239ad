"""How BRM says no: the error buffer, and the FIELD entries of a failed customer validation.

    ErrorBuffer     an opcode failed; answered as the declared fault of that name
    FieldFailure    one field a CUST opcode does not accept; answered in an output flist with RESULT 0, not as a fault

Numbers and names are BRM's; the wire carries the name with the number in the attribute ``number``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from brm_sim.fields import full_name, number_of
from brm_sim.flist import Array, Flist, Value


class Location(IntEnum):
    """The part of BRM that found the error (``PIN_ERRLOC_…``)."""

    PCM = 1
    PCP = 2
    CM = 3
    DM = 4
    FM = 5
    FLIST = 6
    POID = 7
    APP = 8

    @property
    def symbol(self) -> str:
        """BRM's own name, ``PIN_ERRLOC_FM``."""
        return f"PIN_ERRLOC_{self.name}"


class ErrorClass(IntEnum):
    """Whether trying again can help (``PIN_ERRCLASS_…``)."""

    SYSTEM_DETERMINATE = 1
    SYSTEM_INDETERMINATE = 2
    SYSTEM_RETRYABLE = 3
    APPLICATION = 4
    SYSTEM_SUSPECT = 5

    @property
    def symbol(self) -> str:
        """BRM's own name, ``PIN_ERRCLASS_APPLICATION``."""
        return f"PIN_ERRCLASS_{self.name}"


class Errno(IntEnum):
    """What is wrong (``PIN_ERR_…``)."""

    NO_MEM = 1
    NO_MATCH = 2
    NOT_FOUND = 3
    BAD_ARG = 4
    BAD_TYPE = 9
    DUPLICATE = 10
    MISSING_ARG = 13
    BAD_POID_TYPE = 14
    BAD_SEARCH_ARG = 18
    UNKNOWN_POID = 23
    NAP_CONNECT_FAILED = 27
    WRONG_DATABASE = 31
    BAD_FIELD_NAME = 35
    BAD_OPCODE = 36
    TRANS_ALREADY_OPEN = 37
    TRANS_NOT_OPEN = 38
    FILE_IO = 41
    NONEXISTANT_ELEMENT = 42
    STORAGE = 43
    TRANS_LOST = 45
    BAD_VALUE = 46
    ACCT_CLOSED = 113
    DISC_AMT_AND_PERCENT = 123
    PURCHASE_FUTURE_DEAL = 180
    PURCHASE_EXPIRED_DEAL = 181
    NOTHING_TO_BILL = 187
    READ_ONLY_TXN = 197
    VALIDATION_FAILED = 198

    @property
    def symbol(self) -> str:
        """BRM's own name, ``PIN_ERR_NOT_FOUND``."""
        return f"PIN_ERR_{self.name}"


class ErrorBuffer(Exception):
    """An opcode's refusal; ``field`` is a name without ``PIN_FLD_``, ``text`` is for people, without personal data."""

    def __init__(
        self,
        errno: Errno,
        text: str,
        *,
        field: str | None = None,
        location: Location = Location.FM,
        class_: ErrorClass = ErrorClass.APPLICATION,
        reserved: int = 0,
    ) -> None:
        super().__init__(text)
        self.errno = errno
        self.text = text
        self.field = field
        self.location = location
        self.class_ = class_
        self.reserved = reserved

    def __str__(self) -> str:
        codes = (("location", self.location), ("class", self.class_), ("errno", self.errno))
        printed = " ".join(f"{name}=<{code.symbol}:{code.value}>" for name, code in codes)
        return f"{printed}{f' field=<{full_name(self.field)}>' if self.field else ''} {self.text}"


class Validation(IntEnum):
    """Why a customer field was not accepted: RESULT of a FIELD entry."""

    MISSING = 1
    MIN_LEN = 2
    MAX_LEN = 3
    TYPE = 4
    DUPE = 5
    INVALID = 6
    REJECT = 7
    MAX = 8
    MIN = 9
    FORMAT = 12


@dataclass(frozen=True, slots=True)
class FieldFailure:
    """A field a CUST opcode refused: its name (without ``PIN_FLD_``), the array element, why, and the bad value."""

    field: str
    result: Validation
    descr: str
    element_id: int = 0
    value: Value = None


def refusal(failures: Sequence[FieldFailure]) -> Flist:
    """Word ``{RESULT 0, FIELD[n]{FIELD_NAME, FIELD_NUM, ELEMENT_ID, RESULT, DESCR, VALUE}}`` for the output flist."""
    return {"RESULT": 0, "FIELD": Array({index: _entry(failure) for index, failure in enumerate(failures)})}


def _entry(failure: FieldFailure) -> Flist:
    return {
        "FIELD_NAME": full_name(failure.field),
        "FIELD_NUM": number_of(failure.field),
        "ELEMENT_ID": failure.element_id,
        "RESULT": int(failure.result),
        "DESCR": failure.descr,
        "VALUE": None if failure.value is None else str(failure.value),
    }
