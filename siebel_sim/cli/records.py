"""``siebel-sim change``: a record of a running simulator, as a user at a screen would change it."""

from __future__ import annotations

from typing import Annotated

import typer

from siebel_sim.cli.output import Json, print_json
from siebel_sim.cli.remote import Address, Remote, TokenFile


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("change")(change)


def change(
    record: Annotated[
        str, typer.Argument(help="What kind of record: account, cutaddress, asset, serviceprofile, order …")
    ],
    row_id: Annotated[str, typer.Argument(help="Its row id.")],
    *,
    assignments: Annotated[
        list[str], typer.Option("--set", metavar="FIELD=VALUE", help="A field, and its new value; nothing empties it.")
    ],
    address: Address = None,
    token_file: TokenFile = None,
    as_json: Json = False,
) -> None:
    """Change fields of a record of a running simulator; policies fire as for any change.

    siebel-sim change account 1-ABC --set MainPhoneNumber="+44 1904 55501"
    """
    fields = dict(map(_field, assignments))
    done = Remote(address, token_file).ask("POST", "change", body={"record": record, "id": row_id, "set": fields})
    if as_json:
        print_json(done)
    elif done["changed"]:
        typer.echo(f"{done['business_component']} {done['id']}: changed {', '.join(done['changed'])}")
    else:
        typer.echo(f"{done['business_component']} {done['id']}: nothing to change")


def _field(assignment: str) -> tuple[str, str]:
    name, equals, value = assignment.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"{assignment} is not FIELD=VALUE")
    return name, value
