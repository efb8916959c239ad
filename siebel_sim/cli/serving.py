"""``siebel-sim`` and ``siebel-sim serve``: the simulator as a server."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from siebel_sim.cli.output import Failed, reason
from siebel_sim.outbound import PolicyError
from siebel_sim.server import SiebelSim, build
from siebel_sim.settings import Settings
from siebel_sim.sidecars import RepositoryError
from simkit.serving import serve_here, serve_in_workers
from soapkit.catalog import ContractError

UNUSABLE = (ValidationError, ContractError, RepositoryError, PolicyError, SQLAlchemyError, OSError, ValueError)
"""What is wrong with the settings, the contracts or the machine, and is told in a line."""

_Contracts = Annotated[
    Path | None, typer.Option(help="Folder of WSDLs, all of which are served; the installed ones unless said.")
]
_Drop = Annotated[Path | None, typer.Option(help="Folder of your own Siebel WSDLs, served from when they are there.")]
_Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
_Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
_Url = Annotated[str | None, typer.Option(help="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL.")]
_Seed = Annotated[int | None, typer.Option(min=0, help="Customers to make at the start, when there are none.")]
_Workers = Annotated[int | None, typer.Option(help="Processes that serve.")]
_PublicUrl = Annotated[str | None, typer.Option(help="The address that published WSDLs say.")]
_SendTo = Annotated[str | None, typer.Option(help="Base address that changes are told to; nobody is told without it.")]
_Policies = Annotated[Path | None, typer.Option(help="Workflow policies of your own, a TOML file.")]


def add_to(app: typer.Typer) -> None:
    """Add the command, which is also what is done without any."""
    app.callback(invoke_without_command=True)(serve)
    app.command("serve", help="Serve until SIGTERM or Ctrl-C: what happens without a command, too.")(serve)


def serve(
    context: typer.Context,
    *,
    contracts: _Contracts = None,
    drop: _Drop = None,
    host: _Host = None,
    port: _Port = None,
    url: _Url = None,
    seed: _Seed = None,
    workers: _Workers = None,
    public_url: _PublicUrl = None,
    send_to: _SendTo = None,
    policies: _Policies = None,
) -> None:
    """Simulate a Siebel: with the services of a folder of WSDLs, state, and what it tells others when records change.

    Without a command it serves, as `siebel-sim serve` does. Every option is also a setting of the environment:
    SIEBEL_SIM_CONTRACTS, SIEBEL_SIM_PORT, SIEBEL_SIM_URL …
    """
    _tell_workers(
        contracts=contracts,
        drop=drop,
        host=host,
        port=port,
        url=url,
        seed=seed,
        workers=workers,
        public_url=public_url,
        send_to=send_to,
        policies=policies,
    )
    if context.invoked_subcommand is None:
        _run()


def _tell_workers(**given: object) -> None:
    """Put what was given into the environment: worker processes read the same settings there."""
    for name, value in given.items():
        if value is not None:
            os.environ[f"SIEBEL_SIM_{name.upper()}"] = str(value)


def _run() -> None:
    try:
        settings = _with_token(Settings())
        settings.configure_log()
        typer.echo(f"Siebel simulator at {settings.address}/services/ , state in {_without_password(settings.url)}")
        typer.echo(f"Control API at {settings.address}/control/ , bearer token in SIEBEL_SIM_CONTROL_TOKEN")
        simulator = build(settings.model_copy(update={"send_threads": 0}) if settings.in_workers else settings)
    except UNUSABLE as error:
        raise Failed(reason(error)) from error
    with closing(simulator):
        _serve(settings, simulator)


def _with_token(settings: Settings) -> Settings:
    """Make a token when none is set, and print it, once."""
    if settings.control_token is not None:
        return settings
    token = secrets.token_urlsafe(24)
    os.environ["SIEBEL_SIM_CONTROL_TOKEN"] = token
    typer.echo(f"SIEBEL_SIM_CONTROL_TOKEN={token}")
    return Settings()


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url


def _serve(settings: Settings, simulator: SiebelSim) -> None:
    """Serve ``simulator``; several workers build one each: that it could be built here says that they can."""
    try:
        if settings.in_workers:
            simulator.close()
            serve_in_workers(settings, "siebel_sim.server:from_environment")
        else:
            serve_here(settings, simulator)
    except OSError as error:
        raise Failed(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}") from error
