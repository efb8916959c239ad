"""BRM's side: the same customers as accounts with a service, edited and read by opcodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brm_sim.flist import Array, Flist, Poid
from soapkit.faults import RemoteFault
from tests.brm_sim.brm import array, customer, poid, service
from tests.brm_sim.simulator import Simulator, buffer_of
from tests.crash.processes import until
from tests.sync.edits import Edit

CLERK = "csr"
_PLACES = {"EmailAddress": "EMAIL_ADDR", "StreetAddress": "ADDRESS", "City": "CITY", "PostalCode": "ZIP"}


@dataclass(frozen=True, slots=True)
class Record:
    """A customer's objects in BRM."""

    account: Poid
    service: Poid
    business: bool


@dataclass
class Billing:
    """BRM, and the customers it has."""

    brm: Simulator
    records: list[Record] = field(default_factory=list)

    def add(self, number: int, values: Mapping[str, str], *, business: bool) -> Record:
        """Make a customer."""
        wanted = customer(f"ACC-{number}")
        name = array(wanted, "NAMEINFO")[1]
        for place in values.keys() - {"SerialNumber"}:
            name |= _name(place, values[place], business=business)
        account = poid(self.brm.call("PCM_OP_CUST_COMMIT_CUSTOMER", wanted), "ACCOUNT_OBJ")
        phone = values["SerialNumber"]
        added = service(phone, None, ALIAS_LIST=Array({0: {"NAME": phone}}))
        flist: Flist = {"POID": account, "ACCOUNT_OBJ": account, "PROGRAM_NAME": CLERK, "SERVICES": Array({0: added})}
        made = array(self.brm.call("PCM_OP_CUST_MODIFY_CUSTOMER", flist), "SERVICES")[0]
        self.records.append(Record(account, poid(made, "SERVICE_OBJ"), business))
        return self.records[-1]

    def edit(self, edit: Edit) -> None:
        """Change a field, as a clerk does: again while somebody holds the account."""
        record = self.records[edit.record]
        flist: Flist = {"POID": record.account, "PROGRAM_NAME": CLERK}
        if edit.field == "SerialNumber":
            number = edit.value
            changed: Flist = {"POID": record.service, "LOGIN": number, "ALIAS_LIST": Array({0: {"NAME": number}})}
            flist["SERVICES"] = Array({0: changed})
            self._insist("PCM_OP_CUST_UPDATE_SERVICES", flist)
        else:
            flist["ACCOUNT_OBJ"] = record.account
            flist["NAMEINFO"] = Array({1: _name(edit.field, edit.value, business=record.business)})
            self._insist("PCM_OP_CUST_UPDATE_CUSTOMER", flist)

    def values(self, number: int) -> dict[str, str]:
        """Read the mapped fields of a customer."""
        account, owned = self._read(number)
        name, record = array(account, "NAMEINFO")[1], self.records[number]
        full = " ".join(str(name[part]) for part in ("FIRST_NAME", "LAST_NAME") if name.get(part))
        aliases = [alias["NAME"] for alias in array(owned, "ALIAS_LIST").values()]
        assert aliases == [owned["LOGIN"]]
        return {
            "Name": str(name["COMPANY"]) if record.business else full,
            "MainPhoneNumber": str(array(name, "PHONES")[0]["PHONE"]),
            **{field: str(name[place]) for field, place in _PLACES.items()},
            "SerialNumber": str(owned["LOGIN"]),
        }

    def writes(self, number: int) -> int:
        """Count the changes that a customer's objects have seen since they were made."""
        return sum(poid(each, "POID").rev for each in self._read(number))

    def _read(self, number: int) -> tuple[Flist, Flist]:
        record = self.records[number]
        account, owned = (self.brm.call("PCM_OP_READ_OBJ", {"POID": each}) for each in (record.account, record.service))
        return account, owned

    def _insist(self, opcode: str, flist: Flist) -> None:
        output = until(lambda: _tried(lambda: self.brm.call(opcode, flist)), f"nobody holds {flist['POID']}")
        assert output["RESULT"] == 1, output


def _tried(call: Callable[[], Flist]) -> Flist:
    try:
        return call()
    except RemoteFault as refused:
        if buffer_of(refused)["class"] != "PIN_ERRCLASS_SYSTEM_RETRYABLE":
            raise
        return {}


def _name(field: str, value: str, *, business: bool) -> Flist:
    if field == "MainPhoneNumber":
        return {"PHONES": Array({0: {"TYPE": 1, "PHONE": value}})}
    if field == "Name":
        return {"COMPANY": value} if business else {"FIRST_NAME": None, "LAST_NAME": value}
    return {_PLACES[field]: value}
