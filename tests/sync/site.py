"""One gateway between a Siebel and what it is kept in step with: processes, and the mischief between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from gateway.store.unit_of_work import SqlDatabase
from siebel_sim.settings import Settings as SiebelSettings
from tests.crash.processes import Nursery, until
from tests.siebel_sim.simulator import TOKEN
from tests.siebel_sim.simulator import Simulator as Siebel
from tests.sync.mischief import Mischief, mischief
from tests.sync.programs import Program

SYSTEM = "SEBL_01"
_LEASE = "3"
_PATIENT = {"SEND_FIRST_WAIT": "0.05", "SEND_MOST_WAIT": "0.4", "SEND_TRIES": "100000", "SEND_LEASE": _LEASE}
"""A sender that never gives up, and soon tries again."""

_BUSY = "select count(*) from message where state in ('waiting', 'claimed', 'held')"


@dataclass
class Site:
    """The processes; ``senders`` are those that tell the gateway of changes, through ``between``."""

    directory: Path
    siebel: Program
    web: Program
    worker: Program
    between: Mischief
    senders: list[Program]

    @property
    def all(self) -> list[Program]:
        return [*dict.fromkeys([self.siebel, *self.senders, self.web, self.worker])]

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.directory / 'gateway.sqlite'}"

    @cached_property
    def crm(self) -> Siebel:
        """Siebel, as its clients see it."""
        return Siebel(self.siebel.url, folder=SiebelSettings().contracts)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the gateway's database."""
        engine = create_engine(self.database_url)
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(statement), values))
        finally:
            engine.dispose()

    def number(self, statement: str, **values: Any) -> int:
        """Ask the gateway's database for a number."""
        return int(self.rows(statement, **values)[0][0])

    def outbox(self, sender: Program) -> Mapping[str, int]:
        """Count what a simulator has told, and is to tell."""
        counts: Mapping[str, int] = Siebel(sender.url, folder=Path()).did("GET", "/outbox?limit=1")["counts"]
        return counts

    def quiet(self) -> bool:
        """Tell whether nothing is on its way anywhere, and nothing was given up."""
        told = [self.outbox(each) for each in self.senders]
        assert not any(each["parked"] for each in told), told
        assert not self.number("select count(*) from message where state = 'error'"), "a message was given up"
        busy = (
            any(each["waiting"] for each in told) or self.number(_BUSY) or self.number("select count(*) from decision")
        )
        return not busy

    def settle(self) -> None:
        """Wait until nothing is on its way, what is late included, twice over: then it stays so."""
        until(self.quiet, f"all is quiet; see {self.directory}", within=40)
        self.between.flush()
        until(self.quiet, f"all is quiet again; see {self.directory}", within=40)

    @contextmanager
    def gateway(self) -> Iterator[SqlDatabase]:
        """Open the gateway's database as the gateway does."""
        with closing(SqlDatabase(self.database_url)) as database:
            yield database


_SETTINGS = """
[gateway]
port = {port}
database = "{database}"

[queue]
poll_seconds = 0.05
lease_seconds = 2
recovery_seconds = 0.2
retry_attempts = 100000
backoff_initial_seconds = 0.1
backoff_factor = 1

[siebel.SEBL_01]
url = "{siebel}"
connect_timeout_seconds = 1

[cut]
retry_attempts = 100000
backoff_initial_seconds = 0.1
backoff_factor = 1
"""


@contextmanager
def a_site(
    directory: Path, nurseries: Mapping[str, Nursery], seed: int, more: str, *senders: Program
) -> Iterator[Site]:
    """Wire a site, nothing of which runs yet; ``more`` are further settings of the gateway, ``senders`` tell it too."""
    gateway = nurseries["gateway"]
    web = Program(gateway, "web", ("serve",), directory)
    worker = Program(gateway, "worker", ("worker",), directory, port=None)
    siebel = Program(nurseries["siebel_sim"], "siebel", (), directory)
    with mischief(web.url, str(seed)) as (between, address):
        site = Site(directory, siebel, web, worker, between, [siebel, *senders])
        settings = directory / "o2c.toml"
        known = {"port": web.port, "database": site.database_url, "siebel": siebel.url}
        settings.write_text(_SETTINGS.format(**known) + more, encoding="utf-8")
        web.environment = worker.environment = {"O2C_CONFIG": str(settings)}
        for sender, prefix in zip(site.senders, ("SIEBEL_SIM", "BRM_SIM"), strict=False):
            sender.environment |= _simulator(prefix, sender, directory, address)
        try:
            yield site
        finally:
            for program in site.all:
                program.kill()


def _simulator(prefix: str, program: Program, directory: Path, told: str) -> dict[str, str]:
    variables = {
        "PORT": str(program.port),
        "URL": f"sqlite:///{directory / program.name}.sqlite",
        "CONTROL_TOKEN": TOKEN,
        "SEND_TO": told,
        **_PATIENT,
    }
    return {f"{prefix}_{name}": value for name, value in variables.items()}
