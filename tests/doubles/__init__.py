"""Doubles of what the gateway talks to: small real implementations, put in by composition."""
