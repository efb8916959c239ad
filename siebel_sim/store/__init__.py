"""Business components in a database: SQLite or PostgreSQL. SQL is here and nowhere else."""

from siebel_sim.store.changes import Change, Did, Listener, Row
from siebel_sim.store.session import Session
from siebel_sim.store.store import Store

__all__ = ["Change", "Did", "Listener", "Row", "Session", "Store"]
