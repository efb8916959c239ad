"""``siebel-sim outbox``: what is to be told to others, what was, and what nobody took."""

from __future__ import annotations

from typing import Annotated

import typer

from siebel_sim.cli.output import Json, print_json, print_table
from siebel_sim.cli.remote import Address, Remote, TokenFile
from simkit.store.outbox import State

app = typer.Typer(no_args_is_help=True, help="What is to be told to others, what was, and what nobody took.")


@app.command("list")
def list_rows(
    *,
    state: Annotated[State | None, typer.Option(help="Only those that are waiting, sent or parked (dead).")] = None,
    after: Annotated[int, typer.Option(help="Only those with a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    address: Address = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """List messages, oldest first. A parked one holds those of its record, until it is retried or discarded."""
    asked = {"after": str(after), "limit": str(limit)} | ({"state": state.value} if state else {})
    found = Remote(address, token_file).ask("GET", "outbox", fields=asked)
    if as_json:
        print_json(found)
        return
    columns = ("number", "message_id", "kind", "group", "state", "attempts", "due", "error")
    print_table(columns, found["entries"], empty="There is nothing.")
    typer.echo(", ".join(f"{count} {name}" for name, count in found["counts"].items()))


@app.command("retry")
def retry(
    numbers: Annotated[list[int] | None, typer.Argument(help="Which; all that failed unless said.")] = None,
    *,
    address: Address = None,
    token_file: TokenFile = None,
) -> None:
    """Try messages again that failed: parked ones live again, those that back off are due now."""
    remote = Remote(address, token_file)
    if numbers:
        retried = sum(remote.ask("POST", "outbox", number, "retry")["retried"] for number in numbers)
    else:
        retried = remote.ask("POST", "outbox", "retry")["retried"]
    typer.echo(f"{retried} to be tried again.")


@app.command("discard")
def discard(
    number: Annotated[int, typer.Argument(help="Which; it must be parked.")],
    *,
    address: Address = None,
    token_file: TokenFile = None,
) -> None:
    """Give up a parked message for good; those of its record behind it go on."""
    Remote(address, token_file).ask("DELETE", "outbox", number)
    typer.echo(f"{number} is discarded.")
