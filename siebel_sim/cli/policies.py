"""``siebel-sim policies``: which changes are told to others; a policy switched on or off."""

from __future__ import annotations

from typing import Annotated

import typer

from siebel_sim.cli.output import Json, print_json, print_table
from siebel_sim.cli.remote import Address, Remote, TokenFile

app = typer.Typer(help="Workflow policies: which changes of records start which CUT Send workflow.")
_Name = Annotated[str, typer.Argument(help="The policy; usually called like its workflow: CUT Send Account Data")]


@app.callback(invoke_without_command=True)
def without_command(
    context: typer.Context, *, address: Address = None, token_file: TokenFile = None, as_json: Json = False
) -> None:
    """Workflow policies: which changes of records start which CUT Send workflow. Without a command: list them."""
    if context.invoked_subcommand is None:
        list_policies(address=address, token_file=token_file, as_json=as_json)


@app.command("list")
def list_policies(*, address: Address = None, token_file: TokenFile = None, as_json: Json = False) -> None:
    """List the policies of a running simulator, and where changes are told to."""
    found = Remote(address, token_file).ask("GET", "policies")
    if as_json:
        print_json(found)
        return
    rows = [{**each, "is": each.get("idle") or ("on" if each["is_on"] else "off")} for each in found["policies"]]
    print_table(("name", "business_component", "on", "condition", "is"), rows, empty="There are no policies.")
    typer.echo(f"Told to {found['send_to']}" if found["send_to"] else "Nobody is told: SIEBEL_SIM_SEND_TO is not set.")


@app.command("on")
def switch_on(name: _Name, *, address: Address = None, token_file: TokenFile = None) -> None:
    """Switch a policy on."""
    Remote(address, token_file).ask("POST", "policies", name, "on")
    typer.echo(f"{name} is on.")


@app.command("off")
def switch_off(name: _Name, *, address: Address = None, token_file: TokenFile = None) -> None:
    """Switch a policy off: changes meanwhile are never told."""
    Remote(address, token_file).ask("POST", "policies", name, "off")
    typer.echo(f"{name} is off.")
