"""A progress bar on the terminal, for a seed that takes a while. Where there is no terminal, nothing is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from siebel_sim.seed import seeding


@contextmanager
def bar() -> Iterator[seeding.Progress]:
    """Show a bar on stderr while the block runs; it moves when the progress that the block gets is told."""
    columns = (TextColumn("customers"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("customers", total=None)

        def tell(made: int, wanted: int) -> None:
            progress.update(task, completed=made, total=wanted)

        yield tell
