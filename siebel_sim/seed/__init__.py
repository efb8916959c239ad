"""Seed data: customers of a telephone company, made up and the same everywhere; and records that tests bring as JSON.

This knows what customers look like; what a record must satisfy is the adapter's, how it is stored the store's.
"""

from siebel_sim.seed.bar import bar
from siebel_sim.seed.seeding import DEFAULT, AlreadySeeded, Counts, NothingToSeed, Progress, seed, seed_when_empty

__all__ = ["DEFAULT", "AlreadySeeded", "Counts", "NothingToSeed", "Progress", "bar", "seed", "seed_when_empty"]
