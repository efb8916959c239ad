"""What listeners are told of a transaction, inside of it; and many records at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

import pytest

from siebel_sim.adapter import METHODS, Arguments
from siebel_sim.messages import Instance
from siebel_sim.repository import Repository, repository
from siebel_sim.store import Change, Session, Store
from soapkit.catalog import load
from tests.siebel_sim.simulator import SAMPLES

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def known() -> Repository:
    return repository([load(SAMPLES / "CUTAccount.wsdl")])


@pytest.fixture
def store(database_url: str, known: Repository) -> Iterator[Store]:
    with closing(Store(database_url, known.business)) as store:
        yield store


def wrote(
    store: Store, known: Repository, method: str, values: dict[str, str], **children: list[dict[str, str]]
) -> str:
    (objects,) = known.objects.values()
    root = next(iter(objects.values())).root
    below = {child.tag: child for child in root.children.values()}
    inside = {tag: tuple(Instance(below[tag], each, {}) for each in given) for tag, given in children.items()}
    with store.writing(NOW) as session:
        answer = METHODS[method].run(session, Arguments(root, (Instance(root, values, inside),), {}))
    return answer.records[0].row_id


ADA = {
    "Name": "Ada Ltd",
    "Type": "Customer",
    "CurrencyCode": "GBP",
    "AccountTypeCode": "Business",
    "IntegrationId": "A",
}
HOME = {"AddressName": "Home", "StreetAddress": "1 High St", "City": "York", "IntegrationId": "X"}


def test_listeners_are_told_what_a_transaction_did_to_each_record(store: Store, known: Repository) -> None:
    told: list[tuple[str, str, frozenset[str], str | None]] = []

    def listen(_session: Session, changes: Sequence[Change]) -> None:
        told.extend((each.business.name, each.did.value, each.fields, each.parent) for each in changes)

    store.listen(listen)
    row_id = wrote(store, known, "Upsert", ADA, CutAddress=[HOME])
    assert [each[:2] for each in told] == [("Account", "insert"), ("CUT Address", "insert")]
    assert told[1][3] == row_id
    told.clear()
    wrote(store, known, "Synchronize", ADA | {"Location": "York"}, CutAddress=[])
    assert told == [
        ("Account", "update", frozenset({"Location"}), None),
        ("CUT Address", "delete", frozenset(), row_id),
    ]
    told.clear()
    wrote(store, known, "Upsert", ADA)
    assert told == []


def test_a_listener_that_fails_takes_the_change_back(store: Store, known: Repository) -> None:
    def refuse(_session: Session, _changes: Sequence[Change]) -> None:
        raise LookupError("no")

    store.listen(refuse)
    with pytest.raises(LookupError):
        wrote(store, known, "Insert", ADA)
    with store.reading(NOW) as session:
        assert session.by_columns(store.business("Account"), {}) == []


def test_many_records_are_made_at_once_without_events(store: Store) -> None:
    account = store.business("Account")
    told: list[Change] = []
    store.listen(lambda _session, changes: told.extend(changes))
    with store.writing(NOW) as session:
        row_ids = session.row_ids(3)
        session.insert_many(account, [{"row_id": each, "f_name": f"N {each}"} for each in row_ids])
    with store.reading(NOW) as session:
        assert [row["f_name"] for row in session.by_columns(account, {})] == [f"N {each}" for each in row_ids]
    assert told == []
