"""What the CUT workflows need of Siebel; ``adapters.siebel`` implements it over Siebel's own web services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.transforms.reading import Element
from soapkit.catalog import Contract


@dataclass(frozen=True, slots=True)
class SiebelService:
    """One of Siebel's inbound web services over an integration object.

    ``prefix`` begins its operations' names (``CUTSampleAccount`` of ``CUTSampleAccountQueryById``); ``list_element`` is
    the Clark name of the list of its integration object.
    """

    contract: Contract
    prefix: str
    list_element: str


@dataclass(frozen=True, slots=True)
class Page:
    """What ``query_page`` found: the list element, detached, and whether nothing lies behind it."""

    list: Element
    last_page: bool


class Siebel(Protocol):
    """A Siebel, reached over its web services.

    Every method raises SiebelRefused for Siebel's own fault, Unavailable when it cannot be reached or asked to try
    again, Disconnected when it gave no answer. Nothing is tried again here. Lists are detached from their envelopes.
    """

    def query_by_id(self, service: SiebelService, row_id: str) -> Element:
        """Return the list with the record of a row id; an empty list when there is none."""

    def query_page(self, service: SiebelService, *, search: str, sort: str, size: int | None, start: int) -> Page:
        """Return a page of what a search specification finds, sorted; ``size`` None = Siebel's own, ``start`` from 0.

        Empty ``search`` or ``sort`` = none.
        """

    def query_by_example(self, service: SiebelService, example: Element) -> Element:
        """Return the list of what looks like the records of ``example`` (a list element, not changed)."""

    def upsert(self, service: SiebelService, message: Element, *, status: bool = True) -> Element:
        """Insert or update the records of a list element (not changed) and what is in them, in one transaction.

        Return the list of what was written: its status keys, or with ``status`` False whole components.
        """
