"""`o2c up`, `o2c serve`, `o2c worker`: the processes of a gateway."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import typer

from gateway import logs
from gateway.bootstrap import Gateway, build
from gateway.cli.context import session
from gateway.cli.output import Failed, console
from gateway.cli.processes import Program, running, wait_for_any_end
from gateway.config import FILE_VARIABLE, Settings, load
from soapkit.observe import tracing
from soapkit.server import serve as serve_threads
from soapkit.server import serve_workers

_TARGET = f"{__name__}:from_environment"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_UP = """[bold]gateway[/bold]        {gateway}/services/
[bold]BRM[/bold]            {brm}
[bold]queue workers[/bold]  {workers}

next: o2c seed · o2c queue put AIA_CRTBO_OUT_JMSQ order.xml · o2c queue list · o2c brm accounts
Ctrl-C stops everything."""

Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Processes that consume queues. Default: 1.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(serve)
    app.command()(worker)


def up(
    context: typer.Context,
    workers: Workers = None,
    simulator: Annotated[bool, typer.Option(help="Start the BRM simulator, if BRM_01 is on this machine.")] = True,
    state: Annotated[Path, typer.Option(help="Where the simulator keeps its state and its token.")] = Path("var"),
) -> None:
    """Run everything in the foreground on loopback: the gateway, its queue workers and the BRM simulator."""
    settings, options = session(context).settings, session(context).options
    _check_tls(settings)
    programs = [gateway_program(settings, options), *worker_programs(workers or 1, options)]
    brm = "as in the settings"
    if simulator and _local(settings):
        token = _token(state / "brm-control.token")
        programs.insert(0, simulator_program(settings, state, token))
        brm = f"simulator, {settings.brm['BRM_01'].url}/services/ (control token in {state / 'brm-control.token'})"
    _upgrade(context)
    with running(programs) as processes:
        console.print(_UP.format(gateway=settings.address, brm=brm, workers=workers or 1))
        ended = wait_for_any_end(processes)
    if ended is not None:
        raise Failed(f"{ended.program.name} ended by itself with status {ended.exit_code}; everything was stopped.")


def serve(context: typer.Context) -> None:
    """Serve SOAP only, in this process (or gateway.workers processes)."""
    settings = session(context).settings
    _check_tls(settings)
    at = settings.gateway
    place: dict[str, Any] = {
        "host": at.host,
        "port": at.port,
        "threads": at.threads,
        "max_bytes": settings.limits.max_bytes,
        "max_seconds": settings.limits.max_seconds,
    }
    try:
        if at.workers > 1 or settings.tls.files is not None:
            if session(context).config_file is not None:
                os.environ[FILE_VARIABLE] = str(session(context).config_file)  # server processes have no command line
            serve_workers(_TARGET, workers=at.workers, tls=settings.tls.files, **place)
        else:
            with closing(_Served(settings, session(context).gateway)) as app:
                serve_threads(app, **place)
    except OSError as error:
        raise Failed(f"Cannot listen on {at.host}:{at.port}: {error.strerror}") from error


def worker(context: typer.Context) -> None:
    """Consume the queues until told to stop; any number of these may run."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    end_traces = _traces(session(context).settings)
    consumer = session(context).gateway.worker()
    consumer.start()
    stopping.wait()
    consumer.stop()
    end_traces()


def from_environment() -> WSGIApplication:
    """Build the web application of one server process."""
    settings = load()
    logs.configure(level=settings.logging.level, form=settings.logging.format)
    return _Served(settings, build(settings))


class _Served:
    """A gateway's web application with what runs beside it, until it is closed."""

    def __init__(self, settings: Settings, gateway: Gateway) -> None:
        self._end_traces = _traces(settings)
        self._gateway = gateway
        gateway.heartbeat().start()
        self._app = gateway.application()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        return self._app(environ, start_response)

    def close(self) -> None:
        """End heartbeats, send the last traces, let go of the database."""
        self._gateway.close()
        self._end_traces()


def _traces(settings: Settings) -> Callable[[], None]:
    return tracing.configure("o2c-gateway", settings.telemetry.traces_endpoint)


def _check_tls(settings: Settings) -> None:
    if problem := settings.tls.problem():
        raise Failed(problem)


def gateway_program(settings: Settings, options: Sequence[str] = (), log: Path | None = None) -> Program:
    """Return the gateway's web server as a program."""
    ready = f"{settings.here}/health/live"
    return Program("gateway", "gateway", (*options, "serve"), ready=ready, log=log)


def worker_programs(count: int, options: Sequence[str] = (), log: Path | None = None) -> list[Program]:
    """Return queue workers as programs."""
    arguments = (*options, "worker")
    return [Program(f"worker {number}", "gateway", arguments, log=log) for number in range(1, count + 1)]


def simulator_program(settings: Settings, state: Path, token: str, log: Path | None = None) -> Program:
    """Return the BRM simulator as a program, at the address of BRM_01."""
    url = settings.brm["BRM_01"].url
    address = urlsplit(url)
    environment = {
        "BRM_SIM_HOST": address.hostname or "127.0.0.1",
        "BRM_SIM_PORT": str(address.port or 80),
        "BRM_SIM_URL": f"sqlite:///{state / 'brm.sqlite'}",
        "BRM_SIM_CONTROL_TOKEN": token,
        "BRM_SIM_LOG_LEVEL": settings.logging.level,
        "BRM_SIM_LOG_FORMAT": settings.logging.format,
    }
    return Program("BRM simulator", "brm_sim", environment=environment, ready=f"{url}/services/", log=log)


def _local(settings: Settings) -> bool:
    """Tell whether BRM_01 is where the simulator is started: here, without TLS."""
    brm = settings.brm.get("BRM_01")
    at = urlsplit("" if brm is None else brm.url)
    return at.scheme == "http" and at.hostname in _LOOPBACK


def _token(path: Path) -> str:
    """Return the simulator's token; made once, readable by its owner only."""
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return token


def _upgrade(context: typer.Context) -> None:
    """Bring the database up to date once, before several processes open it."""
    _ = session(context).gateway
