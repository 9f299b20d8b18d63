"""Check-in: one scan of one registration at one check-in list."""
