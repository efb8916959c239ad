"""`o2c reply`: answers that go to partners' own addresses, from the kept request to the delivery."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.admin.replies import ReplyDesk
from gateway.cli.context import session
from gateway.cli.output import Failed, Json, console, document, done, literal, record, rows
from gateway.messaging.replies import ReplyState

app = typer.Typer(
    no_args_is_help=True, help="Answers to ReplyTo and FaultTo addresses: kept, run, delivered, given up."
)

Number = Annotated[int, typer.Argument(help="The reply's number.")]
Numbers = Annotated[list[int] | None, typer.Argument(help="Replies' numbers.")]
AllFailed = Annotated[bool, typer.Option("--failed", help="All that were given up.")]
OfCode = Annotated[str | None, typer.Option("--code", help="With --failed: only those given up with this code.")]


def _desk(context: typer.Context) -> ReplyDesk:
    return session(context).gateway.replies


@app.command("list")
def list_replies(
    context: typer.Context,
    state: Annotated[list[ReplyState] | None, typer.Option(help="Only replies in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    as_json: Json = False,
) -> None:
    """List replies, in the order their requests came."""
    found = [record(each) for each in _desk(context).list(state or (), limit)]
    columns = ("id", "state", "partner", "operation", "message_id", "tries", "code", "reason", "available_at")
    rows(columns, found, as_json=as_json, empty="No replies.", limit=limit)


@app.command()
def show(
    context: typer.Context,
    number: Number,
    request: Annotated[bool, typer.Option("--request", help="Print only the request's body, as it came.")] = False,
    answer: Annotated[bool, typer.Option("--answer", help="Print only the answer's envelope, unsigned.")] = False,
    as_json: Json = False,
) -> None:
    """Show one reply: where it goes, how far it has come, and why no further."""
    if request or answer:
        sys.stdout.buffer.write(_desk(context).request(number) if request else _desk(context).answer(number))
        return
    found = record(_desk(context).show(number))
    if as_json:
        document(found)
        return
    for key, value in found.items():
        if value not in (None, ""):
            console.print(f"[bold]{key.replace('_', ' ')}[/bold]  {literal(str(value))}")


@app.command()
def retry(context: typer.Context, numbers: Numbers = None, failed: AllFailed = False, code: OfCode = None) -> None:
    """Try replies again now: one, many, or all that were given up (perhaps with one error code)."""
    chosen = _chosen(context, numbers, code, failed=failed)
    _desk(context).retry(chosen)
    done(f"To be tried again: {_told(chosen)}.", then="o2c reply list")


@app.command()
def drop(context: typer.Context, numbers: Numbers = None, failed: AllFailed = False, code: OfCode = None) -> None:
    """Give replies up for good; they stay readable. A request that has not been run never will be."""
    chosen = _chosen(context, numbers, code, failed=failed)
    _desk(context).drop(chosen)
    done(f"Dropped: {_told(chosen)}.")


def _chosen(context: typer.Context, numbers: list[int] | None, code: str | None, *, failed: bool) -> list[int]:
    if bool(numbers) == failed:
        raise Failed("Name replies by number, or --failed; not both.")
    return numbers or [each.id for each in _desk(context).failed(code)]


def _told(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "nothing"
