"""How long a test waits for what must come."""

PATIENCE = 180.0
"""Seconds. No test measures speed: a machine with other work may be slow, and only what never comes takes this long."""
