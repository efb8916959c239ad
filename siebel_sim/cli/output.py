"""What commands print: tables for people, JSON for scripts; and how a command fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import DBAPIError

_WIDE = 170
"""Columns of a table that goes into a file or a pipe."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Failed(Exception):
    """A command could not do what it was told; the text is told in a line."""


def reason(error: Exception) -> str:
    """Say in a line what is wrong with settings, files or the machine."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, empty: str) -> None:
    """Print some columns of rows; ``empty`` when there are none."""
    found = list(rows)
    if not found:
        typer.echo(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in found:
        table.add_row(*("" if row.get(name) is None else escape(str(row[name])) for name in columns))
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE).print(table)
