"""The database as the ports see it: units of work that roll back unless committed, errors in the gateway's words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.errors import Conflict, InDoubt, Unavailable
from gateway.store.decision_store import DecisionStore
from gateway.store.engine import insert_if_absent, open_engine, writing
from gateway.store.fallout_store import FalloutStore
from gateway.store.ledger_store import LineStore, RequestStore
from gateway.store.migrate import is_current, migrate
from gateway.store.proof_store import GuessStore, ReplayStore
from gateway.store.queue_store import QueueStore
from gateway.store.reply_store import ReplyTableStore
from gateway.store.story_store import StoryStore
from gateway.store.sync_store import SyncTableStore
from gateway.store.tables import gateway
from gateway.store.user_store import UserStore
from gateway.store.xref_store import XrefTableStore


class UnitOfWork:
    """One transaction, and the stores that speak in it (port ``Work``)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.messages = QueueStore(connection)
        self.decisions = DecisionStore(connection)
        self.requests = RequestStore(connection)
        self.lines = LineStore(connection)
        self.xref = XrefTableStore(connection)
        self.stories = StoryStore(connection)
        self.fallout = FalloutStore(connection)
        self.replies = ReplyTableStore(connection)
        self.users = UserStore(connection)
        self.replays = ReplayStore(connection)
        self.guesses = GuessStore(connection)
        self.synced = SyncTableStore(connection)

    def commit(self) -> None:
        """Commit. Whatever goes wrong *here* leaves open whether it happened: InDoubt, never a plain failure."""
        try:
            self._connection.commit()
        except DBAPIError as error:
            raise InDoubt("the outcome of a commit in the gateway's database is not known", code=_CODE) from error


_CODE = "O2C_DATABASE"


class SqlDatabase:
    """The gateway's database (port ``Database``); makes or upgrades its tables when opened.

    ``url``: ``sqlite:////path/to/file`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self._engine: Engine = open_engine(url)
        self._writing = writing(self._engine)
        try:
            with _worded():
                migrate(self._engine)
        except Unavailable:
            self.close()
            raise

    @cached_property
    def gateway_id(self) -> str:
        """Return the id this database gives its gateway; made at first use, for ever."""
        mine = {"only": 1, "id": secrets.token_hex(8), "made_at": datetime.now(UTC)}
        with _worded(), self._writing.begin() as connection:
            insert_if_absent(connection, gateway, mine)
            return str(connection.execute(select(gateway.c.id)).scalar_one())

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Open a unit of work that writes; leaving it without ``commit`` rolls back."""
        with _worded(), self._writing.connect() as connection:
            yield UnitOfWork(connection)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Open a unit of work that only reads, and waits for nobody."""
        with _worded(), self._engine.connect() as connection:
            yield UnitOfWork(connection)

    def is_current(self) -> bool:
        """Tell whether the tables are those of this version. Raises Unavailable when nothing can be read."""
        with _worded():
            return is_current(self._engine)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


@contextmanager
def _worded() -> Iterator[None]:
    """Say a driver's exception in the gateway's words; what it does not know passes as it is."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict("a unique key of the gateway's database is taken") from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise Unavailable("the gateway's database cannot be used", code=_CODE) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its kinds are faults of the program
            raise
        raise Unavailable("what the gateway's database URL names is no database", code=_CODE) from error
