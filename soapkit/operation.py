"""What one operation of a contract is, whichever style its binding has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """How a binding makes a body of a message (WSDL 1.1, 3.3); the value is that of ``soap:binding/@style``."""

    DOCUMENT = "document"
    RPC = "rpc"


@dataclass(frozen=True, slots=True)
class Part:
    """One argument of an rpc/literal message: the name of its accessor, and its type in Clark notation."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; elements are in Clark notation. ``output`` is None for a one-way operation.

    In style rpc ``input`` and ``output`` are the wrappers, which no schema file declares, and ``parts`` and
    ``answer_parts`` what they hold, in order. In style document both are empty.
    """

    name: str
    soap_action: str
    input: str
    output: str | None
    headers: tuple[str, ...]
    faults: Mapping[str, str]
    style: Style = Style.DOCUMENT
    parts: tuple[Part, ...] = ()
    answer_parts: tuple[Part, ...] = ()
