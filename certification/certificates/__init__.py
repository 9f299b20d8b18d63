"""Issuing, PDF and verification of certificates: what is conferred and stays verifiable."""
