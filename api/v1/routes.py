"""The whole table of /api/v1. A test walks it and fails on a route without a declared audience."""

from api.routing import Endpoint

ENDPOINTS: list[Endpoint] = []
