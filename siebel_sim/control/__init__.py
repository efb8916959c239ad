"""What the simulator's control API has beyond every simulator's: policies, and changes of records."""

from siebel_sim.control.changes import change_routes
from siebel_sim.control.policies import policy_routes

__all__ = ["change_routes", "policy_routes"]
