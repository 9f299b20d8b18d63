"""Secrets that a production start takes. They are computed, since whatever stands in this repository is published."""

import hashlib


def secret(of: str) -> str:
    """32 characters that are the same each time and those of `of` alone."""
    return hashlib.sha256(of.encode()).hexdigest()[:32]
