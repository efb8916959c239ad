"""What the doctor says: one finding for each thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is: ``failed`` means that calls do not work, ``warning`` that some caller will stumble."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is the rule or step; ``path`` and ``line`` say where in the message, 0 where there is no line.

    ``produced_by`` says which toolkit or habit usually causes it, ``change`` what to do about it.
    """

    check: str
    verdict: Verdict
    text: str
    path: str = ""
    line: int = 0
    produced_by: str = ""
    change: str = ""
