"""The tables of what Siebel tells others of its own accord: the outbox, and which policies are switched off."""

from __future__ import annotations

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from siebel_sim.store.database import Database
from siebel_sim.store.tables import own
from simkit.store.outbox import Outbox, outbox_table

_outbox = outbox_table(own, "siebel_outbox")
_switched_off = Table("siebel_switched_off", own, Column("policy", String(200), primary_key=True))


def outbox(database: Database) -> Outbox:
    """Give the outbox in ``database``."""
    return Outbox(_outbox, reading=database.reading, writing=database.writing)


class Switches:
    """Which policies are switched off, for every process that serves the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def off(self, connection: Connection | None = None) -> frozenset[str]:
        """Name the policies that are switched off; within a transaction, when one is given."""
        if connection is None:
            with self._database.reading() as own_connection:
                return self.off(own_connection)
        return frozenset(connection.execute(select(_switched_off.c.policy)).scalars())

    def switch(self, policy: str, *, on: bool) -> None:
        """Switch a policy on or off."""
        with self._database.writing() as connection:
            connection.execute(delete(_switched_off).where(_switched_off.c.policy == policy))
            if not on:
                connection.execute(insert(_switched_off), {"policy": policy})

    def clear(self, connection: Connection) -> None:
        """Switch everything on."""
        connection.execute(delete(_switched_off))
