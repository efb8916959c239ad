"""The simulator as a WSGI application: BRM's services, and the control API under ``/control``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from sqlalchemy.exc import SQLAlchemyError

from brm_sim import faults, publishing
from brm_sim.call import Opcode
from brm_sim.catalog import PriceCatalog, load_into
from brm_sim.dispatch import Dispatcher, simulated
from brm_sim.errors import ErrorBuffer
from brm_sim.flist_json import from_json, to_json
from brm_sim.opcodes import OPCODES
from brm_sim.registry import registry
from brm_sim.settings import Settings
from brm_sim.store import Store
from simkit import security
from simkit.control import control_app
from simkit.outbox import Sender
from simkit.outbox_routes import outbox_routes
from simkit.serving import observed
from simkit.simulation import Simulation
from simkit.store import ControlStore
from soapkit.module import Module
from soapkit.server import Service, application

_log = structlog.get_logger(__name__)


class Brm:
    """The simulator's state, as its control API handles it."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._store = dispatcher.store

    def reset(self) -> None:
        """Empty the state, but for the price list."""
        self._store.reset()
        self._load_prices()

    def seed(self, document: Any) -> Any:
        """Call opcodes: ``[{"opcode": "PCM_OP_…", "flags": 0, "flist": {…}}, …]`` → their output flists.

        Each commits alone. ValueError for the first that is refused; those before it stay.
        """
        if not isinstance(document, list):
            raise ValueError("A seed is a list of calls")  # noqa: TRY004 - the document is wrong, not the program
        return [self._seeded(number, call) for number, call in enumerate(document)]

    def _seeded(self, number: int, call: Any) -> Any:
        try:
            flist = from_json(call["flist"])
            return to_json(self._dispatcher.run(str(call["opcode"]), flist, flags=int(call.get("flags", 0))))
        except ErrorBuffer as error:
            raise ValueError(f"call {number}: {error}") from error
        except (KeyError, TypeError) as error:
            raise ValueError(f"call {number} is not {{opcode, flags, flist}}") from error

    def snapshot(self, name: str) -> None:
        """Keep the state under a name."""
        self._store.snapshot(name)

    def restore(self, name: str) -> None:
        """Go back to the state kept under a name, but for the price list, which is today's."""
        self._store.restore(name)
        self._load_prices()

    def snapshots(self) -> list[str]:
        """Name the states kept."""
        return self._store.snapshots()

    def _load_prices(self) -> None:
        load_into(self._store, self._dispatcher.catalog, self._dispatcher.simulation.now())


class BrmSim:
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


def build(settings: Settings, *, opcodes: Mapping[str, Opcode] = OPCODES) -> BrmSim:
    """Wire the simulator; the price list is loaded when the database has none yet."""
    word = publishing.Words(settings.system) if settings.send_to else None
    store = Store(settings.url, lock_wait=settings.lock_patience, word=word)
    control = ControlStore(settings.url, journal_size=settings.journal_size)
    simulation = Simulation(control, word_error=faults.wanted, show_error=faults.shown)
    catalog = PriceCatalog.load(settings.catalog)
    load_into(store, catalog, simulation.now())
    dispatcher = Dispatcher(store, catalog, simulation, opcodes)
    pages = {"/opcodes": lambda: simulated(opcodes)}
    token = settings.control_token.get_secret_value() if settings.control_token else secrets.token_urlsafe(24)
    sender = _sender(settings, store)
    routes = [outbox_routes(store.news.outbox, sender)] if store.news.outbox and sender else []
    controlled = control_app(simulation, Brm(dispatcher), token=token, pages=pages, routes=routes)
    known = security.users(settings.users.get_secret_value()) if settings.users else {}

    def site(modules: Sequence[Module], mounts: Mapping[str, WSGIApplication]) -> WSGIApplication:
        return application(
            _services(dispatcher),
            public_url=settings.address,
            limits=settings.limits,
            modules=(*security.modules(known, "BRM simulator"), *modules),
            mounts={"/control": controlled.wsgi_app, **mounts},
        )

    app, end = observed(site, settings, name="brm-sim", checks={"store": partial(_check, control)})
    return BrmSim(app, end, *([sender.stop] if sender else []), store.close, control.close)


def _sender(settings: Settings, store: Store) -> Sender | None:
    """Begin to tell changes, when there is somebody to tell them to."""
    if settings.send_to is None or store.news.outbox is None:
        return None
    deliver = publishing.delivery(settings.send_to, settings.send_credentials)
    sender = Sender(store.news.outbox, deliver, settings.patience, threads=settings.send_threads)
    store.news.wake = sender.wake
    sender.start()
    return sender


def _check(control: ControlStore) -> str | None:
    try:
        control.clock()
    except SQLAlchemyError:
        return "cannot be reached"
    return None


def _services(dispatcher: Dispatcher) -> list[Service]:
    return [
        Service(
            contract,
            {operation.name: dispatcher.handle for operation in contract.operations},
            paths=(f"/BrmWebServices/{contract.name}",),
            word_fault=dispatcher.word_fault,
            normalise=dispatcher.normalise,
        )
        for contract in registry().contracts
    ]


def from_environment() -> BrmSim:
    """Build the application from the environment: what each worker process does."""
    settings = Settings()
    settings.configure_log()
    return build(settings)
