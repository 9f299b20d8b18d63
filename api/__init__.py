"""Outermost: everything that faces a client, that is the JSON API, the pages, the command line and the worker.

A handler does four things and nothing else: access, parse, act, respond. Rules live in the domain packages.
Both route tables are data (`v1/routes.py`, `pages/routes.py`); a test walks them.
"""
