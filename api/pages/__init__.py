"""The HTML pages: one file a place that a person visits; routes.py is the whole table."""
