"""The whole table of pages. A test walks it and fails on a route without a declared audience."""

from api.routing import Page

PAGES: list[Page] = []
