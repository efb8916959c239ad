"""A database whose connection breaks when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import InDoubt, Unavailable
from gateway.messaging.ports import Database, Work


@dataclass(slots=True)
class BreakingDatabase:
    """The inner database, until ``break_at`` comes up: then the next commit is lost, before or after it happened.

    It is a barrier as well: ``break_at`` names a point. ``away`` is how many units of work then fail to open.
    """

    inner: Database
    break_at: str = ""
    after: bool = False
    away: int = 0
    armed: bool = False
    lost: bool = field(default=False)

    def reached(self, point: str) -> None:
        self.armed = self.armed or (point == self.break_at and not self.lost)

    @property
    def gateway_id(self) -> str:
        return self.inner.gateway_id

    @contextmanager
    def begin(self) -> Iterator[Work]:
        self._open()
        with self.inner.begin() as work:
            yield Breaking(work, self)

    @contextmanager
    def read(self) -> Iterator[Work]:
        self._open()
        with self.inner.read() as work:
            yield work

    def _open(self) -> None:
        if self.lost and self.away:
            self.away -= 1
            raise Unavailable("the gateway's database cannot be used")


@dataclass(slots=True)
class Breaking:
    """A unit of work whose commit may be lost."""

    inner: Work
    database: BreakingDatabase

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def commit(self) -> None:
        if not self.database.armed:
            self.inner.commit()
            return
        self.database.armed = False
        self.database.lost = True
        if self.database.after:
            self.inner.commit()
        raise InDoubt("connection lost")
