"""Queues, retries and the two-phase commit with BRM. No SQL here: the store implements the ports."""
