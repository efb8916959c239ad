"""Where faults, journal, clock and barriers live: in the simulator's database, so that all its processes agree."""

from simkit.store.control import ControlStore, Posted

__all__ = ["ControlStore", "Posted"]
