"""What Siebel tells others of its own accord: workflow policies fire CUT Send workflows when records change."""

from siebel_sim.outbound.events import Events
from siebel_sim.outbound.policies import PolicyError
from siebel_sim.outbound.wiring import Outbound, outbound

__all__ = ["Events", "Outbound", "PolicyError", "outbound"]
