"""The simulator as a WSGI application: every contract of a folder, and the control API under ``/control``.

Contracts that a team drops into a folder of its own are served from the next request on.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy.exc import SQLAlchemyError

from siebel_sim import faults
from siebel_sim.catalog import Catalog, Offer
from siebel_sim.control import change_routes, policy_routes
from siebel_sim.logins import logins
from siebel_sim.operations import operations
from siebel_sim.outbound import outbound
from siebel_sim.seed import seed_when_empty
from siebel_sim.seed.documents import plant
from siebel_sim.services import Behaviour, KnowsCaller, services
from siebel_sim.settings import Settings
from siebel_sim.store import Store
from simkit.control import control_app
from simkit.outbox_routes import outbox_routes
from simkit.serving import observed
from simkit.simulation import Simulation
from simkit.store import ControlStore
from soapkit.module import Module
from soapkit.server import application


class Siebel:
    """The simulator's state, as its control API handles it."""

    def __init__(self, catalog: Catalog, store: Store, simulation: Simulation) -> None:
        self._catalog = catalog
        self._store = store
        self._simulation = simulation

    def reset(self) -> None:
        """Forget all records."""
        self._store.reset()

    def seed(self, document: Any) -> Any:
        """Write records or make customers, see ``seed.documents``. ValueError for the first that is wrong."""
        return plant(document, self._catalog.repository, self._store, self._simulation.now())

    def snapshot(self, name: str) -> None:
        """Keep the state under a name."""
        self._store.snapshot(name)

    def restore(self, name: str) -> None:
        """Go back to the state kept under a name."""
        self._store.restore(name)

    def snapshots(self) -> list[str]:
        """Name the states kept."""
        return self._store.snapshots()


class _Live:
    """The site of the offer as it is now: made again when contracts were dropped, by the first request after that."""

    def __init__(self, catalog: Catalog, make: Callable[[Offer], WSGIApplication]) -> None:
        self._catalog = catalog
        self._make = make
        self._made_of = catalog.offer
        self._app = make(catalog.offer)
        self._turn = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if self._catalog.may_change and self._turn.acquire(blocking=False):  # the others go on with what there is
            try:
                self._renew()
            finally:
                self._turn.release()
        return self._app(environ, start_response)

    def _renew(self) -> None:
        offer = self._catalog.refresh()
        if offer is not self._made_of:
            self._app = self._make(offer)
            self._made_of = offer


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
    """Wire the simulator. Raises ContractError, RepositoryError and PolicyError for what cannot be served or sent."""
    catalog = Catalog(settings.contracts, settings.drop)
    with ExitStack() as opened:
        store = Store(settings.url, catalog.repository.business)
        opened.callback(store.close)
        control = ControlStore(settings.url, journal_size=settings.journal_size)
        opened.callback(control.close)
        if settings.seed:
            seed_when_empty(store, customers=settings.seed)
        simulator = _wired(settings, catalog, store, control)
        opened.pop_all()  # it closes them itself
    return simulator


def _wired(settings: Settings, catalog: Catalog, store: Store, control: ControlStore) -> SiebelSim:
    simulation = Simulation(control, word_error=faults.wanted, show_error=faults.shown)
    token = settings.control_token.get_secret_value() if settings.control_token else secrets.token_urlsafe(24)
    pages: dict[str, Callable[[], Any]] = {
        "/operations": lambda: _simulated(catalog.offer),
        "/messages": faults.inferred,
        "/drop": catalog.shown,
    }
    out = outbound(
        settings, store, lambda: catalog.repository, contracts=settings.receivers, policies=settings.policies
    )
    routes = (
        change_routes(store, lambda: catalog.repository, simulation.now),
        policy_routes(out.events, settings.send_to),
        outbox_routes(store.outbox, out.sender),
    )
    controlled = control_app(simulation, Siebel(catalog, store, simulation), token=token, pages=pages, routes=routes)
    known = logins(settings, store)

    def site(modules: Sequence[Module], mounts: Mapping[str, WSGIApplication]) -> WSGIApplication:
        def of(offer: Offer) -> WSGIApplication:
            store.grow(offer.repository.business)
            return application(
                services(offer.contracts, offer.repository, store, simulation, behaviour(settings)),
                public_url=settings.address,
                limits=settings.limits,
                modules=(*known, KnowsCaller(), *modules),
                mounts={"/control": controlled.wsgi_app, **mounts},
            )

        return _Live(catalog, of)

    app, end = observed(site, settings, name="siebel-sim", checks={"store": partial(_check, control)})
    out.sender.start()
    return SiebelSim(app, out.sender.stop, end, store.close, control.close)


def behaviour(settings: Settings) -> Behaviour:
    """Give what the settings say about every service."""
    return Behaviour(settings.maximum_page_size, settings.maximum_records, settings.language)


def _simulated(offer: Offer) -> dict[str, str | None]:
    """Every operation, and the method of the adapter behind it; null for one that is not simulated."""
    return {
        name: None if served.method is None else served.method.name
        for contract in offer.contracts
        for name, served in operations(contract, offer.repository).items()
    }


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
