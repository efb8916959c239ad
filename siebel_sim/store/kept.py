"""Snapshots: copies of all records inside the database, so that one code serves both kinds and a copy is one commit."""

from __future__ import annotations

from sqlalchemy import Connection, Insert, Table, delete, insert, literal, select

from siebel_sim.store.tables import Tables, snapshots


def clear(connection: Connection, tables: Tables) -> None:
    """Empty every business component."""
    for table in tables.by_name.values():
        connection.execute(delete(table))


def names(connection: Connection) -> list[str]:
    """Name the snapshots."""
    return sorted(connection.execute(select(snapshots.c.name)).scalars())


def take(connection: Connection, tables: Tables, name: str) -> None:
    """Copy everything; a snapshot of that name is replaced."""
    for key, table in tables.by_name.items():
        twin = tables.twins[key]
        connection.execute(delete(twin).where(twin.c.snapshot == name))
        columns = ["snapshot", *(column.name for column in table.columns)]
        connection.execute(insert(twin).from_select(columns, select(literal(name), *table.columns)))
    connection.execute(delete(snapshots).where(snapshots.c.name == name))
    connection.execute(insert(snapshots), {"name": name})


def restore(connection: Connection, tables: Tables, name: str) -> None:
    """Copy a snapshot back; KeyError when there is none."""
    if name not in names(connection):
        raise KeyError(name)
    clear(connection, tables)
    for key, table in tables.by_name.items():
        connection.execute(_copy_back(table, tables.twins[key], name))


def _copy_back(table: Table, twin: Table, name: str) -> Insert:
    columns = [column.name for column in table.columns]
    kept = select(*(twin.c[column] for column in columns)).where(twin.c.snapshot == name)
    return insert(table).from_select(columns, kept)
