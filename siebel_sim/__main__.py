"""``python -m siebel_sim`` is ``siebel-sim``."""

from siebel_sim.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
