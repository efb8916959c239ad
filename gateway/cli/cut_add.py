"""`o2c cut add`: writes what one more object of the CUT workflows needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import Failed, Json, console, document, done, literal
from gateway.cut.scaffold import Field, Kind, ScaffoldError, draft, scaffold

_KINDS = ", ".join(Kind)
_FIELD = f'One more field: "Read At:datetime". Kinds: {_KINDS}; text unless said.'


def add(
    name: Annotated[str, typer.Argument(help='The object\'s name in Siebel: "Meter Reading".')],
    directory: Annotated[
        Path, typer.Option("--directory", "-d", metavar="DIR", help="Where to write wsdl/ and xsd/.")
    ] = Path("contracts"),
    field: Annotated[list[str] | None, typer.Option(metavar="NAME[:KIND]", help=_FIELD)] = None,
    as_json: Json = False,
) -> None:
    """Write the contracts of one more object, its sidecar for Siebel's simulator and a sample; overwrites nothing."""
    try:
        written = scaffold(draft(name, [_field(each) for each in field or ()]), directory)
    except ScaffoldError as error:
        raise Failed(str(error)) from error
    if as_json:
        document({"files": written.files, "settings": written.settings})
        return
    for file in written.files:
        console.print(literal(str(directory / file)), soft_wrap=True)
    console.print("\nput into o2c.toml:\n", style="dim")
    console.print(literal(written.settings), soft_wrap=True)
    siebel = (directory / written.siebel_wsdl).parent
    done(
        f"{name} is written; the fields are yours to change in {directory / written.files[0]}.",
        then=f"SIEBEL_SIM_DROP={siebel} siebel-sim · restart the gateway · post {directory / written.sample}",
    )


def _field(given: str) -> Field:
    name, _, kind = given.partition(":")
    try:
        return Field(name.strip(), Kind(kind.strip().lower() or Kind.TEXT))
    except ValueError as error:
        raise ScaffoldError(f"'{kind}' is no kind of field; they are {_KINDS}") from error
