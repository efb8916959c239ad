"""`o2c xref`: cross-references between COMMON ids and what each system calls the same thing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.context import session
from gateway.cli.output import Failed, Json, done, record, rows
from gateway.domain.xref import XrefRow

app = typer.Typer(no_args_is_help=True, help="Cross-references (XREF): COMMON id ↔ SEBL_01, BRM_01 …")

FIELDS = ("table", "common", "column", "value")
Table = Annotated[str | None, typer.Argument(help="A table, such as CUSTOMERPARTY_ACCOUNTID.")]
Common = Annotated[str | None, typer.Option(help="Only of this COMMON id.")]
Column = Annotated[str | None, typer.Option(help="Only of this system, such as BRM_01.")]
Value = Annotated[str | None, typer.Option(help="Only with this value.")]


@app.command("list")
def list_rows(
    context: typer.Context,
    table: Table = None,
    common: Common = None,
    column: Column = None,
    value: Value = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    as_json: Json = False,
) -> None:
    """List cross-references."""
    found = session(context).gateway.admin.xref(table, common=common, column=column, value=value, limit=limit)
    rows(FIELDS, [record(row) for row in found], as_json=as_json, empty="No such cross-reference.", limit=limit)


@app.command()
def load(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A .csv (with a header) or .json file: table, common, column, value.")],
    replace: Annotated[bool, typer.Option("--replace", help="Override what is there; else that is an error.")] = False,
) -> None:
    """Add cross-references from a file, all or none."""
    read = [_row(number, each) for number, each in enumerate(_records(source), start=1)]
    added = session(context).gateway.admin.load_xref(read, replacing=replace)
    done(f"{added} of {len(read)} cross-references are new.", then="o2c xref list")


@app.command()
def delete(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="The table.")],
    common: Annotated[str, typer.Argument(help="The COMMON id.")],
    column: Annotated[str, typer.Argument(help="The system.")],
) -> None:
    """Delete one cross-reference."""
    admin = session(context).gateway.admin
    deleted = admin.delete_xref(admin.xref(table, common=common, column=column))
    if not deleted:
        raise Failed(f"There is no {table} {common} of {column}.")
    done(f"Deleted {table} {common} of {column}.")


@app.command()
def rebuild(
    context: typer.Context, brm: Annotated[str, typer.Option("--brm", help="Which BRM to read.")] = "BRM_01"
) -> None:
    """Add what is missing from what BRM knows: its objects carry the COMMON id they were made for."""
    added = session(context).gateway.admin.rebuild_xref(brm)
    done(f"{added} cross-references were added from {brm}.", then=f"o2c xref list --column {brm}")


def _records(source: Path) -> list[dict[str, Any]]:
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets begin a file with a mark
            found = json.load(file) if source.suffix == ".json" else list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise Failed(f"{source}: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Failed(f"{source}: not a list of objects with {', '.join(FIELDS)}")
    return found


def _row(number: int, fields: dict[str, Any]) -> XrefRow:
    missing = [name for name in FIELDS if not fields.get(name)]
    if missing:
        raise Failed(f"row {number}: {', '.join(missing)} is missing")
    return XrefRow(*(str(fields[name]) for name in FIELDS))
