"""`o2c up`, `o2c serve`, `o2c worker`: the processes of a gateway."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import typer

from gateway import logs
from gateway.bootstrap import Gateway, build
from gateway.cli.context import session
from gateway.cli.output import Failed, console
from gateway.cli.processes import Program, running, wait_for_any_end
from gateway.cli.simulators import SIMULATORS, Simulator
from gateway.config import FILE_VARIABLE, Settings, load
from soapkit.observe import tracing
from soapkit.server import serve as serve_threads
from soapkit.server import serve_workers

_TARGET = f"{__name__}:from_environment"
_UP = """[bold]gateway[/bold]        {gateway}/services/
[bold]queue workers[/bold]  {workers}
{systems}

next: o2c seed · o2c queue put AIA_CRTBO_OUT_JMSQ order.xml · o2c queue list · o2c brm accounts
      o2c cut list · o2c cut get Account 1-TC1 · siebel-sim change --help · brm-sim change --help
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
    simulator: Annotated[
        bool, typer.Option(help="Start simulators of BRM_01 and SEBL_01, where these are on this machine.")
    ] = True,
    state: Annotated[Path, typer.Option(help="Where the simulators keep their state and tokens.")] = Path("var"),
) -> None:
    """Run everything in the foreground on loopback: the gateway, its queue workers, simulators of BRM and Siebel."""
    settings, options = session(context).settings, session(context).options
    _check_tls(settings)
    simulated = [each for each in SIMULATORS if simulator and each.is_here(settings)]
    programs = [
        *(each.program(settings, state) for each in simulated),
        gateway_program(settings, options),
        *worker_programs(workers or 1, options),
    ]
    _upgrade(context)
    with running(programs) as processes:
        systems = _systems(settings, simulated, state)
        console.print(_UP.format(gateway=settings.address, workers=workers or 1, systems=systems))
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


def _systems(settings: Settings, simulated: Sequence[Simulator], state: Path) -> str:
    """Say of each system where it is, and where the token of its simulator's control API lies."""
    told = []
    for each in SIMULATORS:
        where = each.url(settings) or "not in the settings"
        if each in simulated:
            where = f"simulator, {where}/services/ (control token in {each.token_file(state)})"
        told.append(f"[bold]{each.system:13}[/bold]  {where}")
    return "\n".join(told)


def _upgrade(context: typer.Context) -> None:
    """Bring the database up to date once, before several processes open it."""
    _ = session(context).gateway
