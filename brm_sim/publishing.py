"""Tells a gateway what has been committed: the words of BRMBusinessEvents, and where they go."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from brm_sim.flist import Poid
from brm_sim.store import Told
from simkit.outbox import Message, SoapDelivery
from soapkit.catalog import Contract, contracts_root, load
from soapkit.wss.credentials import Credentials

OPERATION = "publishBusinessEvents"
NAMESPACE = "http://xmlns.oracle.com/BRM/schemas/BusinessEvents"
_PREFIX = f"{{{NAMESPACE}}}"


@lru_cache(maxsize=1)
def contract() -> Contract:
    """Read the contract, once per process."""
    return load(contracts_root() / "wsdl" / "events" / "BRMBusinessEvents.wsdl")


@dataclass(frozen=True, slots=True)
class Words:
    """Words the events of ``system``; those of one account are told one after the other."""

    system: str

    def __call__(self, told: Told) -> Message:
        """Word one change, under an id of its own."""
        event_id = f"{told.poid.id}-{told.poid.rev}-{secrets.token_hex(6)}"
        said = {
            "EventId": event_id,
            "EventType": "CustomerUpdated" if told.poid.type == "/account" else "ServiceUpdated",
            "System": self.system,
            "ObjectPoid": str(told.poid),
            "AccountPoid": _without_revision(told.account),
            "ProgramName": told.program,
            "OccurredAt": f"{told.at:%Y-%m-%dT%H:%M:%SZ}",
        }
        call = etree.Element(f"{_PREFIX}{OPERATION}", nsmap={"evt": NAMESPACE})
        event = etree.SubElement(call, f"{_PREFIX}Event")
        for name, value in said.items():
            etree.SubElement(event, _PREFIX + name).text = value
        return Message(event_id, said["AccountPoid"], OPERATION, etree.tostring(call, encoding="unicode"))


def delivery(base: str, credentials: Credentials | None) -> SoapDelivery:
    """Deliver to the gateway at ``base``, which serves the contract as it serves all of its own."""
    address = f"{base.rstrip('/')}/services/{contract().name}"
    return SoapDelivery([contract()], lambda _: address, credentials=credentials)


def _without_revision(poid: Poid) -> str:
    return f"{poid.db} {poid.type} {poid.id}"
