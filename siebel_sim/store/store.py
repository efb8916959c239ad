"""The store: sessions that read or write, and what a test does to all records at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from siebel_sim.components import BusinessComponent, table_of
from siebel_sim.errors import BUSY, SiebelError
from siebel_sim.store import kept
from siebel_sim.store.changes import Listener
from siebel_sim.store.database import Database
from siebel_sim.store.outbound import Switches, outbox
from siebel_sim.store.session import Session
from siebel_sim.store.sessions import StoredSessions
from siebel_sim.store.tables import Tables
from siebel_sim.values import moment


class Store:
    """Business components in the database at ``url``. Nothing lives in memory: many processes may share one."""

    def __init__(self, url: str, business: Mapping[str, BusinessComponent]) -> None:
        self._business = business
        self._database = Database(url, Tables(business.values()))
        self.sessions = StoredSessions(self._database)
        self.outbox = outbox(self._database)
        self.switches = Switches(self._database)
        self._listeners: list[Listener] = []
        self._after: list[Callable[[], None]] = []

    def grow(self, business: Mapping[str, BusinessComponent]) -> None:
        """Go on with these business components; tables, columns and indexes that are missing are made."""
        if business is not self._business:
            self._database.grow(Tables(business.values()))
            self._business = business

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` of every transaction that changes records, inside of it, before it is committed."""
        self._listeners.append(listener)

    def after_commit(self, act: Callable[[], None]) -> None:
        """Have ``act`` called after every transaction of ``writing`` that was committed."""
        self._after.append(act)

    def business(self, name: str) -> BusinessComponent:
        """Find a business component by its name; KeyError when there is none."""
        return self._business[table_of(name)]

    @contextlib.contextmanager
    def reading(self, now: datetime) -> Iterator[Session]:
        """Read, all of it at one moment."""
        with _storage_errors(self._database), self._database.reading() as connection:
            yield Session(connection, self._database, self._business, moment(now))

    @contextlib.contextmanager
    def writing(self, now: datetime) -> Iterator[Session]:
        """Read and write in one transaction: committed at the end, rolled back when left by an exception."""
        with _storage_errors(self._database), self._database.writing() as connection:
            session = Session(connection, self._database, self._business, moment(now), [] if self._listeners else None)
            yield session
            session.tell(self._listeners)
        for act in self._after:
            act()

    def reset(self) -> None:
        """Forget all records, and what was to be told of them; snapshots stay."""
        with self._database.writing() as connection:
            kept.clear(connection, self._database.tables)
            self.outbox.clear(connection)
            self.switches.clear(connection)

    def snapshot(self, name: str) -> None:
        """Keep a copy of all records under ``name``, instead of an earlier one."""
        with self._database.writing() as connection:
            kept.take(connection, self._database.tables, name)

    def restore(self, name: str) -> None:
        """Go back to a snapshot; KeyError when there is none of that name. Row ids are never given again."""
        with self._database.writing() as connection:
            kept.restore(connection, self._database.tables, name)
            self.outbox.clear(connection)  # it tells of records as they are no more

    def snapshots(self) -> list[str]:
        """Name the snapshots."""
        with self._database.reading() as connection:
            return kept.names(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()


@contextlib.contextmanager
def _storage_errors(database: Database) -> Iterator[None]:
    """Word a database that is busy or away as Siebel does."""
    try:
        yield
    except database.busy as error:
        raise SiebelError(BUSY.said()) from error
