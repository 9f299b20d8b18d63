"""Liveness, readiness and metrics, for whoever operates a server."""

import hmac
import os
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import jobs, migrate
from core.database import fetchval
from core.errors import Forbidden
from core.i18n import N_
from core.outages import AWAY
from core.settings import get_settings
from core.strictness import is_loopback

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What a machine asks of itself, under its own name."""
_FORWARDED = frozenset({"x-forwarded-for", "forwarded", "x-real-ip"})


class MetricsRefused(Forbidden):
    """403: metrics tell about everybody's use, and are for whoever operates the server."""

    code = "metrics_refused"
    message = N_("Metrics are read with the token of CONFERO_METRICS_TOKEN.")


async def healthz(request: Request) -> Response:
    """Liveness: this process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Readiness: database answers, no migration is pending, a worker was seen lately; 503 names what is not."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        checks["database"] = await fetchval("SELECT 1") == 1
        checks["migrations"] = not await migrate.pending()
        checks["worker"] = await jobs.worker_is_alive(datetime.now(UTC))
    except AWAY:
        pass
    ready = all(checks.values())
    return JSONResponse({"status": "ready" if ready else "not_ready", "checks": checks}, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """Prometheus metrics of all web processes of this machine (of this one where they share no folder).

    For whoever holds the token of CONFERO_METRICS_TOKEN; without one set, for this machine alone, and in production
    for nobody, since behind a proxy everybody may seem to be this machine.
    """
    if not _may_watch(request):
        raise MetricsRefused()
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # untyped in prometheus_client
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def robots_txt(request: Request) -> Response:
    """Nothing to index on a development server; crawlers are welcome on a public one."""
    rule = "Allow: /\nDisallow: /me\nDisallow: /organize\n" if get_settings().is_production else "Disallow: /\n"
    return Response(f"User-agent: *\n{rule}", media_type="text/plain")


def _may_watch(request: Request) -> bool:
    settings = get_settings()
    if settings.metrics_token is not None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        wanted = settings.metrics_token.get_secret_value()
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), wanted.encode())
    is_here = request.client is not None and is_loopback(request.client.host)
    return is_here and not settings.is_production and not _FORWARDED & set(request.headers)


ROUTES = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
    Route("/robots.txt", robots_txt),
]
