"""Tokens seen and guesses at passwords (ports ``ReplayRecords`` and ``GuessRecords``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Insert, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.engine import insert_if_absent
from gateway.store.security_tables import guess, replay
from soapkit.wss.ports import Ladder

_G = guess.c


class ReplayStore:
    """Tokens seen, within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: str, until: datetime) -> bool:
        """Insert; of two workers that see one token, one inserts it."""
        return insert_if_absent(self._connection, replay, {"token": token, "expires_at": until})

    def prune(self, now: datetime) -> int:
        """Delete what is over."""
        self._connection.execute(delete(replay).where(replay.c.expires_at < now))
        return int(self._connection.execute(select(func.count()).select_from(replay)).scalar_one())


class GuessStore:
    """Failed attempts, within one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def refused(self, keys: Sequence[str], now: datetime) -> Mapping[str, datetime | None]:
        """Return until when each known key is refused."""
        wanted = select(_G.about, _G.refused_until).where(_G.about.in_(keys), _G.forget_at > now)
        return {row.about: row.refused_until for row in self._connection.execute(wanted)}

    def failed(self, ladders: Mapping[str, Ladder], now: datetime) -> None:
        """Count; in the keys' order, so that two workers never wait for each other."""
        for key, ladder in sorted(ladders.items()):
            failures = self._counted(key, ladder, now)
            refusal = ladder.refusal(failures)
            self._connection.execute(
                update(guess)
                .where(_G.about == key)
                .values(
                    refused_until=now + refusal if refusal > timedelta(0) else None,
                    forget_at=now + ladder.memory + refusal,
                )
            )

    def keep(self, key: str, forget_at: datetime) -> None:
        """Set a key that has no failures."""
        row = {"about": key, "failures": 0, "refused_until": None, "forget_at": forget_at}
        self._connection.execute(self._upsert(row, {"failures": 0, "refused_until": None, "forget_at": forget_at}))

    def forget(self, keys: Sequence[str]) -> None:
        """Delete these keys."""
        self._connection.execute(delete(guess).where(_G.about.in_(keys)))

    def forget_all(self, beginnings: Sequence[str]) -> None:
        """Delete the keys that begin so."""
        begins = or_(*(_G.about.startswith(each, autoescape=True) for each in beginnings))
        self._connection.execute(delete(guess).where(begins))

    def prune(self, now: datetime, most: int) -> None:
        """Delete what is over and, beyond ``most``, what would be over first."""
        self._connection.execute(delete(guess).where(_G.forget_at <= now))
        kept = select(_G.forget_at).order_by(_G.forget_at.desc()).offset(most).limit(1)
        last = self._connection.execute(kept).scalar_one_or_none()
        if last is not None:
            self._connection.execute(delete(guess).where(_G.forget_at <= last))

    def _counted(self, key: str, ladder: Ladder, now: datetime) -> int:
        row = {"about": key, "failures": 1, "refused_until": None, "forget_at": now + ladder.memory}
        more = case((_G.forget_at <= now, 1), else_=_G.failures + 1)
        return int(self._connection.execute(self._upsert(row, {"failures": more}).returning(_G.failures)).scalar_one())

    def _upsert(self, row: dict[str, Any], changes: dict[str, Any]) -> Any:
        chosen = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = chosen(guess).values(row).on_conflict_do_update(index_elements=[_G.about], set_=changes)
        assert isinstance(statement, Insert)  # noqa: S101 - both are
        return statement
