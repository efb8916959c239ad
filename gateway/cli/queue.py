"""`o2c queue`: queues, their error queues, and what happened to a message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.admin import Admin
from gateway.cli.context import session
from gateway.cli.output import Failed, Json, console, document, done, literal, record, rows
from gateway.messaging.queues import Message, State

app = typer.Typer(no_args_is_help=True, help="Queues and error queues (the error queue of X is X_ErrorQ).")

Queue = Annotated[str, typer.Argument(help="A queue, or its error queue.")]
Intake = Annotated[int, typer.Argument(help="The message's number.")]
Intakes = Annotated[list[int] | None, typer.Argument(help="Messages' numbers.")]
AllOf = Annotated[str | None, typer.Option("--all", metavar="QUEUE", help="All that lie in this queue's error queue.")]
OfCode = Annotated[str | None, typer.Option("--code", help="With --all: only those that failed with this code.")]
Source = Annotated[str, typer.Argument(help="A file, or - for standard input.")]

_SOAP = "(SOAP requests)"


def _admin(context: typer.Context) -> Admin:
    return session(context).gateway.admin


@app.command("list")
def list_queues(context: typer.Context, as_json: Json = False) -> None:
    """List queues and how many messages they hold in each state."""
    found = [
        {"queue": each.queue or _SOAP, **{state.value: each.counts.get(state, 0) for state in State}}
        for each in _admin(context).queues()
    ]
    rows(("queue", *(state.value for state in State)), found, as_json=as_json, empty="No queues.")


@app.command()
def show(
    context: typer.Context,
    queue: Queue,
    state: Annotated[list[State] | None, typer.Option(help="Only messages in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    as_json: Json = False,
) -> None:
    """Show the messages of a queue, in the order they came."""
    found = [_message(each) for each in _admin(context).messages(queue, state or (), limit)]
    columns = ("intake", "state", "order", "account", "attempt", "code", "reason", "created_at")
    rows(columns, found, as_json=as_json, empty=f"{queue} is empty.", limit=limit)


@app.command()
def order(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="An order's number, as its sender knows it.")],
    as_json: Json = False,
) -> None:
    """Find the messages that carried an order, over queues and over SOAP; `message N` tells the story of each."""
    found = [_message(each) for each in _admin(context).of_order(number)]
    named = [{**each, "queue": each["queue"] or _SOAP} for each in found]
    columns = ("intake", "queue", "state", "account", "attempt", "code", "reason", "created_at")
    rows(columns, named, as_json=as_json, empty=f"No message that could be read carried order {number}.")


@app.command()
def message(
    context: typer.Context,
    intake: Intake,
    body: Annotated[bool, typer.Option("--body", help="Print only the message itself, as it came.")] = False,
    as_json: Json = False,
) -> None:
    """Show one message, what happened to it step by step, and which opcodes were called for it."""
    admin = _admin(context)
    if body:
        sys.stdout.buffer.write(admin.payload(intake))
        return
    found, story = _message(admin.message(intake)), [record(step) for step in admin.story(intake)]
    if as_json:
        document({**found, "story": story})
        return
    for key, value in found.items():
        if value not in (None, ""):
            console.print(f"[bold]{key.replace('_', ' ')}[/bold]  {literal(str(value))}")
    rows(("at", "attempt", "step", "text"), story, as_json=False, empty="No story yet.")


@app.command()
def put(context: typer.Context, queue: Queue, source: Source) -> None:
    """Put a message on a queue."""
    intake = _admin(context).put(queue, _read(source))
    consumed = any(route.queue == queue for route in _admin(context).routes)
    where = queue if consumed else f"{queue}, where it stays until somebody gets it: this gateway does not consume it"
    done(f"Message {intake} is on {where}.", then=f"o2c queue message {intake}")


@app.command()
def get(context: typer.Context, queue: Queue) -> None:
    """Take the next message off a queue that nobody here consumes, and print it."""
    taken = _admin(context).get(queue)
    if taken is None:
        raise Failed(f"{queue} is empty.")
    sys.stdout.buffer.write(taken[1])


@app.command()
def resubmit(context: typer.Context, intakes: Intakes = None, everything: AllOf = None, code: OfCode = None) -> None:
    """Put messages of an error queue back to be consumed: one, many, or all (perhaps of one error code)."""
    chosen = _chosen(context, intakes, everything, code)
    _admin(context).resubmit(chosen)
    done(f"Resubmitted: {_numbers(chosen)}.", then="o2c queue list")


@app.command()
def edit(context: typer.Context, intake: Intake, source: Source) -> None:
    """Replace a message of an error queue by another text, and resubmit it. Get the text with: message N --body."""
    _admin(context).resubmit([intake], _read(source))
    done(f"Message {intake} was replaced and resubmitted.", then=f"o2c queue message {intake}")


@app.command()
def discard(context: typer.Context, intakes: Intakes = None, everything: AllOf = None, code: OfCode = None) -> None:
    """Take messages out of an error queue for good; they stay readable."""
    chosen = _chosen(context, intakes, everything, code)
    _admin(context).discard(chosen)
    done(f"Discarded: {_numbers(chosen)}.")


@app.command()
def alarms(context: typer.Context, as_json: Json = False) -> None:
    """List what only an operator can decide: transactions settled by hand or lost in BRM, replies given up."""
    found = [record(each) for each in _admin(context).alarms()]
    columns = ("id", "kind", "intake", "brm", "transaction", "text", "raised_at")
    rows(columns, found, as_json=as_json, empty="No alarms.")


@app.command()
def settle(context: typer.Context, alarm: Annotated[int, typer.Argument(help="The alarm's id.")]) -> None:
    """Mark an alarm as dealt with."""
    _admin(context).settle_alarm(alarm)
    done(f"Alarm {alarm} is settled.")


def _chosen(context: typer.Context, intakes: list[int] | None, everything: str | None, code: str | None) -> list[int]:
    if intakes and everything is None:
        return intakes
    if everything is None or intakes:
        raise Failed("Name messages by number, or --all QUEUE; not both.")
    return [each.intake for each in _admin(context).errors(everything, code)]


def _numbers(intakes: Sequence[int]) -> str:
    return ", ".join(map(str, intakes)) or "nothing"


def _read(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise Failed(f"{source}: {error.strerror}") from error


def _message(message: Message) -> dict[str, Any]:
    """Flatten a message for people and scripts: the reason becomes code, reason and element."""
    found = record(message)
    reason = found.pop("reason")
    told = (None, None, None, None) if reason is None else (reason.code, reason.text, reason.element, reason.kind)
    return {**found, **dict(zip(("code", "reason", "element", "kind"), told, strict=True))}
