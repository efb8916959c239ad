"""`o2c brm`: what customers hold in BRM, and its transactions."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import session
from gateway.cli.output import Failed, Json, record, rows
from gateway.inquiry import holdings
from gateway.messaging.xa import Brm

app = typer.Typer(no_args_is_help=True, help="BRM: accounts, services and offerings; transactions in doubt.")

Target = Annotated[str, typer.Option("--brm", help="Which BRM, by the name it has in the settings.")]
Number = Annotated[str, typer.Argument(help="An ACCOUNT_NO; % matches anything.")]


def _brm(context: typer.Context, name: str) -> Brm:
    found = session(context).gateway.brms.get(name)
    if found is None:
        known = ", ".join(sorted(session(context).gateway.brms))
        raise Failed(f"There is no BRM called {name} in the settings; there is {known}.")
    return found


@app.command()
def accounts(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List accounts."""
    found = [record(each) for each in holdings.accounts(_brm(context, brm), number)]
    rows(("number", "name", "status", "currency", "poid"), found, as_json=as_json, empty="No such account.")


@app.command()
def services(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List the services of accounts."""
    resource = _brm(context, brm)
    found = [
        {"account": account.number, **record(each)}
        for account in holdings.accounts(resource, number)
        for each in holdings.services(resource, account.poid)
    ]
    rows(("account", "id", "status", "poid", "common"), found, as_json=as_json, empty="No services.")


@app.command()
def offerings(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List the products and discounts that accounts bought."""
    resource = _brm(context, brm)
    found = [
        {"account": account.number, **record(each)}
        for account in holdings.accounts(resource, number)
        for each in holdings.offerings(resource, account.poid)
    ]
    columns = ("account", "id", "status", "since", "poid", "service", "common")
    rows(columns, found, as_json=as_json, empty="No offerings.")
