"""Certifications, their versioned policies, and entitlements: the right to sit."""
