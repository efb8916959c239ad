"""What the tests of the store say in one word."""

from __future__ import annotations

import pytest

from brm_sim.errors import Errno, ErrorBuffer, ErrorClass
from brm_sim.flist import Flist, Poid
from brm_sim.store import Store


class Clock:
    """Real time as the store sees it."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        """Give it."""
        return self.now


def account(store: Store, number: str = "A-1", trans_id: str | None = None) -> Poid:
    with store.session(trans_id) as session:
        return session.create("/account", {"ACCOUNT_NO": number, "STATUS": 10100})


def read(store: Store, poid: Poid, trans_id: str | None = None) -> Flist:
    with store.session(trans_id) as session:
        return session.read(poid)


def set_status(store: Store, poid: Poid, status: int, trans_id: str | None = None) -> Poid:
    with store.session(trans_id) as session:
        return session.update(poid, {"STATUS": status})


def numbers(store: Store, trans_id: str | None = None) -> list[object]:
    with store.session(trans_id) as session:
        return [found["ACCOUNT_NO"] for found in session.find("/account")]


def refused(errno: Errno, class_: ErrorClass | None = None) -> pytest.RaisesExc[ErrorBuffer]:
    return pytest.raises(ErrorBuffer, check=lambda e: e.errno is errno and class_ in (None, e.class_))
