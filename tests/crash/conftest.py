"""Real processes for crash tests: one simulator and two nurseries for all tests of a process, a gateway for each."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.store.unit_of_work import SqlDatabase
from tests.crash.brm import Brm
from tests.crash.orders import initiate
from tests.crash.processes import Nursery, nursery
from tests.crash.site import XA, Site

Effect = Counter[tuple[str, str]]
NewBrm = Callable[[], Brm]
NewSite = Callable[..., Site]


@pytest.fixture(scope="session")
def gateways() -> Iterator[Nursery]:
    """Yield what starts gateways."""
    with nursery("gateway") as made:
        yield made


@pytest.fixture(scope="session")
def simulators() -> Iterator[Nursery]:
    """Yield what starts simulators."""
    with nursery("brm_sim") as made:
        yield made


@pytest.fixture(scope="session")
def one_brm(simulators: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brm]:
    """Yield a running simulator; tests have customers of their own in it."""
    brm = Brm(simulators, tmp_path_factory.mktemp("brm"))
    brm.start()
    yield brm
    brm.kill()


@pytest.fixture
def brm(one_brm: Brm) -> Iterator[Brm]:
    """Yield the simulator; it behaves at the end."""
    yield one_brm
    one_brm.behave()


@pytest.fixture
def new_brm(simulators: Nursery, tmp_path: Path) -> Iterator[NewBrm]:
    """Yield what starts simulators that may be killed."""
    with ExitStack() as stack:

        def make() -> Brm:
            brm = Brm(simulators, Path(tempfile.mkdtemp(dir=tmp_path)))
            stack.callback(brm.kill)
            brm.start()
            return brm

        yield make


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a gateway database with its tables, and nothing in them: to be copied."""
    path = tmp_path_factory.mktemp("gateway") / "gateway.sqlite"
    SqlDatabase(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def new_site(gateways: Nursery, empty_database: Path, tmp_path: Path) -> Iterator[NewSite]:
    """Yield what makes gateways without workers, each on a database of its own; all are killed at the end."""
    with ExitStack() as stack:

        def make(brm: Brm, *, mode: str = XA, threads: int = 1, url: str = "") -> Site:
            directory = Path(tempfile.mkdtemp(dir=tmp_path))
            site = Site(gateways, brm, directory, url or copied(empty_database, directory), mode, threads)
            stack.callback(site.close)
            return site

        yield make


def copied(database: Path, directory: Path) -> str:
    """Copy a SQLite database that nobody has open; its URL."""
    return f"sqlite:///{shutil.copy(database, directory / 'gateway.sqlite')}"


@pytest.fixture(scope="session")
def billed(gateways: Nursery, one_brm: Brm, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Effect:
    """Return what one order does in BRM when nobody is killed."""
    directory = tmp_path_factory.mktemp("undisturbed")
    site, account = Site(gateways, one_brm, directory, copied(empty_database, directory)), one_brm.customer()
    site.knows(account)
    site.put(initiate(account))
    site.work()
    site.rest()
    site.close()
    return one_brm.effect(account)
