"""`o2c`: the operators' command line. Each command calls one use case and prints what came of it."""

from gateway.cli.main import main

__all__ = ["main"]
