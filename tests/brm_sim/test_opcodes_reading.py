"""READ_OBJ, READ_FLDS and TEST_LOOPBACK."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from brm_sim.errors import Errno, ErrorClass
from brm_sim.flist import ANY_ELEMENT, Array, Flist, Poid
from brm_sim.store import Store
from tests.brm_sim.brm import NOW, Brm, Customer, refused

LOCK = 0x20000


@pytest.fixture
def brm(tmp_path: Path) -> Iterator[Brm]:
    store = Store(f"sqlite:///{tmp_path / 'brm.db'}", lock_wait=timedelta(milliseconds=20))
    yield Brm(store)
    store.close()


@pytest.fixture
def made(brm: Brm) -> Customer:
    return brm.customer()


def test_read_obj_gives_the_whole_object(brm: Brm, made: Customer) -> None:
    found = brm.call("READ_OBJ", {"POID": made.account.at(55)})
    assert found == brm.read(made.account)
    assert (found["POID"], found["CREATED_T"], found["MOD_T"]) == (made.account, NOW, NOW)


def test_read_flds_gives_the_fields_named_null_where_there_is_none(brm: Brm, made: Customer) -> None:
    wanted: Flist = {
        "POID": made.account,
        "ACCOUNT_NO": None,
        "CLOSE_WHEN_T": None,
        "CREATED_T": None,
        "O2C_FLD_COMMON_ID": None,
        "NAMEINFO": Array({ANY_ELEMENT: {"LAST_NAME": None}}),
    }
    assert brm.call("READ_FLDS", wanted) == wanted | {
        "ACCOUNT_NO": "ACC-1",
        "CREATED_T": NOW,
        "NAMEINFO": {1: {"LAST_NAME": "Jones"}},
    }


def test_a_field_the_class_does_not_have_is_named(brm: Brm, made: Customer) -> None:
    with refused(Errno.BAD_FIELD_NAME, "LOGIN"):
        brm.call("READ_FLDS", {"POID": made.account, "LOGIN": None})


@pytest.mark.parametrize("opcode", ["READ_OBJ", "READ_FLDS"])
def test_what_is_not_there_is_not_found(brm: Brm, opcode: str, made: Customer) -> None:
    for poid in (Poid("0.0.0.1", "/account", 99, 0), Poid("0.0.0.1", "/billinfo", made.account.id, 0)):
        with refused(Errno.NOT_FOUND, "POID"):
            brm.call(opcode, {"POID": poid})


@pytest.mark.parametrize("opcode", ["READ_OBJ", "READ_FLDS"])
def test_the_flag_locks_until_the_transaction_ends(brm: Brm, made: Customer, opcode: str) -> None:
    for trans_id in ("t1", "t2"):
        brm.store.open(trans_id)
    brm.call(opcode, {"POID": made.account}, trans_id="t1", flags=LOCK)
    brm.call(opcode, {"POID": made.account}, trans_id="t2")
    with refused(Errno.STORAGE, "POID") as caught:
        brm.call(opcode, {"POID": made.account}, trans_id="t2", flags=LOCK)
    assert caught.value.class_ is ErrorClass.SYSTEM_RETRYABLE
    brm.store.prepare("t1")
    brm.call(opcode, {"POID": made.account}, trans_id="t2", flags=LOCK)


def test_a_lock_outside_a_transaction_is_refused(brm: Brm, made: Customer) -> None:
    with refused(Errno.TRANS_NOT_OPEN):
        brm.call("READ_OBJ", {"POID": made.account}, flags=LOCK)


def test_loopback_gives_back_what_it_got(brm: Brm, made: Customer) -> None:
    flist: Flist = {"POID": made.account, "NAMEINFO": Array({3: {"LAST_NAME": "x"}})}
    assert brm.call("TEST_LOOPBACK", flist) == flist
