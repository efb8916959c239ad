"""Measures the product here and now: ``python -m bench``. It imports what it likes; nothing imports it."""
