"""A gateway as processes: its database, its workers, the barriers they stop at; and what it says of itself, in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, create_engine, make_url, text

from gateway.demo.orders import Order, ebm
from gateway.domain.xref import XrefRow, XrefTable
from gateway.messaging.queues import Draft
from gateway.store.unit_of_work import SqlDatabase
from tests.crash.brm import Account, Brm
from tests.crash.processes import Child, Nursery, until

ORDERS, RESPONSES = "AIA_CRTBO_OUT_JMSQ", "AIA_UPDBO_IN_JMSQ"
LEASE_SECONDS = 1.0
XA, LOCAL = "xa", "local"

PRODUCTS = {
    "item-mobile-tariff": "0.0.0.1 /product 10001",
    "item-handset-fee": "0.0.0.1 /product 10011",
    "item-paper-bill": "0.0.0.1 /product 10037",
    "item-loyalty-discount": "0.0.0.1 /discount 20001",
}


@dataclass
class Site:
    """One gateway."""

    nursery: Nursery
    brm: Brm
    directory: Path
    database_url: str
    mode: str = XA
    threads: int = 1
    workers: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database = SqlDatabase(self.database_url)
        self._looking: Engine = create_engine(self.database_url)
        (self.directory / "barriers").mkdir()
        (self.directory / "o2c.toml").touch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self.stop()
        self.database.close()
        self._looking.dispose()

    # ---- processes

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "O2C_CONFIG": str(self.directory / "o2c.toml"),
            "O2C_BARRIERS": str(self.directory / "barriers"),
            "O2C_GATEWAY__DATABASE": self.database_url,
            "O2C_BRM__BRM_01__URL": self.brm.url,
            "O2C_BRM__BRM_01__MODE": self.mode,
            "O2C_BRM__BRM_01__TRANSACTION_TIMEOUT_SECONDS": "20",
            "O2C_QUEUE__WORKERS": str(self.threads),
            "O2C_QUEUE__LEASE_SECONDS": str(LEASE_SECONDS),
            "O2C_QUEUE__RECOVERY_SECONDS": "0.2",
            "O2C_QUEUE__POLL_SECONDS": "0.05",
            "O2C_QUEUE__RETRY_ATTEMPTS": "500",
            "O2C_QUEUE__BACKOFF_INITIAL_SECONDS": "0.1",
            "O2C_QUEUE__BACKOFF_FACTOR": "1",
        }

    @property
    def log(self) -> Path:
        return self.directory / "gateway.log"

    def work(self) -> Child:
        """Start a worker."""
        worker = self.nursery.start("worker", environment=self.environment, log=self.log)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """End every worker, without ceremony."""
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    # ---- barriers

    def arm(self, *points: str) -> None:
        for point in points:
            self._barrier(point, "reached").unlink(missing_ok=True)
            self._barrier(point, "armed").touch()

    def disarm(self) -> None:
        for armed in (self.directory / "barriers").glob("*.armed"):
            armed.unlink(missing_ok=True)

    def release(self, point: str) -> None:
        """Let the worker that has stopped at a point go on."""
        self._barrier(point, "release").touch()

    def stopped_at(self, *points: str) -> Child | None:
        """Return the living worker that has stopped at one of the points, if any; none may have died by itself."""
        assert all(worker.alive for worker in self.workers), self.log.read_text(encoding="utf-8")
        reached = [self._barrier(point, "reached") for point in points]
        pids = {int(file.read_text(encoding="ascii")) for file in reached if file.exists()}
        return next((worker for worker in self.workers if worker.pid in pids and worker.alive), None)

    def stops_at(self, point: str) -> Child:
        """Wait until a worker stops at an armed point."""
        until(lambda: self.stopped_at(point), f"a worker stops at {point}; see {self.log}")
        stopped = self.stopped_at(point)
        assert stopped is not None
        return stopped

    def kill_at(self, point: str) -> None:
        """Wait until a worker stops at an armed point, and kill it there."""
        self.kill(self.stops_at(point))

    def freeze(self, worker: Child) -> None:
        """Stop a worker wherever it is, though not while it locks the whole SQLite file: nobody could go on then."""
        until(lambda: self._frozen(worker), f"process {worker.pid} is frozen outside of a transaction")

    def _frozen(self, worker: Child) -> bool:
        worker.freeze()
        if self._can_be_written():
            return True
        worker.thaw()
        return False

    def _can_be_written(self) -> bool:
        path = str(make_url(self.database_url).database)
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.execute("ROLLBACK")
            return True

    def kill(self, victim: Child) -> None:
        victim.kill()
        self.workers.remove(victim)

    def _barrier(self, point: str, what: str) -> Path:
        return self.directory / "barriers" / f"{point}.{what}"

    # ---- what goes in

    def knows(self, *accounts: Account) -> None:
        """Cross-reference accounts, and the products of the price list."""
        rows = [XrefRow(XrefTable.ITEM_ITEMID.value, item, "BRM_01", poid) for item, poid in PRODUCTS.items()]
        for known in accounts:
            account, billinfo = bare(known.account), bare(known.billinfo)
            rows.append(XrefRow(XrefTable.CUSTOMERPARTY_ACCOUNTID.value, known.customer.account, "BRM_01", account))
            rows.append(
                XrefRow(XrefTable.CUSTOMERPARTY_BILLPROFILEID.value, known.customer.billing_profile, "BRM_01", billinfo)
            )
        with self.database.begin() as work:
            work.xref.populate(rows, None, datetime.now(UTC))
            work.commit()

    def put(self, order: Order) -> int:
        with self.database.begin() as work:
            [intake] = work.messages.put([Draft(ORDERS, ebm(order), group=order.account)], datetime.now(UTC))
            work.commit()
        return intake

    def resubmit(self, intake: int) -> None:
        with self.database.begin() as work:
            assert work.messages.resubmit(intake, datetime.now(UTC), None, None)
            work.commit()

    # ---- what it says

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self._looking.connect() as connection:
            return list(connection.execute(text(statement), values))

    def at_rest(self) -> bool:
        """Tell whether every message has its outcome, and nothing is left to be done behind it."""
        busy = "select 1 from message where state in ('claimed', 'held') or (queue = :queue and state = 'waiting')"
        return not self.rows(busy, queue=ORDERS) and not self.rows("select 1 from decision")

    def rest(self) -> None:
        until(self.at_rest, f"the gateway is at rest; see {self.log}")

    def leases_over(self) -> bool:
        """Tell whether whatever a dead worker held is free."""
        leased = self.rows("select lease_until from message where state = 'claimed'")
        leased += self.rows("select lease_until from decision")
        return all(_moment(row.lease_until) < datetime.now(UTC) for row in leased)


def _moment(stored: Any) -> datetime:
    """Read a time: SQLite keeps text without a zone, UTC; PostgreSQL an aware one."""
    moment = datetime.fromisoformat(str(stored))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def bare(poid: Any) -> str:
    """Return a POID without its revision."""
    return " ".join(str(poid).split()[:3])
