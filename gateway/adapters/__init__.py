"""Clients of downstream systems, behind the ports."""
