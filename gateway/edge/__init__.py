"""Settings become the edge: who may call, what is published and observed, how BRM is logged in to. Part of the wiring.

``bootstrap`` puts these parts together; each checks what the settings name, and fails at start and in words.
"""
