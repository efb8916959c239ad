"""SOAP modules (SOAP 1.2 Part 1, 3.3): WS-Addressing, WS-Security … each understands some header blocks.

``ContractProtocol`` calls the steps of every module in the order of the site's list:

    received      the envelope is apart, mandatory blocks are understood, the operation is not known yet
    dispatched    the operation is known, nothing is validated yet
    validated     headers and body are valid, the handler has not run; may raise Accepted: answer 202 and run nothing
    blocks        header blocks for the answer, a fault's too
    sealed        the last look at the answer's bytes: signatures

The first three may raise Refused. A module is shared by all threads: what it learns about one request it keeps in
``exchange.notes`` under a key of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from soapkit.exchange import Exchange
from soapkit.faults import Fault


class Module:
    """Understands no header block and does nothing; override what is needed."""

    understands: frozenset[str] = frozenset()
    """Clark names of the header blocks that this module takes."""

    def received(self, exchange: Exchange) -> None:
        """Read the blocks; authenticate."""

    def dispatched(self, exchange: Exchange) -> None:
        """Check what depends on the operation; authorise."""

    def validated(self, exchange: Exchange) -> None:
        """Decide whether the handler runs now."""

    def blocks(self, exchange: Exchange, answer: etree._Element | Fault) -> Sequence[etree._Element]:  # noqa: ARG002 - for those who override
        """Return header blocks for ``answer``."""
        return ()

    def sealed(self, exchange: Exchange, envelope: bytes) -> bytes:  # noqa: ARG002 - for those who override
        """Return the envelope as it is to leave; nothing (``b""``) when nothing is to: that is answered 202."""
        return envelope
