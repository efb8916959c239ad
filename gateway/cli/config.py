"""`o2c config`: the settings in force, and who said so."""

from __future__ import annotations

import typer

from gateway.cli.context import session
from gateway.cli.output import Json, record, rows
from gateway.config import sources

app = typer.Typer(no_args_is_help=True, help="Settings: o2c.toml and O2C_… variables on top of it.")


@app.command()
def show(context: typer.Context, as_json: Json = False) -> None:
    """Show every setting, its value (secrets masked) and where it came from."""
    values = [record(each) for each in sources(session(context).settings)]
    rows(("name", "value", "source"), values, as_json=as_json, empty="")
