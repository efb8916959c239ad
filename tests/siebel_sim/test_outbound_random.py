"""Whatever is changed, and however often a receiver refuses: the last message of a record is the record as it is."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from tests.doubles.listening import Told
from tests.siebel_sim.simulator import records
from tests.siebel_sim.telling import ACCOUNT, PHONE, PROFILE, Telling, account, address, asset, telling

QUERIES = {
    ACCOUNT: "CUTSampleAccountQueryById",
    PROFILE: "CUTSampleServiceProfileQueryById",
    PHONE: "CUTSampleAssetQueryById",
}
STEPS = 60


class Edits:
    """Edits of a few accounts and assets, by dice."""

    def __init__(self, site: Telling, dice: random.Random) -> None:
        self.site = site
        self.dice = dice
        self.owners: list[str] = []
        self.assets: list[str] = []

    def account(self) -> None:
        """Write one of three accounts, with some of its addresses; those that are left out stay or go."""
        key = self.dice.choice(["A1", "A2", "A3"])
        homes = [address(f"{key}-{n}", City=self.dice.choice(["York", "Hull"])) for n in self._some(3)]
        method = self.dice.choice(["Upsert", "Synchronize"])
        phone = f"+44 {self.dice.randrange(5)}"
        (made,) = self.site.write("Account", account(key, MainPhoneNumber=phone, CutAddress=homes), method=method)
        self._note(self.owners, made["Id"])

    def asset(self) -> None:
        """Write one of four assets: it may change hands."""
        key = f"P{self.dice.randrange(4)}"
        traits = [{"Name": f"X{n}", "Value": str(self.dice.randrange(3))} for n in self._some(2)]
        given = asset(key, self.dice.choice(["", *self.owners]), SerialNumber=f"+44 {self.dice.randrange(5)}")
        (made,) = self.site.write("Asset", {**given, "AssetMgmt-AssetXA": traits})
        self._note(self.assets, made["Id"])

    def rename(self) -> None:
        """Change an account's name as a user does."""
        if self.owners:
            self.site.change("account", self.dice.choice(self.owners), Name=f"Ada {self.dice.randrange(3)}")

    def remove(self) -> None:
        """Delete an asset."""
        if self.assets:
            gone = self.assets.pop(self.dice.randrange(len(self.assets)))
            self.site.siebel.call("CUTSampleAssetDelete", {"Id": gone})

    def refuse(self) -> None:
        """Have the receiver refuse the next two calls."""
        self.site.ear.refusals = 2

    def _some(self, most: int) -> list[int]:
        return sorted(self.dice.sample(range(most), self.dice.randrange(most + 1)))

    @staticmethod
    def _note(known: list[str], row_id: str) -> None:
        if row_id not in known:
            known.append(row_id)


@pytest.mark.parametrize("seed", [4, 16])
def test_the_last_message_of_every_record_is_the_record_as_it_is(database_url: str, seed: int) -> None:
    with telling(database_url, send_tries=50) as site:
        edits = Edits(site, random.Random(seed))  # noqa: S311 - a test's dice
        kinds: list[Callable[[], None]] = [edits.account, edits.asset, edits.asset, edits.rename, edits.remove]
        for step in range(STEPS):
            edits.dice.choice(kinds)()
            if step % 10 == 0:
                edits.refuse()
        told = site.settled()
        last = {(each.operation, each.row_id): each for each in told}
        assert len(told) == len(site.outbox())  # no message is told twice: nothing was killed
        for operation, row_id in [*((ACCOUNT, row_id) for row_id in edits.owners), *asset_rows(edits)]:
            (now,) = site.siebel.call(QUERIES[operation], PrimaryRowId=row_id)
            assert shown(read(last[operation, row_id])) == shown(now)
        assert_in_order(told)


def asset_rows(edits: Edits) -> list[tuple[str, str]]:
    phones = [(PHONE, row_id) for row_id in edits.assets]
    return phones + [(PROFILE, row_id) for row_id in edits.owners]


def assert_in_order(told: list[Told]) -> None:
    """Hold the modification numbers of every record against going back."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in told:
        seen[each.operation, each.row_id].append(int(each.text("ModId") or 0))
    assert all(numbers == sorted(numbers) for numbers in seen.values())


def read(told: Told) -> Any:
    body = etree.Element("body")
    etree.SubElement(body, "ListOf").append(told.record)
    return records(body)[0]


def shown(record: Any) -> Any:
    """Leave out what changes with every write of a record, whether or not the object shows the field."""
    if isinstance(record, list):
        return [shown(each) for each in record]
    if isinstance(record, dict):
        return {name: shown(each) for name, each in record.items() if name not in ("ModId", "Updated")}
    return record
