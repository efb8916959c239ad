"""``brm-sim change``, ``outbox`` and ``retry``: what a person does to a simulator that is running."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from brm_sim.remote import Remote, RemoteError, change_customer, change_service
from brm_sim.settings import Settings

At = Annotated[str | None, typer.Option(help="Address of the simulator; else as BRM_SIM_HOST and BRM_SIM_PORT say.")]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with the token of its control API; else BRM_SIM_CONTROL_TOKEN.")
]


def change(
    customer: Annotated[str | None, typer.Option(help="Account number of the customer to change.")] = None,
    service: Annotated[str | None, typer.Option(help="Login of the service to change.")] = None,
    program: Annotated[str, typer.Option(help="Who says to be changing it (PROGRAM_NAME).")] = "brm-sim change",
    at: At = None,
    token_file: TokenFile = None,
    *,
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…", help="CITY=York PHONE=…, or LOGIN=…")],
) -> None:
    """Change a customer or a service of a running simulator, through the opcodes.

    brm-sim change --customer ACC-1 CITY=York PHONE=01904123456
    brm-sim change --service 447700900123 LOGIN=447700900999 ALIAS=447700900999
    """
    with _telling() as done:
        if (customer is None) is (service is None):
            raise RemoteError("say --customer or --service")
        remote, changes = _remote(at, token_file), _pairs(fields)
        changed = (
            change_customer(remote, customer, changes, program)
            if customer is not None
            else change_service(remote, service or "", changes, program)
        )
        done.append(changed)


def outbox(
    state: Annotated[str | None, typer.Option(help="Only those waiting, sent or parked.")] = None,
    at: At = None,
    token_file: TokenFile = None,
) -> None:
    """Show what a running simulator has told, or is to tell, of committed changes."""
    with _telling() as done:
        told = _remote(at, token_file).ask("GET", f"/outbox?limit=1000{f'&state={state}' if state else ''}")
        done.append(", ".join(f"{count} {name}" for name, count in told["counts"].items()))
        done.extend(_line(entry) for entry in told["entries"])


def retry(
    number: Annotated[int | None, typer.Argument(help="The event's number; without it, all.")] = None,
    at: At = None,
    token_file: TokenFile = None,
) -> None:
    """Tell again, now, what could not be told."""
    with _telling() as done:
        path = "/outbox/retry" if number is None else f"/outbox/{number}/retry"
        done.append(f"{_remote(at, token_file).ask('POST', path)['retried']} to be told again")


@contextmanager
def _telling() -> Iterator[list[str]]:
    """Print what was done, or why it was not, and end the command accordingly."""
    done: list[str] = []
    try:
        yield done
    except RemoteError as error:
        typer.echo(f"brm-sim: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo("\n".join(done))


def _remote(at: str | None, token_file: Path | None) -> Remote:
    try:
        settings = Settings()
        token = token_file.read_text(encoding="ascii").strip() if token_file else None
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        raise RemoteError(f"settings or token cannot be read: {type(error).__name__}") from error
    if token is None and settings.control_token is not None:
        token = settings.control_token.get_secret_value()
    if not token:
        raise RemoteError("the control API needs its token: --token-file, or BRM_SIM_CONTROL_TOKEN")
    return Remote(at or settings.address, token)


def _pairs(fields: Sequence[str]) -> Mapping[str, str]:
    pairs = [field.partition("=") for field in fields]
    if wrong := [name for name, equals, _ in pairs if not (name and equals)]:
        raise RemoteError(f"{wrong[0]!r} is not FIELD=VALUE")
    return {name.upper(): value for name, _, value in pairs}


def _line(entry: Mapping[str, object]) -> str:
    told = f"{entry['number']:>6}  {entry['state']:<8} {entry['group']}  tries {entry['attempts']}"
    return f"{told}  {entry['error']}" if entry["error"] else told
