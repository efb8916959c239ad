"""Sessions of Siebel's header scheme, in the database: every worker knows every token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select

from siebel_sim.store.database import Database
from siebel_sim.store.tables import sessions
from soapkit.exchange import Caller
from soapkit.wss.siebel import Session

_FORGOTTEN_AFTER = timedelta(days=1)


class StoredSessions:
    """Implements ``soapkit.wss.siebel.Sessions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, token: str, session: Session) -> None:
        """Insert or replace; sessions long unused are forgotten."""
        row = {
            "token": token,
            "caller": session.caller.name,
            "how": session.caller.how,
            "began_at": session.began_at.timestamp(),
            "used_at": session.used_at.timestamp(),
            "followed": session.followed and session.followed.timestamp(),
        }
        with self._database.writing() as connection:
            oldest = (session.used_at - _FORGOTTEN_AFTER).timestamp()
            connection.execute(delete(sessions).where((sessions.c.token == token) | (sessions.c.used_at < oldest)))
            connection.execute(insert(sessions), row)

    def get(self, token: str) -> Session | None:
        """Return a session."""
        with self._database.reading() as connection:
            row = connection.execute(select(sessions).where(sessions.c.token == token)).mappings().first()
        if row is None:
            return None
        caller = Caller(row["caller"], row["how"])
        followed = None if row["followed"] is None else _moment(row["followed"])
        return Session(caller, _moment(row["began_at"]), _moment(row["used_at"]), followed)

    def end(self, token: str) -> bool:
        """Delete a session."""
        with self._database.writing() as connection:
            return connection.execute(delete(sessions).where(sessions.c.token == token)).rowcount > 0


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
