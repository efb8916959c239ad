"""The EAI Siebel Adapter: eight methods over integration objects, one transaction a message. Knows no XML, no SOAP."""

from siebel_sim.adapter.arguments import Answer, Arguments
from siebel_sim.adapter.methods import METHODS, Method

__all__ = ["METHODS", "Answer", "Arguments", "Method"]
