"""`o2c brm`: what customers hold in BRM, and its transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from gateway.cli.context import session
from gateway.cli.output import Failed, Json, done, record, rows
from gateway.inquiry import holdings
from gateway.messaging.xa import Brm

app = typer.Typer(no_args_is_help=True, help="BRM: accounts, services and offerings; transactions in doubt.")

Target = Annotated[str, typer.Option("--brm", help="Which BRM, by the name it has in the settings.")]
Limit = Annotated[int, typer.Option(min=1, help="At most this many.")]
Number = Annotated[str, typer.Argument(help="An ACCOUNT_NO; % matches anything.")]

_MOST_ACCOUNTS = 1000


def _brm(context: typer.Context, name: str) -> Brm:
    found = session(context).gateway.brms.get(name)
    if found is None:
        known = ", ".join(sorted(session(context).gateway.brms))
        raise Failed(f"There is no BRM called {name} in the settings; there is {known}.")
    return found


@app.command()
def accounts(
    context: typer.Context, number: Number = "%", brm: Target = "BRM_01", limit: Limit = 100, as_json: Json = False
) -> None:
    """List accounts."""
    found = [record(each) for each in holdings.accounts(_brm(context, brm), number, limit)]
    columns = ("number", "name", "status", "currency", "poid")
    rows(columns, found, as_json=as_json, empty="No such account.", limit=limit)


@app.command()
def services(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List the services of accounts."""
    columns = ("account", "id", "status", "poid", "common")
    rows(columns, _held(_brm(context, brm), number, holdings.services), as_json=as_json, empty="No services.")


@app.command()
def offerings(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List the products and discounts that accounts bought."""
    columns = ("account", "id", "status", "since", "poid", "service", "common")
    rows(columns, _held(_brm(context, brm), number, holdings.offerings), as_json=as_json, empty="No offerings.")


@app.command()
def charges(context: typer.Context, number: Number = "%", brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List the events that charged accounts."""
    columns = ("account", "what", "amount", "at", "poid")
    rows(columns, _held(_brm(context, brm), number, holdings.charges), as_json=as_json, empty="No charges.")


def _held(brm: Brm, number: str, ask: Callable[[Brm, str], Sequence[Any]]) -> list[dict[str, Any]]:
    """Return what each account with this number has, of the kind that ``ask`` asks for."""
    found = holdings.accounts(brm, number, _MOST_ACCOUNTS)
    if len(found) == _MOST_ACCOUNTS:
        raise Failed(f"{_MOST_ACCOUNTS} accounts or more are called {number}: ask for fewer.")
    return [{"account": account.number, **record(each)} for account in found for each in ask(brm, account.poid)]


transactions = typer.Typer(no_args_is_help=True, help="Transactions prepared in BRM, or settled by hand.")
app.add_typer(transactions, name="transactions")
Transaction = Annotated[str, typer.Argument(help="A TRANS_ID, as listed.")]


@transactions.command("list")
def list_transactions(context: typer.Context, brm: Target = "BRM_01", as_json: Json = False) -> None:
    """List transactions that have not ended: what BRM holds (standing) and what the gateway has decided (verdict)."""
    found = [record(each) for each in session(context).gateway.admin.transactions(brm)]
    columns = ("transaction", "standing", "verdict", "intake", "order", "state", "created_at")
    rows(columns, found, as_json=as_json, empty="Nothing is open.")


@transactions.command()
def commit(context: typer.Context, transaction: Transaction, brm: Target = "BRM_01") -> None:
    """Commit a prepared transaction by hand: for when the gateway that prepared it will never come back."""
    _forced(context, transaction, brm, commit=True)


@transactions.command()
def abort(context: typer.Context, transaction: Transaction, brm: Target = "BRM_01") -> None:
    """Abort a prepared transaction by hand."""
    _forced(context, transaction, brm, commit=False)


def _forced(context: typer.Context, transaction: str, brm: str, *, commit: bool) -> None:
    settled = session(context).gateway.admin.force(brm, transaction, commit=commit)
    done(f"{transaction} is {settled}. It is recorded; what it left to decide is an alarm.", then="o2c queue alarms")
