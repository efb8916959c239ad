"""Fixtures for every test: databases."""

pytest_plugins = ("tests.postgres",)
