"""``siebel-sim`` (or ``python -m siebel_sim``): serve the simulator."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from siebel_sim.repository import RepositoryError
from siebel_sim.server import SiebelSim, build
from siebel_sim.settings import Settings
from simkit.serving import serve_here, serve_in_workers
from soapkit.catalog import ContractError

_UNUSABLE = (ValidationError, ContractError, RepositoryError, SQLAlchemyError, OSError, ValueError)
"""What is wrong with the settings, the contracts or the machine, and is told in a line."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    *,
    contracts: Annotated[Path | None, typer.Option(help="Folder of WSDLs: every service in it is served.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    url: Annotated[str | None, typer.Option(help="Database: a SQLite file or PostgreSQL, as a SQLAlchemy URL.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve.")] = None,
    public_url: Annotated[str | None, typer.Option(help="The address that published WSDLs say.")] = None,
) -> None:
    """Serve a simulated Siebel, with the services of a folder of WSDLs, until SIGTERM or Ctrl-C.

    Every option is also a setting of the environment: SIEBEL_SIM_CONTRACTS, SIEBEL_SIM_PORT, SIEBEL_SIM_URL …
    """
    given = {"contracts": contracts, "host": host, "port": port, "url": url, "workers": workers}
    for name, value in (given | {"public_url": public_url}).items():
        if value is not None:
            os.environ[f"SIEBEL_SIM_{name.upper()}"] = str(value)  # worker processes read the same settings
    try:
        settings = _with_token(Settings())
        settings.configure_log()
        typer.echo(f"Siebel simulator at {settings.address}/services/ , state in {_without_password(settings.url)}")
        typer.echo(f"Control API at {settings.address}/control/ , bearer token in SIEBEL_SIM_CONTROL_TOKEN")
        simulator = build(settings)
    except _UNUSABLE as error:
        typer.echo(f"siebel-sim: {_reason(error)}", err=True)
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
        typer.echo(f"siebel-sim: cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        raise typer.Exit(1) from error


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
