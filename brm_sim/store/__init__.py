"""Storable objects and BRM transactions in a database. Nothing lives in memory: many processes may share one."""

from brm_sim.store.database import SchemaMismatch
from brm_sim.store.news import Told
from brm_sim.store.rows import DATABASE_NUMBER
from brm_sim.store.session import StoreSession
from brm_sim.store.states import State
from brm_sim.store.store import DEFAULT_LOCK_WAIT, DEFAULT_TIMEOUT, Outcome, Recovered, Store, Vote

__all__ = [
    "DATABASE_NUMBER",
    "DEFAULT_LOCK_WAIT",
    "DEFAULT_TIMEOUT",
    "Outcome",
    "Recovered",
    "SchemaMismatch",
    "State",
    "Store",
    "StoreSession",
    "Told",
    "Vote",
]
