"""Writes what one more object of the CUT workflows needs: contracts, sidecar, a sample. It serves nothing."""

from gateway.cut.scaffold.draft import Draft, Field, Kind, ScaffoldError, draft
from gateway.cut.scaffold.writing import Scaffold, scaffold

__all__ = ["Draft", "Field", "Kind", "Scaffold", "ScaffoldError", "draft", "scaffold"]
