"""create_app(settings): lifespan, middleware, mounts and error renderers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ExceptionHandler
from tortoise.exceptions import OperationalError, TransactionManagementError, ValidationError

from api import errors, observability, openapi
from api.dispatch import RouteIndex
from api.middleware import Guard
from api.pages.routes import PAGES
from api.static_files import HashedStaticFiles
from api.v1.routes import ENDPOINTS
from core import database
from core.errors import AppError
from core.outages import AWAY
from core.settings import Settings, get_settings, use_settings

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings | None = None) -> Starlette:
    """The whole web application; reads the environment where no settings are given. Opens nothing until it starts."""
    chosen = settings or get_settings()
    use_settings(chosen)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if chosen.database_url is None:
            raise RuntimeError("A web process needs CONFERO_DATABASE_URL; `confero serve` gives it one.")
        await database.connect(chosen.database_url, chosen.pool_size, "confero-web", patience=database.WEB, spare=2)
        try:
            yield
        finally:
            await database.disconnect()

    handlers: dict[type[Exception] | int, ExceptionHandler] = {
        AppError: errors.on_app_error,
        HTTPException: errors.on_http_exception,
        asyncpg.PostgresError: errors.on_database_error,
        OperationalError: errors.on_database_error,
        TransactionManagementError: errors.on_database_error,
        ValidationError: errors.on_unstorable,
        Exception: errors.on_fault,
    }
    handlers.update(dict.fromkeys(AWAY, errors.on_database_error))
    routes: list[BaseRoute] = [
        *observability.ROUTES,
        *openapi.ROUTES,
        *(endpoint.route("/api/v1") for endpoint in ENDPOINTS),
        *(page.route() for page in PAGES),
        Mount("/static", HashedStaticFiles(directory=STATIC), name="static"),
    ]
    index = RouteIndex(routes)
    return Starlette(
        routes=[index, *routes],
        lifespan=lifespan,
        middleware=[Middleware(Guard, settings=chosen, index=index)],
        exception_handlers=handlers,
    )
