"""The simulator as a WSGI application: every contract of a folder, and the control API under ``/control``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError

from siebel_sim import faults
from siebel_sim.contracts import contracts_in
from siebel_sim.repository import Repository, repository
from siebel_sim.seeds import plant
from siebel_sim.services import operations, services
from siebel_sim.settings import Settings
from siebel_sim.store import Store
from simkit import security
from simkit.control import control_app
from simkit.serving import observed
from simkit.simulation import Simulation
from simkit.store import ControlStore
from soapkit.catalog import Contract
from soapkit.module import Module
from soapkit.server import application
from soapkit.wss import passwords
from soapkit.wss.authentication import Authenticator
from soapkit.wss.memory import KnownUsers, MemoryGuesses, MemoryReplays, SystemClock
from soapkit.wss.ports import User
from soapkit.wss.siebel import SiebelSession
from soapkit.wss.throttle import Throttle

_ANONYMOUS = "GUEST"


class Siebel:
    """The simulator's state, as its control API handles it."""

    def __init__(self, known: Repository, store: Store, simulation: Simulation) -> None:
        self._repository = known
        self._store = store
        self._simulation = simulation

    def reset(self) -> None:
        """Forget all records."""
        self._store.reset()

    def seed(self, document: Any) -> Any:
        """Write records, see ``seeds``; their row ids. ValueError for the first that is wrong."""
        return plant(document, self._repository, self._store, self._simulation.now())

    def snapshot(self, name: str) -> None:
        """Keep the state under a name."""
        self._store.snapshot(name)

    def restore(self, name: str) -> None:
        """Go back to the state kept under a name."""
        self._store.restore(name)

    def snapshots(self) -> list[str]:
        """Name the states kept."""
        return self._store.snapshots()


class SiebelSim:
    """The simulator: a WSGI application, and what it holds open until it is closed."""

    def __init__(self, app: WSGIApplication, *closing: Callable[[], None]) -> None:
        self._app = app
        self._closing = closing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self._app(environ, start_response)

    def close(self) -> None:
        """Let go of the database."""
        for close in self._closing:
            close()


def build(settings: Settings) -> SiebelSim:
    """Wire the simulator. Raises ContractError and RepositoryError for a folder that cannot be served."""
    contracts = contracts_in(settings.contracts)
    known = repository(contracts)
    store = Store(settings.url, known.business)
    control = ControlStore(settings.url, journal_size=settings.journal_size)
    simulation = Simulation(control, word_error=faults.wanted, show_error=faults.shown)
    token = settings.control_token.get_secret_value() if settings.control_token else secrets.token_urlsafe(24)
    pages: dict[str, Callable[[], Any]] = {
        "/operations": partial(_simulated, contracts, known),
        "/messages": faults.inferred,
    }
    controlled = control_app(simulation, Siebel(known, store, simulation), token=token, pages=pages)
    session = _session(settings, store)

    def site(modules: Sequence[Module], mounts: Mapping[str, WSGIApplication]) -> WSGIApplication:
        return application(
            services(contracts, known, store, simulation, maximum_page_size=settings.maximum_page_size),
            public_url=settings.address,
            limits=settings.limits,
            modules=(session, *modules),
            mounts={"/control": controlled.wsgi_app, **mounts},
        )

    app, end = observed(site, settings, name="siebel-sim", checks={"store": partial(_check, control)})
    return SiebelSim(app, end, store.close, control.close)


def _simulated(contracts: Sequence[Contract], known: Repository) -> dict[str, str | None]:
    """Every operation, and the method of the adapter behind it; null for one that is not simulated."""
    return {
        name: None if served.method is None else served.method.name
        for contract in contracts
        for name, served in operations(contract, known).items()
    }


def _session(settings: Settings, store: Store) -> SiebelSession:
    clock = SystemClock()
    known = security.users(settings.users.get_secret_value()) if settings.users else {}
    users = KnownUsers(User(name, password_hash=passwords.hashed(password)) for name, password in known.items())
    return SiebelSession(
        Authenticator(users, Throttle(MemoryGuesses(), clock), MemoryReplays(), clock),
        store.sessions,
        clock,
        lifetimes=settings.lifetimes,
        anonymous=_ANONYMOUS if settings.anonymous else None,
        in_url=settings.credentials_in_url,
    )


def _check(control: ControlStore) -> str | None:
    try:
        control.clock()
    except SQLAlchemyError:
        return "cannot be reached"
    return None


def from_environment() -> SiebelSim:
    """Build the application from the environment: what each worker process does."""
    settings = Settings()
    settings.configure_log()
    return build(settings)
