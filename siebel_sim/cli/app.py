"""The commands of ``siebel-sim``; without one of them it serves."""

from __future__ import annotations

import sys

import typer

from siebel_sim.cli import outbox, policies, records, seeding, serving
from siebel_sim.cli.output import Failed

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False)
serving.add_to(app)
seeding.add_to(app)
records.add_to(app)
app.add_typer(policies.app, name="policies")
app.add_typer(outbox.app, name="outbox")


def main() -> None:
    """Run ``siebel-sim``; exit status 0 = done, 1 = failed (said why), 2 = not understood."""
    try:
        app()
    except Failed as error:
        typer.echo(f"siebel-sim: {error}", err=True)
        sys.exit(1)
