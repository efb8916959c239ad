"""Objects: values, revisions, merging."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brm_sim.flist import Array, Flist, Poid
from brm_sim.store import Store
from tests.brm_sim.store.play import account, numbers, read, set_status


def test_an_object_comes_back_as_it_was_stored(store: Store) -> None:
    fields: Flist = {
        "ACCOUNT_NO": "Ä-1 'x'",
        "CURRENCY": 826,
        "BAL_GRP_OBJ": Poid("0.0.0.1", "/balance_group", 7, 3),
        "LINEAGE": None,
        "NAMEINFO": Array({1: {"LAST_NAME": "Jones", "PHONES": Array({0: {"TYPE": 5}})}}),
        "O2C_FLD_COMMON_ID": "acct-1",
    }
    with store.session() as session:
        poid = session.create("/account", fields)
    found = read(store, poid)
    assert fields == {name: value for name, value in found.items() if name in fields}
    assert poid == found["POID"]


def test_decimals_keep_their_digits(store: Store) -> None:
    with store.session() as session:
        poid = session.create("/product", {"PURCHASE_FEE_AMT": Decimal("120.00")})
    assert str(read(store, poid)["PURCHASE_FEE_AMT"]) == "120.00"


def test_every_change_raises_the_revision(store: Store) -> None:
    poid = account(store)
    changed = set_status(store, poid, 10102)
    assert poid.rev + 1 == changed.rev
    assert changed == read(store, poid)["POID"]


def test_updates_merge_arrays_and_a_null_element_removes(store: Store) -> None:
    names = Array({1: {"LAST_NAME": "Jones", "CITY": "Leeds"}, 2: {"LAST_NAME": "Smith"}})
    with store.session() as session:
        poid = session.create("/account", {"NAMEINFO": names})
    with store.session() as session:
        session.update(poid, {"NAMEINFO": Array({1: {"CITY": "York"}, 2: {}})})
    assert read(store, poid)["NAMEINFO"] == {1: {"LAST_NAME": "Jones", "CITY": "York"}}


def test_a_call_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.session() as session:
            session.create("/account", {"ACCOUNT_NO": "A-1"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert numbers(store) == []
