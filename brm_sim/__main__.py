"""``brm-sim`` (or ``python -m brm_sim``): serve the simulator, or handle one that is running."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from brm_sim import commands
from brm_sim.catalog import PriceListError
from brm_sim.server import BrmSim, build
from brm_sim.settings import Settings
from brm_sim.store import SchemaMismatch
from simkit.serving import serve_here, serve_in_workers

_UNUSABLE = (ValidationError, PriceListError, SchemaMismatch, SQLAlchemyError, OSError)
"""What is wrong with the settings, the files or the machine, and is told in a line."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


for _command in (commands.change, commands.outbox, commands.retry):
    app.command()(_command)


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    url: Annotated[str | None, typer.Option(help="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL.")] = None,
    catalog: Annotated[Path | None, typer.Option(help="Price list, a TOML file.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve.")] = None,
    public_url: Annotated[str | None, typer.Option(help="The address that published WSDLs say.")] = None,
) -> None:
    """Serve a simulated Oracle BRM until SIGTERM or Ctrl-C; or, with a command, handle one that is running.

    Every option is also a setting of the environment: BRM_SIM_HOST, BRM_SIM_PORT, BRM_SIM_URL …
    """
    if context.invoked_subcommand is not None:
        return
    given = {"host": host, "port": port, "url": url, "catalog": catalog, "workers": workers, "public_url": public_url}
    for name, value in given.items():
        if value is not None:
            os.environ[f"BRM_SIM_{name.upper()}"] = str(value)  # worker processes read the same settings
    try:
        settings = _with_token(Settings())
        settings.configure_log()
        typer.echo(f"BRM simulator at {settings.address}/services/ , state in {_without_password(settings.url)}")
        typer.echo(f"Control API at {settings.address}/control/ , bearer token in BRM_SIM_CONTROL_TOKEN")
        simulator = build(settings)
    except _UNUSABLE as error:
        typer.echo(f"brm-sim: {_reason(error)}", err=True)
        raise typer.Exit(1) from error
    with closing(simulator):
        _serve(settings, simulator)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())


def _with_token(settings: Settings) -> Settings:
    """Make a token when none is set, and print it, once."""
    if settings.control_token is not None:
        return settings
    token = secrets.token_urlsafe(24)
    os.environ["BRM_SIM_CONTROL_TOKEN"] = token
    typer.echo(f"BRM_SIM_CONTROL_TOKEN={token}")
    return Settings()


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url


def _serve(settings: Settings, simulator: BrmSim) -> None:
    """Serve ``simulator``; several workers build one each: that it could be built here says that they can."""
    try:
        if settings.in_workers:
            simulator.close()
            serve_in_workers(settings, "brm_sim.server:from_environment")
        else:
            serve_here(settings, simulator)
    except OSError as error:
        typer.echo(f"brm-sim: cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
