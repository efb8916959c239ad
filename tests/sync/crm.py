"""Siebel's side: accounts with their primary address and a phone number, edited and read by its own services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.siebel_sim.simulator import Simulator
from tests.sync.edits import Edit, value_of

OF_ACCOUNT = ("Name", "EmailAddress", "MainPhoneNumber")
OF_ADDRESS = ("StreetAddress", "City", "PostalCode")
OF_ASSET = ("SerialNumber",)
FIELDS = (*OF_ACCOUNT, *OF_ADDRESS, *OF_ASSET)


@dataclass(frozen=True, slots=True)
class Record:
    """A customer's rows in Siebel."""

    account: str
    address: str
    asset: str


@dataclass
class Crm:
    """Siebel, and the customers it has."""

    siebel: Simulator
    records: list[Record] = field(default_factory=list)
    made: list[int] = field(default_factory=list)

    def add(self, number: int, values: Mapping[str, str], *, business: bool) -> Record:
        """Make a customer."""
        address = {"AddressName": f"Home {number}", "Country": "GB", **_of(values, OF_ADDRESS), "@IsPrimaryMVG": "Y"}
        account = {"AccountNumber": f"ACC-{number}", "Type": "Business" if business else "Residential"}
        wanted = {**account, **_of(values, OF_ACCOUNT), "CutAddress": [address]}
        (made,) = self.siebel.call("CUTSampleAccountInsertOrUpdate", wanted)
        asset = {"AssetNumber": f"AST-{number}", "Name": "Phone", "OwnerAccountId": made["Id"], **_of(values, OF_ASSET)}
        (phone,) = self.siebel.call("CUTSampleAssetInsertOrUpdate", asset)
        record = Record(made["Id"], made["CutAddress"][0]["RowId"], phone["Id"])
        self.records.append(record)
        self.made.append(self._changes(len(self.records) - 1))
        return record

    def edit(self, edit: Edit) -> None:
        """Change a field, as a clerk does: nothing else of the record is said."""
        record = self.records[edit.record]
        change = {edit.field: edit.value}
        if edit.field in OF_ASSET:
            self.siebel.call("CUTSampleAssetInsertOrUpdate", {"Id": record.asset, **change})
        elif edit.field in OF_ADDRESS:
            change = {"Id": record.account, "CutAddress": [{"RowId": record.address, **change}]}  # type: ignore[dict-item] # a tree
            self.siebel.call("CUTSampleAccountInsertOrUpdate", change)
        else:
            self.siebel.call("CUTSampleAccountInsertOrUpdate", {"Id": record.account, **change})

    def values(self, number: int) -> dict[str, str]:
        """Read the mapped fields of a customer."""
        account, address, asset = self._read(number)
        return {**_of(account, OF_ACCOUNT), **_of(address, OF_ADDRESS), **_of(asset, OF_ASSET)}

    def writes(self, number: int) -> int:
        """Count the changes that a customer's rows have seen since they were made."""
        return self._changes(number) - self.made[number]

    def _changes(self, number: int) -> int:
        return sum(int(each["ModId"]) for each in self._read(number))

    def _read(self, number: int) -> tuple[Any, Any, Any]:
        record = self.records[number]
        (account,) = self.siebel.call("CUTSampleAccountQueryById", PrimaryRowId=record.account)
        (asset,) = self.siebel.call("CUTSampleAssetQueryById", PrimaryRowId=record.asset)
        (address,) = [each for each in account["CutAddress"] if each["RowId"] == record.address]
        return account, address, asset


def first_values(number: int) -> dict[str, str]:
    """Give what a customer begins with."""
    return {name: value_of(name, f"0of{number}") for name in FIELDS}


def _of(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values.get(name, "") for name in names}
