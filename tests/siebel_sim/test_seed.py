"""Seed data: the same everywhere, nothing that the adapter would refuse, and never over what is there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from siebel_sim.cli.serving import UNUSABLE
from siebel_sim.contracts import contracts_in
from siebel_sim.repository import repository
from siebel_sim.seed import AlreadySeeded, Counts, NothingToSeed, seed, seed_when_empty
from siebel_sim.server import build
from siebel_sim.store import Change, Store
from soapkit.catalog import contracts_root
from tests.siebel_sim.conftest import ADDRESS, settings
from tests.siebel_sim.simulator import SAMPLES, Simulator

SHIPPED = contracts_root() / "wsdl" / "siebel"

OpenStore = Callable[[str], Store]


@pytest.fixture(scope="module")
def known() -> Any:
    """Give what the shipped contracts make."""
    return repository(contracts_in(SHIPPED))


@pytest.fixture
def opened(tmp_path: Path, known: Any) -> Iterator[OpenStore]:
    """Open stores by name; the same name is the same database."""
    stores: list[Store] = []

    def open_store(name: str) -> Store:
        stores.append(Store(f"sqlite:///{tmp_path / name}.sqlite", known.business))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def _contents(path: Path) -> dict[str, list[Any]]:
    """Read every table of business components, whole."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with closing(engine.raw_connection()) as raw:
        names = [name for (name,) in raw.execute("select name from sqlite_master where name like 'bc_%'")]
        found = {name: raw.execute(f"select * from {name} order by seq").fetchall() for name in names}
    engine.dispose()
    return found


def test_two_databases_get_the_same_records(opened: OpenStore, tmp_path: Path) -> None:
    for name in ("one", "other"):
        seed(opened(name), customers=45)
    assert _contents(tmp_path / "one.sqlite") == _contents(tmp_path / "other.sqlite")


def test_a_small_database_is_the_beginning_of_a_large_one(opened: OpenStore, tmp_path: Path) -> None:
    seed(opened("small"), customers=30)
    seed(opened("large"), customers=1100)
    small, large = (_contents(tmp_path / f"{name}.sqlite")["bc_account"] for name in ("small", "large"))
    numbers = [_account_number(row) for row in small]
    assert numbers == [_account_number(row) for row in large[:30]]
    assert len(large) == len({_account_number(row) for row in large}) == 1100


def _account_number(row: Any) -> str:
    return next(value for value in map(str, row) if value.startswith(("account-SC-", "account-TC-")))


def test_what_was_made_is_told_by_component(opened: OpenStore) -> None:
    told: list[tuple[int, int]] = []
    counts = seed(opened("told"), customers=1005, progress=lambda made, wanted: told.append((made, wanted)))
    assert counts.customers == counts.records["Account"] == 1005
    assert counts.records["CUT Address"] > 1500
    assert counts.records["Order Entry - Payments"] == counts.records["Order Entry - Orders"] > 800
    assert set(counts.records) == _COMPONENTS
    assert told == [(1002, 1005), (1005, 1005)]
    assert counts.rate > 0


_COMPONENTS = {
    "Account",
    "CUT Address",
    "Contact",
    "Com Invoice Profile",
    "Asset Mgmt - Asset",
    "Asset Mgmt - Asset XA",
    "Order Entry - Orders",
    "Order Entry - Line Items",
    "Order Entry - Line Item XA",
    "Order Entry - Payments",
    "Work Order",
    "Work Order Line Items",
    "Service Request",
    "Action",
}


def test_accounts_that_are_there_are_not_seeded_over(opened: OpenStore, tmp_path: Path) -> None:
    store = opened("once")
    seed(store, customers=5)
    before = _contents(tmp_path / "once.sqlite")
    with pytest.raises(AlreadySeeded):
        seed(store, customers=5)
    assert seed_when_empty(store, customers=5) is None
    assert before == _contents(tmp_path / "once.sqlite")


def test_more_customers_are_others_and_the_demo_s_are_there_once(opened: OpenStore, tmp_path: Path) -> None:
    store = opened("more")
    seed(store, customers=7)
    seed(store, customers=40, add=True)
    accounts = [_account_number(row) for row in _contents(tmp_path / "more.sqlite")["bc_account"]]
    assert list(set(Counter(accounts).values())) == [1]
    assert len(accounts) == 47
    assert sum(number.startswith("account-TC-") for number in accounts) == 2


def test_a_reset_database_is_seeded_again_with_the_demo_s_row_ids(opened: OpenStore) -> None:
    store = opened("again")
    for _ in range(2):
        seed(store, customers=2)
        with store.reading(datetime.now(UTC)) as session:
            assert session.by_row_id(session.business("Account"), "1-TC1") is not None
        store.reset()


def test_of_two_that_seed_at_once_one_does(opened: OpenStore) -> None:
    stores = [opened("shared"), opened("shared")]
    results: list[Counts | None] = []
    threads = [threading.Thread(target=lambda s=s: results.append(seed_when_empty(s, customers=25))) for s in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(result is None for result in results) == [False, True]


def test_nobody_is_told_of_seeds(opened: OpenStore) -> None:
    store, told = opened("quiet"), list[Change]()
    store.listen(lambda _session, changes: told.extend(changes))
    seed(store, customers=3)
    assert told == []


def test_contracts_that_hold_less_get_less(tmp_path: Path) -> None:
    """The sample contracts' accounts have fewer fields, and there is no asset among them."""
    app = build(settings(f"sqlite:///{tmp_path / 'less.sqlite'}"))
    with closing(app):
        siebel = Simulator(ADDRESS, app)
        made = siebel.did("POST", "/seed", {"customers": 4})
        assert made["Account"] == 4
        assert "Asset Mgmt - Asset" not in made
        assert len(siebel.call("CUTAccountQuery")) == 4
        status, refused = siebel.control("POST", "/seed", {"customers": 4})
        assert (status, "accounts already" in str(refused)) == (400, True)


def test_contracts_without_accounts_cannot_be_seeded(tmp_path: Path) -> None:
    """Neither by hand nor when a simulator starts, which says so in a line."""
    without = {name: each for name, each in repository(contracts_in(SAMPLES)).business.items() if name != "bc_account"}
    with (
        closing(Store(f"sqlite:///{tmp_path / 'none.sqlite'}", without)) as store,
        pytest.raises(NothingToSeed, match="no contract"),
    ):
        seed_when_empty(store, customers=4)
    assert issubclass(NothingToSeed, UNUSABLE)


def test_a_simulator_that_is_told_to_seed_has_customers_when_it_answers(database_url: str) -> None:
    for _ in range(2):  # started again, it leaves them as they are
        with closing(build(settings(database_url, seed=6))) as app:
            assert len(Simulator(ADDRESS, app).call("CUTAccountQuery")) == 6
