"""Snapshots: copies of all tables inside the database, so that one code serves both kinds and a copy is one commit."""

from __future__ import annotations

from sqlalchemy import Connection, Insert, Table, delete, insert, literal, select

from brm_sim.store.tables import CONTENT, facts, snapshots

_PREFIX = "snapshot:"


def clear(connection: Connection) -> None:
    """Empty every table but the snapshots' and the sequences'."""
    for table in CONTENT:
        connection.execute(delete(table))


def names(connection: Connection) -> list[str]:
    """Name the snapshots."""
    found = connection.execute(select(facts.c.name).where(facts.c.name.startswith(_PREFIX, autoescape=True)))
    return sorted(name.removeprefix(_PREFIX) for name in found.scalars())


def take(connection: Connection, name: str) -> None:
    """Copy everything; a snapshot of that name is replaced."""
    for table, twin in snapshots.items():
        connection.execute(delete(twin).where(twin.c.snapshot == name))
        columns = ["snapshot", *(column.name for column in table.columns)]
        connection.execute(insert(twin).from_select(columns, select(literal(name), *table.columns)))
    connection.execute(delete(facts).where(facts.c.name == _PREFIX + name))
    connection.execute(insert(facts), {"name": _PREFIX + name, "value": name})


def restore(connection: Connection, name: str) -> None:
    """Copy a snapshot back; KeyError when there is none."""
    if name not in names(connection):
        raise KeyError(name)
    clear(connection)
    for table, twin in snapshots.items():
        connection.execute(_copy_back(table, twin, name))


def _copy_back(table: Table, twin: Table, name: str) -> Insert:
    columns = [column.name for column in table.columns]
    kept = select(*(twin.c[column] for column in columns)).where(twin.c.snapshot == name)
    return insert(table).from_select(columns, kept)
