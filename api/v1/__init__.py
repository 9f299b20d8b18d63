"""The JSON API: one file a resource; routes.py is the whole table."""
