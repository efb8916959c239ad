"""The accounts that are asked for: a seeded Siebel of so many, and requests for some hundred of them, all over it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from bench.figures import Tell
from siebel_sim.components import column_of
from siebel_sim.contracts import contracts_in
from siebel_sim.repository import repository
from siebel_sim.seed import seed
from siebel_sim.seed.customers import CYCLE, number_of
from siebel_sim.store import Session, Store
from soapkit.catalog import contracts_root
from soapkit.envelope import wrap

_CUT = "{http://siebel.com/CustomUI}"
_GROUPS = 20
"""Runs of customers that follow one another, in each of which is the whole mix."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """A database of ``count`` accounts, and a directory of requests: one a file, named by row id."""

    count: int
    url: str
    requests: Path

    @property
    def row_ids(self) -> list[str]:
        """The accounts that are asked for."""
        return [each.stem for each in sorted(self.requests.iterdir())]


def seeded(directory: Path, count: int, tell: Tell) -> Accounts:
    """Seed a database in ``directory``."""
    url = f"sqlite:///{directory / f'{count}.sqlite'}"
    made = Accounts(count, url, directory / f"requests-{count}")
    with closing(Store(url, repository(contracts_in(contracts_root() / "wsdl" / "siebel")).business)) as store:
        counts = seed(store, customers=count)
        records = sum(counts.records.values())
        tell(f"{count:,} accounts seeded, {records:,} records, {counts.rate:,.0f} accounts a second")
        with store.reading(datetime.now(UTC)) as session:
            _write_requests(made.requests, _row_ids(session, count))
    return made


def _row_ids(session: Session, count: int) -> list[str]:
    """Find a mix of accounts, spread over all that there are."""
    apart = max(count // CYCLE // _GROUPS, 1) * CYCLE
    ordinals = [start + place for start in range(0, count - CYCLE, apart) for place in range(CYCLE)]
    account, column = session.business("Account"), column_of("Integration Id")
    rows = [session.by_columns(account, {column: f"account-{number_of(each)}"}) for each in ordinals]
    return [str(row["row_id"]) for found in rows for row in found]


def _write_requests(directory: Path, row_ids: Sequence[str]) -> None:
    directory.mkdir()
    for row_id in row_ids:
        asked = etree.Element(f"{_CUT}CUTGetAccountData_Input", nsmap={"cut": _CUT[1:-1]})
        etree.SubElement(asked, f"{_CUT}Object_spcId").text = row_id
        (directory / f"{row_id}.xml").write_bytes(wrap(asked))


def save_as_objects(answers: Mapping[str, etree._Element], file: Path) -> None:
    """Write accounts as node-soap wants them, by row id: plain objects, lists where there are several."""
    accounts = {row_id: _object(answer.find(".//{*}Account")) for row_id, answer in answers.items()}
    file.write_text(json.dumps(accounts), encoding="utf-8")


def _object(element: etree._Element | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in () if element is None else element:
        name = etree.QName(each).localname
        value = _object(each) if len(each) else each.text or ""
        found[name] = [*found[name], value] if name in found else [value] if len(each) else value
    if element is not None and element.attrib:
        found["attributes"] = dict(element.attrib)
    return found
