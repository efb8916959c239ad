"""The store: sessions for opcodes, and the life of BRM transactions (COMMIT.md, "Simulator's side")."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from brm_sim.errors import Errno, ErrorBuffer
from brm_sim.store import merge, refusals, snapshots, states
from brm_sim.store.codec import moment
from brm_sim.store.database import Database
from brm_sim.store.locking import Locking
from brm_sim.store.news import News, Word
from brm_sim.store.session import StoreSession
from brm_sim.store.states import State, Transaction
from brm_sim.store.tables import outbox, transactions
from simkit.store.outbox import Outbox

DEFAULT_TIMEOUT = timedelta(minutes=5)
DEFAULT_LOCK_WAIT = timedelta(seconds=5)


class Vote(IntEnum):
    """RESULT of PREPARE: READ_ONLY is the end of the transaction already, there is nothing to commit."""

    READY = 0
    READ_ONLY = 3


class Outcome(IntEnum):
    """RESULT of COMMIT and ABORT: an operator may have decided before the coordinator did."""

    DONE = 0
    HEURISTIC_ROLLBACK = 6
    HEURISTIC_COMMIT = 7


@dataclass(frozen=True, slots=True)
class Recovered:
    """A transaction its coordinator has still to end (prepared) or to forget (decided by an operator)."""

    trans_id: str
    state: State
    created: datetime


_FORCED = {State.FORCED_COMMIT: Outcome.HEURISTIC_COMMIT, State.FORCED_ABORT: Outcome.HEURISTIC_ROLLBACK}
_RECOVERABLE = (State.PREPARED, *_FORCED)
_LATE = (
    select(transactions.c.seq)
    .where(transactions.c.state == State.OPEN, transactions.c.expires <= bindparam("now"))
    .with_for_update(skip_locked=True)
)


def _clock() -> int:
    return int(time.time())


class Store:
    """Storable objects at ``url`` (SQLite file or PostgreSQL); any number of processes may share it.

    ``clock`` is real time in seconds: transactions time out by it, whatever the simulator's virtual time is. With
    ``word`` every committed change of a customer or service is worded for the outbox (``news.outbox``) as well.
    """

    def __init__(
        self,
        url: str,
        *,
        lock_wait: timedelta = DEFAULT_LOCK_WAIT,
        clock: Callable[[], int] = _clock,
        word: Word | None = None,
    ) -> None:
        self._database = Database(url)
        rows = Outbox(outbox, reading=self._database.reading, writing=self._database.writing)
        self.news = News(rows if word else None, word)
        self._locking = Locking(lock_wait, clock)
        self._clock = clock

    @contextlib.contextmanager
    def session(
        self, trans_id: str | None = None, *, now: datetime | None = None, program: str = ""
    ) -> Iterator[StoreSession]:
        """One opcode call inside transaction ``trans_id``, or on its own: then it is committed at the end.

        ``now`` (virtual time) dates what is created and changed; ``program`` is told as its origin.
        Leaving by an exception leaves nothing.
        Raises ErrorBuffer TRANS_LOST for an id not known or timed out, TRANS_NOT_OPEN for one prepared or ended;
        at the end STORAGE (retryable) when another transaction changed or holds what this call changes.
        """
        transaction = None if trans_id is None else self._joined(trans_id)
        with _storage_errors(), self._database.reading() as connection:
            began = now or datetime.now(UTC)
            session = StoreSession(
                self._database, connection, self._locking, transaction, began, news=self.news, program=program
            )
            yield session
            session.finish()

    def open(
        self, trans_id: str | None = None, *, read_only: bool = False, timeout: timedelta = DEFAULT_TIMEOUT
    ) -> str:
        """Begin a transaction, under the coordinator's id or one of our own; ErrorBuffer TRANS_ALREADY_OPEN."""
        trans_id = trans_id or f"0,{secrets.token_hex(16)},{secrets.token_hex(4)}"
        now = self._clock()
        row = {
            "seq": self._database.number(),
            "trans_id": trans_id,
            "state": State.OPEN,
            "read_only": read_only,
            "created": now,
            "expires": now + int(timeout.total_seconds()),
        }
        try:
            with _storage_errors(), self._database.writing() as connection:
                self._drop_late(connection)  # those that nobody ends must not add up
                connection.execute(insert(transactions), row)
        except IntegrityError:
            raise refusals.already_open(trans_id) from None
        return trans_id

    def prepare(self, trans_id: str) -> Vote:
        """Make the transaction's commit certain, through any crash; when that cannot be, abort it.

        Raises ErrorBuffer STORAGE (retryable) or DUPLICATE (the transaction is gone then), TRANS_LOST, TRANS_NOT_OPEN.
        """
        with self._ending(trans_id) as (connection, transaction):
            if transaction.state is State.PREPARED:
                return Vote.READY
            _require(transaction, State.OPEN)
            if not merge.changed_anything(connection, transaction.seq):
                merge.drop(connection, transaction.seq)
                return Vote.READ_ONLY
            merge.seal(connection, transaction.seq)
            _move(connection, transaction, State.PREPARED)
            return Vote.READY

    def commit(self, trans_id: str, *, forced: bool = False) -> Outcome:
        """Commit a prepared transaction, or an open one in one phase; repeat as you like until it is forgotten.

        ``forced`` is an operator's decision about a prepared one: recorded, and answered to the later commit.
        """
        with self._ending(trans_id) as (connection, transaction):
            if transaction.state in _FORCED and not forced:
                return _FORCED[transaction.state]
            final = State.FORCED_COMMIT if forced else State.COMMITTED
            if transaction.state is not final:
                _require(transaction, State.PREPARED, *(() if forced else (State.OPEN,)))
                if transaction.state is State.OPEN:
                    merge.seal(connection, transaction.seq)
                merge.merge(connection, transaction.seq)
                self.news.tell(connection, transaction.seq)
                _move(connection, transaction, final)
        self.news.wake()
        return Outcome.DONE

    def abort(self, trans_id: str, *, forced: bool = False) -> Outcome:
        """Abort; an unknown id is an aborted one (presumed abort). ``forced`` as with commit."""
        try:
            with self._ending(trans_id) as (connection, transaction):
                return _force_abort(connection, transaction) if forced else _abort(connection, transaction)
        except ErrorBuffer as error:
            if error.errno is Errno.TRANS_LOST and not forced:
                return Outcome.DONE
            raise

    def recover(self) -> list[Recovered]:
        """List what is prepared or was decided by an operator, oldest first; drop open ones that timed out."""
        with _storage_errors(), self._database.writing() as connection:
            self._drop_late(connection)
            wanted = select(transactions).where(transactions.c.state.in_(_RECOVERABLE)).order_by(transactions.c.seq)
            found = [states.of_row(row) for row in connection.execute(wanted)]
        return [Recovered(each.trans_id, each.state, moment(each.created)) for each in found]

    def forget(self, trans_id: str) -> None:
        """Drop the memory of a finished transaction; ErrorBuffer TRANS_NOT_OPEN for one that is not finished."""
        with _storage_errors(), self._database.writing() as connection:
            transaction = states.by_id(connection, trans_id, lock=True)
            if transaction is not None:
                _require(transaction, State.COMMITTED, *_FORCED)
                connection.execute(delete(transactions).where(transactions.c.seq == transaction.seq))

    def reset(self) -> None:
        """Forget everything but snapshots; the price list has to be loaded again."""
        with self._database.alone() as connection:
            snapshots.clear(connection)
            self.news.clear(connection)

    def snapshot(self, name: str) -> None:
        """Keep a copy of everything, prepared transactions too, under ``name``, instead of an earlier one."""
        with self._database.alone() as connection:
            snapshots.take(connection, name)

    def restore(self, name: str) -> None:
        """Go back to a snapshot; KeyError when there is none of that name. Numbers are never handed out again."""
        with self._database.alone() as connection:
            snapshots.restore(connection, name)
            self.news.clear(connection)

    def snapshots(self) -> list[str]:
        """Name the snapshots."""
        with self._database.reading() as connection:
            return snapshots.names(connection)

    def next_poid_id(self) -> int:
        """Give a number nobody else has."""
        return self._database.number()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _joined(self, trans_id: str) -> Transaction:
        with _storage_errors(), self._database.reading() as connection:
            transaction = states.by_id(connection, trans_id)
        if transaction is None or transaction.expired(self._clock()):
            self._drop_if_open(trans_id)
            raise refusals.lost(trans_id)
        _require(transaction, State.OPEN)
        return transaction

    @contextlib.contextmanager
    def _ending(self, trans_id: str) -> Iterator[tuple[Connection, Transaction]]:
        """Hold the transaction's row; one that cannot go on (timed out, refused at PREPARE) is dropped."""
        try:
            with _storage_errors(), self._database.writing() as connection:
                transaction = states.by_id(connection, trans_id, lock=True)
                if transaction is None or transaction.expired(self._clock()):
                    raise refusals.lost(trans_id)
                yield connection, transaction
        except ErrorBuffer as error:
            if error.errno in _FATAL:
                self._drop_if_open(trans_id)
            raise

    def _drop_late(self, connection: Connection) -> None:
        """Drop the open transactions that timed out, but for those that somebody is just ending."""
        for seq in connection.execute(_LATE, {"now": self._clock()}).scalars().all():
            merge.drop(connection, seq)

    def _drop_if_open(self, trans_id: str) -> None:
        with _storage_errors(), self._database.writing() as connection:
            transaction = states.by_id(connection, trans_id, lock=True)
            if transaction is not None and transaction.state is State.OPEN:
                merge.drop(connection, transaction.seq)


_FATAL = (Errno.STORAGE, Errno.DUPLICATE, Errno.TRANS_LOST)


def _require(transaction: Transaction, *allowed: State) -> None:
    if transaction.state not in allowed:
        raise refusals.not_open(transaction.trans_id, transaction.state)


def _move(connection: Connection, transaction: Transaction, state: State) -> None:
    connection.execute(update(transactions).where(transactions.c.seq == transaction.seq).values(state=state))


def _abort(connection: Connection, transaction: Transaction) -> Outcome:
    if transaction.state in _FORCED:
        return _FORCED[transaction.state]
    _require(transaction, State.OPEN, State.PREPARED)
    merge.drop(connection, transaction.seq)
    return Outcome.DONE


def _force_abort(connection: Connection, transaction: Transaction) -> Outcome:
    if transaction.state is not State.FORCED_ABORT:
        _require(transaction, State.PREPARED)
        merge.discard(connection, transaction.seq)
        _move(connection, transaction, State.FORCED_ABORT)
    return Outcome.DONE


@contextlib.contextmanager
def _storage_errors() -> Iterator[None]:
    """Word a database that is busy or away as a BRM that asks to try again."""
    try:
        yield
    except OperationalError as error:
        raise refusals.unavailable() from error
