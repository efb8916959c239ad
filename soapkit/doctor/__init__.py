"""Finds out why a message is refused, or why an endpoint cannot be used, and says what to change. Knows no product."""
