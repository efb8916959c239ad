"""What operators see of a running service: log of calls, metrics, health, traces. Nothing here changes an answer."""
