"""Compares contracts as their callers see them: what changed, in words, and whether that breaks a caller.

A caller is code generated from the old contract, calling a service of the new one. What it writes must stay right;
what it reads must stay what it knows.
"""

from soapkit.contract_diff.change import Change, Part
from soapkit.contract_diff.services import compare, compare_all

__all__ = ["Change", "Part", "compare", "compare_all"]
