"""The commands of `o2c`, and how their failures are told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import stamina
import typer

from gateway import logs
from gateway.cli import brm, config, cut, demo, doctor, queue, reply, run, user, wsdl, xref
from gateway.cli.context import Session
from gateway.cli.output import Failed, failed
from gateway.config import ConfigError, load
from gateway.errors import GatewayError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="An order-to-cash gateway between Siebel CRM and Oracle BRM. Start with: o2c demo",
)
run.add_to(app)
demo.add_to(app)
app.add_typer(queue.app, name="queue")
app.add_typer(reply.app, name="reply")
app.add_typer(user.app, name="user")
app.add_typer(xref.app, name="xref")
app.add_typer(brm.app, name="brm")
app.add_typer(cut.app, name="cut")
app.add_typer(wsdl.app, name="wsdl")
app.add_typer(doctor.app, name="doctor")
app.add_typer(config.app, name="config")


@app.callback()
def settings(
    context: typer.Context,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="Settings file. Default: $O2C_CONFIG, else ./o2c.toml if it exists.")
    ] = None,
) -> None:
    """Read the settings before any command."""
    loaded = load(config_file)
    stamina.instrumentation.set_on_retry_hooks([])  # commands wait with it; that is no news
    logs.configure(level=loaded.logging.level, form=loaded.logging.format)
    context.obj = Session(loaded, config_file)
    context.call_on_close(context.obj.close)


def main() -> None:
    """Run `o2c`; exit status 0 = done, 1 = failed (said why), 2 = not understood."""
    try:
        app()
    except (Failed, GatewayError, ConfigError) as error:
        failed(error)
        sys.exit(1)
