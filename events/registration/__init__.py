"""Ticket types, quotas, registrations and tickets: who has a place, never more than there are."""
