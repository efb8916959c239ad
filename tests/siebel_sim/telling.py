"""A simulator that tells a listening system what changes, and short ways to write records of the CUT objects."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from siebel_sim.server import build
from soapkit.catalog import Contract, contracts_root
from soapkit.module import Module
from tests.doubles.listening import CONTRACTS, SECONDS, Listening, Told, listening
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import Simulator

INSTALLED = contracts_root() / "wsdl" / "siebel"
QUICKLY = {"send_first_wait": 0.05, "send_most_wait": 0.2}
PHONE, PROFILE, ACCOUNT = "CUTSendPhoneNumberData", "CUTSendServiceProfileData", "CUTSendAccountData"
ORDER = "CUTSendSalesOrderData"


@dataclass(frozen=True, slots=True)
class Telling:
    """A simulator (in this process), and who hears it."""

    siebel: Simulator
    ear: Listening

    def write(self, io: str, *records: dict[str, Any], method: str = "Upsert") -> list[Any]:
        """Write records of ``CUT Sample <io> IO`` in one transaction, through the control API; their row ids."""
        seed = {"integration_object": f"CUT Sample {io} IO", "method": method, "records": list(records)}
        (written,) = self.siebel.did("POST", "/seed", [seed])
        return list(written)

    def change(self, record: str, row_id: str, **fields: str) -> Any:
        """Change a record through the control API."""
        return self.siebel.did("POST", "/change", {"record": record, "id": row_id, "set": fields})

    def outbox(self) -> list[dict[str, Any]]:
        """Give the rows of the outbox."""
        return list(self.siebel.did("GET", "/outbox?limit=1000")["entries"])

    def settled(self) -> list[Told]:
        """Wait until everything was delivered; what was told since the last time."""
        pause = threading.Event()
        for _ in range(int(SECONDS / 0.02)):
            if not self.siebel.did("GET", "/outbox")["counts"]["waiting"]:
                break
            pause.wait(0.02)
        assert not self.siebel.did("GET", "/outbox")["counts"]["waiting"]
        with self.ear.heard:
            told = list(self.ear.told)
            self.ear.told.clear()
        return told

    def told(self) -> list[tuple[str, str]]:
        """Wait until everything was delivered; operations and row ids of what was told."""
        return [(each.operation, each.row_id) for each in self.settled()]

    def afresh(self) -> None:
        """Empty both."""
        self.settled()
        self.siebel.did("POST", "/reset")


@contextmanager
def telling(
    url: str, *, modules: Sequence[Module] = (), hears: Sequence[Contract] = CONTRACTS, **changes: Any
) -> Iterator[Telling]:
    """Run a simulator over the installed contracts on the database at ``url``, and a system that hears it."""
    with ExitStack() as stack:
        ear, address = stack.enter_context(listening(modules=modules, contracts=hears))
        given = settings(url, contracts=INSTALLED, send_to=address, **QUICKLY | changes)
        app = stack.enter_context(closing(build(given)))
        yield Telling(Simulator(ADDRESS, app, INSTALLED), ear)


def account(key: str = "A1", **fields: Any) -> dict[str, Any]:
    """Give an account; ``key`` is its integration id."""
    return {"IntegrationId": key, "Name": f"Ada {key}", **fields}


def address(key: str, **fields: Any) -> dict[str, Any]:
    """Give an address; ``key`` is its integration id."""
    return {"IntegrationId": key, "AddressName": key, "StreetAddress": "1 High St", "City": "York", **fields}


def asset(key: str, owner: str = "", **fields: Any) -> dict[str, Any]:
    """Give an asset of the account with the row id ``owner``."""
    return {"IntegrationId": key, "AssetNumber": key, "SerialNumber": f"+44 {key}", "OwnerAccountId": owner, **fields}
