"""Keeping a certificate in force: reminders before it ends, continuing-education credits, and renewing by them.

Renewing by passing again needs nothing from here: issuing links the new certificate to the one before.
"""
