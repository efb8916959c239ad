"""The accounts that are asked for: a seeded Siebel of so many, and requests for some of them, spread all over it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
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
_MOST = 50
"""Accounts of a kind that are asked for."""


class Kind(Enum):
    """A kind of account, by its place in the mix that seeded customers come in."""

    HEAD_OFFICE = 13
    HOUSEHOLD = 0


@dataclass(frozen=True, slots=True)
class Accounts:
    """A database of ``count`` accounts; for each kind a directory of requests: one a file, named by row id."""

    count: int
    url: str
    directory: Path

    def requests(self, kind: Kind) -> Path:
        """Return the directory of a kind."""
        return self.directory / kind.name.lower()


def seeded(directory: Path, count: int, tell: Tell) -> Accounts:
    """Seed a database in ``directory``."""
    url = f"sqlite:///{directory / f'{count}.sqlite'}"
    made = Accounts(count, url, directory / f"requests-{count}")
    made.directory.mkdir()
    with closing(Store(url, repository(contracts_in(contracts_root() / "wsdl" / "siebel")).business)) as store:
        counts = seed(store, customers=count)
        records = sum(counts.records.values())
        tell(f"{count:,} accounts seeded, {records:,} records, {counts.rate:,.0f} accounts a second")
        with store.reading(datetime.now(UTC)) as session:
            for kind in Kind:
                _write_requests(made.requests(kind), _row_ids(session, count, kind))
    return made


def _row_ids(session: Session, count: int, kind: Kind) -> list[str]:
    """Find accounts of a kind, spread over all that there are."""
    apart = max(count // CYCLE // _MOST, 1) * CYCLE
    ordinals = range(kind.value, count - CYCLE, apart)
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
