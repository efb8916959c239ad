"""``siebel-sim seed``: customers with all that is theirs, straight into the database."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from siebel_sim.catalog import Catalog
from siebel_sim.cli.output import Failed, Json, print_json, reason
from siebel_sim.cli.serving import UNUSABLE
from siebel_sim.seed import DEFAULT, AlreadySeeded, Counts, NothingToSeed
from siebel_sim.seed import seed as plant
from siebel_sim.seed.bar import bar
from siebel_sim.settings import Settings
from siebel_sim.store import Store

_THOUSAND = 1000


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("seed")(seed)


def seed(
    *,
    customers: Annotated[
        int | None, typer.Option(min=1, help=f"How many customers; {DEFAULT} when nothing is said.")
    ] = None,
    scale: Annotated[int | None, typer.Option(min=1, help="How many thousand customers, instead.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Beside the accounts that there are.")] = False,
    as_json: Json = False,
) -> None:
    """Make customers with contacts, addresses, billing profiles, assets, orders and tickets in the database.

    The simulator may run meanwhile; seeds are told to nobody. The database is that of SIEBEL_SIM_URL, or of
    siebel-sim --url.
    """
    if customers and scale:
        raise typer.BadParameter("give --customers or --scale")
    wanted = customers or (scale or 0) * _THOUSAND or DEFAULT
    try:
        settings = Settings()
        with (
            closing(Store(settings.url, Catalog(settings.contracts, settings.drop).repository.business)) as store,
            bar() as tell,
        ):
            made = plant(store, customers=wanted, add=add, progress=tell)
    except (AlreadySeeded, NothingToSeed) as error:
        raise Failed(f"{error}{'; --add makes more' if isinstance(error, AlreadySeeded) else ''}") from error
    except UNUSABLE as error:
        raise Failed(reason(error)) from error
    _tell(made, as_json=as_json)


def _tell(made: Counts, *, as_json: bool) -> None:
    if as_json:
        print_json({"customers": made.customers, "records": dict(made.records), "seconds": round(made.seconds, 3)})
        return
    for name, count in sorted(made.records.items()):
        typer.echo(f"{count:>9} {name}")
    typer.echo(f"{made.customers} customers in {made.seconds:.1f} s ({made.rate:.0f} a second)")
