"""`o2c wsdl`: contracts for partners to take away, and what a new version of one means to them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gateway.cli.output import Failed, Json, console, document, done, failed, literal, record, rows
from soapkit.catalog import Contract, ContractError, contracts_root, load
from soapkit.contract_diff import Change, compare_all
from soapkit.contract_diff.fetching import fetch, is_address
from soapkit.publish.export import Written, contracts_below
from soapkit.publish.export import export as write

_BREAKING = 1
_NOT_COMPARED = 2

app = typer.Typer(no_args_is_help=True, help="Contracts: export them for partners, compare versions of them.")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made if need be.")],
    flat: Annotated[bool, typer.Option("--flat", help="One self-contained WSDL a service, without imports.")] = False,
    address: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What partners call the gateway: addresses become URL/services/NAME."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write all contracts, with relative imports that work wherever DIR is taken."""
    try:
        found = [load(each) for each in contracts_below(contracts_root() / "wsdl")]
        written = write(found, directory, single=flat, base=address)
    except (ContractError, OSError) as error:
        raise Failed(f"The contracts were not exported: {error}") from error
    if as_json:
        document([record(each) for each in written])
        return
    _say_written(written, directory)


def _say_written(written: Sequence[Written], directory: Path) -> None:
    shown = [
        {"service": each.service, "wsdl": each.wsdl, "was": "written" if each.changed else "there already"}
        for each in written
    ]
    rows(("service", "wsdl", "was"), shown, as_json=False, empty="There are no contracts.")
    changed = sum(each.changed for each in written)
    done(
        f"{len(written)} contracts in {directory}, {changed} of them new or changed.",
        then=f"give {directory} to partners · wsimport {written[0].wsdl} · o2c wsdl diff OLD {directory}",
    )


@app.command()
def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="What callers were built from: a WSDL, a directory, a URL.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What is served from now on: a WSDL, a directory, a URL.")],
    tolerant: Annotated[
        bool, typer.Option("--tolerant", help="Callers ignore elements they do not know (JAX-WS and .NET do).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what changed and whether it breaks a caller.

    Exit status: 0 = no caller breaks, 1 = some do, 2 = they could not be compared.
    """
    try:
        found = compare_all(_read(old), _read(new), tolerant=tolerant)
    except (ContractError, OSError) as error:
        failed(error)
        raise typer.Exit(_NOT_COMPARED) from error
    changes = [each for found_in in found.values() for each in found_in]
    breaking = sum(each.breaking for each in changes)
    if as_json:
        document({"compatible": not breaking, "changes": [record(each) for each in changes]})
    else:
        _say_changed(found, breaking)
    sys.stdout.flush()
    raise typer.Exit(_BREAKING if breaking else 0)


def _read(named: str) -> list[Contract]:
    if is_address(named):
        with TemporaryDirectory(prefix="o2c-wsdl-") as directory:
            return [load(fetch(named, Path(directory)))]
    path = Path(named)
    found = [load(each.resolve()) for each in contracts_below(path)]
    if not found:
        raise ContractError(f"{path}: no WSDL with a service is there")
    return found


def _say_changed(found: Mapping[str, Sequence[Change]], breaking: int) -> None:
    for service, changes in found.items():
        if changes:
            console.print(f"[bold]{literal(service)}[/bold]")
        for change in changes:
            mark = "[red]BREAKS[/red]" if change.breaking else "[green]fine[/green]  "
            console.print(f"  {mark}  {literal(_said(change))}", soft_wrap=True)
    total = sum(len(changes) for changes in found.values())
    if not total:
        console.print("Nothing changed for callers.")
    else:
        counted = "1 change" if total == 1 else f"{total} changes"
        console.print(f"{counted}; breaking for callers built from the old contract: {breaking}.")


def _said(change: Change) -> str:
    where = " ".join(filter(None, (change.operation, change.part if change.path else "", change.path)))
    return f"{where}: {change.text} ({change.effect})" if where else f"{change.text} ({change.effect})"
