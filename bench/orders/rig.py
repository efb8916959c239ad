"""What orders run on: a BRM simulator, a gateway database, customers in both; and workers, started when asked for."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import NotRunning, answers, free_port, python, wait_until
from gateway.abcs.process_fulfillment_order_billing_osmcfs_comms_jms_consumer import QUEUE as ORDERS
from gateway.abcs.process_fulfillment_order_billing_response_osmcfs_comms_jms_producer import QUEUE as ANSWERS
from gateway.bootstrap import Gateway, build
from gateway.config import BrmSettings, GatewaySettings, Settings
from gateway.demo.customers import Customer, create, products
from gateway.messaging.queues import State

BRM = "BRM_01"
_POLL_SECONDS = 0.01
_LONGEST = 300.0
_OURS = ("O2C_", "BRM_SIM_")


@dataclass(frozen=True, slots=True)
class Wait:
    """One opcode call of a worker: when it began (monotonic clock) and how long the worker waited in it, in seconds."""

    began: float
    waited: float


@dataclass(frozen=True, slots=True)
class Rig:
    """The processes that run, and the gateway as an operator holds it: to put orders and to count answers."""

    directory: Path
    gateway: Gateway
    customers: Sequence[Customer]
    counting: sqlite3.Connection

    @property
    def brm_url(self) -> str:
        """Base address of the simulator."""
        return self.gateway.settings.brm[BRM].url

    def put(self, orders: Sequence[bytes]) -> None:
        """Put orders on their queue, in one commit."""
        route = next(route for route in self.gateway.queues if route.queue == ORDERS)
        with self.gateway.database.begin() as work:
            work.messages.put([route.draft(order) for order in orders], self.gateway.clock.now())
            work.commit()

    def answered(self) -> int:
        """Count the responses that are released. Raises NotRunning when an order failed, with its reason."""
        if self._count(ORDERS, State.ERROR):
            failed = self.gateway.admin.errors(ORDERS)[0]
            raise NotRunning(f"order {failed.order} failed: {failed.reason}")
        return self._count(ANSWERS, State.WAITING)

    def _count(self, queue: str, state: State) -> int:
        """Count on the index alone: this is asked a hundred times a second, beside what is measured."""
        counted = self.counting.execute("SELECT COUNT(*) FROM message WHERE queue = ? AND state = ?", (queue, state))
        return int(counted.fetchone()[0])

    def through(self, orders: Sequence[bytes]) -> tuple[float, float]:
        """Put orders, wait until all are answered; returns when that began and ended, on the monotonic clock."""
        wanted = self.answered() + len(orders)
        began = time.monotonic()
        self.put(orders)
        wait_until(lambda: self.answered() >= wanted, within=_LONGEST, pause=_POLL_SECONDS)
        return began, time.monotonic()

    @contextmanager
    def workers(self, count: int) -> Iterator[Sequence[Path]]:
        """Run worker processes; the files hold their waits once they have ended."""
        with ExitStack() as running:
            yield [running.enter_context(self._worker(number)) for number in range(count)]

    @contextmanager
    def _worker(self, number: int) -> Iterator[Path]:
        waits, ready = self.directory / f"waits-{number}.json", self.directory / f"ready-{number}"
        ready.unlink(missing_ok=True)
        command = ["-m", "bench.orders.worker", str(waits), str(ready)]
        log, environment = self.directory / "worker.log", _bare(self._environment)
        with python(command, log=log, ready=ready.exists, environment=environment):
            yield waits

    @property
    def _environment(self) -> Mapping[str, str]:
        no_file = self.directory / "o2c.toml"
        no_file.touch()
        return {
            "O2C_CONFIG": str(no_file),
            "O2C_GATEWAY__DATABASE": self.gateway.settings.gateway.database,
            f"O2C_BRM__{BRM}__URL": self.brm_url,
            "O2C_QUEUE__POLL_SECONDS": str(_POLL_SECONDS),
            "O2C_LOGGING__LEVEL": "warning",
        }


def waits_of(files: Sequence[Path]) -> list[Wait]:
    """Read what ended workers left."""
    return [Wait(*each) for file in files for each in json.loads(file.read_text(encoding="ascii"))]


@contextmanager
def rig(customers: int) -> Iterator[Rig]:
    """Run a BRM simulator with ``customers``, known to a gateway's cross-references."""
    with TemporaryDirectory() as name:
        directory, port = Path(name), free_port()
        brm = {
            "BRM_SIM_PORT": str(port),
            "BRM_SIM_URL": f"sqlite:///{directory / 'brm.db'}",
            "BRM_SIM_CONTROL_TOKEN": os.urandom(12).hex(),
        }
        log = directory / "brm.log"
        with python(["-m", "brm_sim"], log=log, ready=partial(answers, port), environment=_bare(brm)):
            gateway = _gateway(directory, f"http://127.0.0.1:{port}")
            with closing(sqlite3.connect(f"file:{directory / 'gateway.db'}?mode=ro", uri=True)) as counting:
                yield Rig(directory, gateway, _peopled(gateway, customers), counting)


def _gateway(directory: Path, url: str) -> Gateway:
    database = GatewaySettings(database=f"sqlite:///{directory / 'gateway.db'}")
    return build(Settings(gateway=database, brm={BRM: BrmSettings(url=url)}))


def _peopled(gateway: Gateway, count: int) -> list[Customer]:
    names = (f"B-{number:05}" for number in range(count))
    customers = [Customer(name, "Ada", "Jones", "1 Exchange Street", "Manchester", "M2 7HA") for name in names]
    gateway.admin.load_xref([*create(gateway.brms[BRM], customers), *products(BRM)])
    return customers


def _bare(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings and no other of the product: nothing of the user's is touched."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, **settings}
