"""Static files: an address with its content's hash may be kept for ever."""

from os import PathLike, stat_result

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class HashedStaticFiles(StaticFiles):
    """Starlette's static files with `immutable` caching where the address carries `?v=<hash>`."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file, or 304; kept for a year where its address changes with its content, else for five minutes."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_hashed = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "max-age=300"
        return response
