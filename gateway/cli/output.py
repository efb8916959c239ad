"""How commands print: a table for people, JSON for scripts, and what to do next."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of a table.")]

_WIDE = 170
literal = escape
"""Text that came from outside, to be printed as it is: orders hold brackets, which rich would read as its markup."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
errors = Console(stderr=True, highlight=False)


class Failed(Exception):
    """A command that could not do what it was asked; the text says why and what to do. Exit status 1."""


def rows(
    columns: Sequence[str], values: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str, limit: int | None = None
) -> None:
    """Print records: the named columns as a table, or all they hold as a JSON array.

    A table that is as long as the command's ``--limit`` says that there may be more.
    """
    if as_json:
        document(values)
        return
    if not values:
        console.print(empty)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for value in values:
        table.add_row(*(literal(_cell(value.get(column))) for column in columns))
    console.print(table)
    if limit is not None and len(values) >= limit:
        console.print(f"[dim]the first {limit}; --limit shows more[/dim]")


def document(value: Any) -> None:
    """Print one JSON document."""
    json.dump(value, sys.stdout, default=_plain, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def record(value: Any) -> dict[str, Any]:
    """Return a dataclass as a mapping, its fields as they are."""
    return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}


def done(text: str, *, then: str = "") -> None:
    """Say what was done and, perhaps, which command comes next."""
    console.print(literal(text))
    if then:
        console.print(f"[dim]next:[/dim] {literal(then)}")


def failed(error: Exception) -> None:
    """Say on standard error why a command failed, unbroken, for people and for grep."""
    errors.print(f"[red]o2c:[/red] {literal(str(error))}", soft_wrap=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return record(value)
    return str(value)
