"""``siebel-sim``: serve the simulator, seed it, change its records, and look after what it sends."""

from siebel_sim.cli.app import app, main

__all__ = ["app", "main"]
