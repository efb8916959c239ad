"""The EAI Siebel Adapter: eight methods over integration objects, one transaction a message. Knows no XML, no SOAP."""

from siebel_sim.adapter.arguments import Answer, Arguments
from siebel_sim.adapter.hierarchy import get_account_hierarchy
from siebel_sim.adapter.methods import METHODS, Method

BUSINESS_METHODS = {"GetAccountHierarchy": Method("Get Account Hierarchy", get_account_hierarchy, writes=False)}
"""Methods of other business services, by the names of their operations."""

__all__ = ["BUSINESS_METHODS", "METHODS", "Answer", "Arguments", "Method"]
