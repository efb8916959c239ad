"""What differs between two contracts, and for whom: the vocabulary of the comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self


class Part(StrEnum):
    """Where in a conversation something stands; it decides who must be able to read what.

    Requests and their headers are written by the caller: what becomes narrower breaks it. Responses and faults are
    read by the caller: what becomes wider breaks it.
    """

    SERVICE = "service"
    REQUEST = "request"
    HEADER = "header"
    RESPONSE = "response"
    FAULT = "fault"

    @property
    def read_by_caller(self) -> bool:
        """Whether the caller reads it, and the service writes it."""
        return self in (Part.RESPONSE, Part.FAULT)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    ``rule`` is a stable name for programs (``element-added``), ``path`` the element path from the message's root,
    ``text`` says what changed in words, ``effect`` what that does to a caller. ``breaking`` is for a caller that was
    built from the old contract.
    """

    rule: str
    breaking: bool
    text: str
    effect: str = ""
    service: str = ""
    operation: str = ""
    part: Part = Part.SERVICE
    path: str = ""

    def at(self, service: str, operation: str, part: Part) -> Self:
        """Return the change with its place in the contract."""
        return replace(self, service=service, operation=operation, part=part)
