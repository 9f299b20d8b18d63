"""Finds the route of a request without asking every route: Starlette's router tries them one after the other."""

from collections.abc import Iterable

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

_Key = tuple[str, int, str | None]
"""Method, number of path segments, and the last segment where the route spells it out."""


class RouteIndex(BaseRoute):
    """Stands before the routes it indexes and answers what they would, in the same order of precedence.

    Where it finds nothing it says so, and Starlette goes on to the routes themselves (for 404, 405 and mounts).
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        """Index every plain route; a path parameter that may hold a slash makes a route unfit for it."""
        found = [route for route in routes if isinstance(route, Route) and ":path}" not in route.path]
        lasts = {_last(route) for route in found if _last(route) is not None}
        self._routes: dict[_Key, list[Route]] = {}
        for route in found:
            for last in {_last(route)} if _last(route) is not None else {None, *lasts}:
                for method in route.methods or ():
                    self._routes.setdefault((method, route.path.count("/"), last), []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that matches in full, remembered in the child scope."""
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        path: str = scope["path"]
        method, slashes = scope["method"], path.count("/")
        routes = self._routes.get((method, slashes, path.rpartition("/")[2]))
        for route in routes if routes is not None else self._routes.get((method, slashes, None), ()):
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return match, {**child_scope, "confero.route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the route that was found."""
        route: Route = scope["confero.route"]
        await route.handle(scope, receive, send)


def _last(route: Route) -> str | None:
    """The last segment of the route's path, or None where it holds a parameter."""
    last = route.path.rpartition("/")[2]
    return None if "{" in last else last
