"""The events that tell what was changed of a customer: /event/customer/*, without balance impacts."""

from __future__ import annotations

from dataclasses import dataclass

from brm_sim.call import Call
from brm_sim.flist import Flist, Poid
from brm_sim.opcodes import given
from brm_sim.opcodes.accounts import identity

_NAME = "Customer Mgmt. Event Log"


@dataclass(frozen=True, slots=True)
class CustomerEvents:
    """Writes the events of one call; PROGRAM_NAME and DESCR are those of its input flist."""

    call: Call
    account: Poid
    flist: Flist

    def record(self, kind: str, service: Poid | None = None) -> None:
        """Store an ``/event/customer/<kind>``."""
        event: Flist = {
            "ACCOUNT_OBJ": identity(self.account),
            "SERVICE_OBJ": service and identity(service),
            "PROGRAM_NAME": given.text(self.flist, "PROGRAM_NAME"),
            "NAME": _NAME,
            "DESCR": given.text(self.flist, "DESCR") or None,
            "START_T": self.call.now,
            "END_T": self.call.now,
        }
        self.call.session.create(f"/event/customer/{kind}", event)


def same(before: Flist, after: Flist) -> bool:
    """Whether two flists say the same; what is null or empty says nothing."""
    return _told(before) == _told(after)


def _told(flist: Flist) -> dict[object, object]:
    told = {name: _told(value) if isinstance(value, dict) else value for name, value in flist.items()}  # type: ignore[arg-type] # the elements of an array are told alike
    return {name: value for name, value in told.items() if value not in (None, "", {})}
