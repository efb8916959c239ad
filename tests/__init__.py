"""The tests of o2c-gateway."""
