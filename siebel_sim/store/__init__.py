"""Business components in a database: SQLite or PostgreSQL. SQL is here and nowhere else."""

from siebel_sim.store.session import Row, Session
from siebel_sim.store.store import Store

__all__ = ["Row", "Session", "Store"]
