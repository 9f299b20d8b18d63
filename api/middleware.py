"""What holds for every request: security headers, same-origin changes, body limits, a timeout, one log line, metrics.

Plain ASGI, since it runs on every request.
"""

import asyncio
import logging
import re
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accounts import refusals
from api.auth import bearer_token
from api.dispatch import RouteIndex
from api.errors import on_fault, render_error
from api.observability import PROBES
from core.errors import AppError, Forbidden, NotFound, TooLarge, Unavailable
from core.i18n import N_
from core.logs import request_id
from core.settings import Settings
from core.strictness import is_loopback

log = logging.getLogger("confero.request")
REQUESTS = Counter("confero_http_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "confero_http_request_seconds",
    "Time to the first byte of the answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_READ_OFF_SECONDS = 5.0
_HOST = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?", re.ASCII)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class CrossOrigin(Forbidden):
    """403: a change was asked for by a page of another site."""

    code = "cross_origin"
    message = N_("This change was asked for by another site. Open Confero itself and try again.")


class UnknownHost(AppError):
    """421: the request names a host that is not this server's (RFC 9110 section 15.5.20)."""

    code, status = "unknown_host", 421
    message = N_("This server does not answer under that name. Open its public address.")


def _without_quoted_cookies(scope: Scope) -> Scope:
    """The request without cookies in quotes, which this server never sets and Starlette reads.

    It takes their escapes away by a function of Python that copies the rest of the value for each: of 60 KB it takes
    twenty seconds.
    """
    if not any(name == b"cookie" and b'"' in value for name, value in scope["headers"]):
        return scope
    headers = [(name, _unquoted(value) if name == b"cookie" else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _unquoted(cookies: bytes) -> bytes:
    return b";".join(one for one in cookies.split(b";") if b'"' not in one)


class Guard:
    """The outermost layer around the routes."""

    def __init__(self, app: ASGIApp, settings: Settings, index: RouteIndex) -> None:
        self.app = app
        self.index = index
        self.settings = settings
        self.public_host = urlsplit(settings.public_url).hostname
        headers = {
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "strict-origin-when-cross-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=()",
        }
        if settings.is_tls:
            headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = _without_quoted_cookies(scope)
        started = time.perf_counter()
        status = 0
        own_id = secrets.token_hex(8)
        before = request_id.set(own_id)

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], (b"x-request-id", own_id.encode())]
                message["headers"] = [*message["headers"], *(h for h in self.headers if h[0] not in present)]
                if b"cache-control" not in present:
                    MutableHeaders(scope=message)["cache-control"] = "no-store"
            await send(message)

        try:
            await self._answer(scope, receive, send_guarded, lambda: status)
        finally:
            self._note(scope, status, time.perf_counter() - started)
            await self._record(scope, own_id)
            request_id.reset(before)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, status: object) -> None:
        try:
            self._refuse_early(scope)
            limit = asyncio.timeout(self.settings.request_timeout_seconds)
            async with limit:
                await self.app(scope, self._limited(scope, receive), send)
        except AppError as error:
            if isinstance(error, TooLarge):
                await self._read_off(scope, receive)
            await render_error(Request(scope, receive), error)(scope, receive, send)
        except TimeoutError:
            if not limit.expired() or status():  # type: ignore[operator]  # a closure over the status sent so far
                raise
            slow = Unavailable("This took too long and was stopped. Try again in a moment.", code="timeout")
            await render_error(Request(scope, receive), slow)(scope, receive, send)
        except Exception as fault:
            # Starlette answers faults outside this layer, where the answer would go without these headers.
            log.exception("fault in %s %s", scope["method"], self._pattern(scope))
            if status():  # type: ignore[operator]  # a closure over the status sent so far
                raise
            await (await on_fault(Request(scope, receive), fault))(scope, receive, send)

    def _refuse_early(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")  # of several nobody knows which one a proxy went by (RFC 9112 section 3.2)
        if len(hosts) != 1 or not self._is_own_host(hosts[0], scope["path"]):
            raise UnknownHost()
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._body_limit(scope):
            raise TooLarge()
        if "\x00" in scope["path"] or "\ufffd" in scope["path"]:
            raise NotFound()
        has_token = bearer_token(headers) is not None and scope["path"].startswith("/api/v1/")
        if scope["method"] not in _SAFE and not has_token:
            self._require_same_origin(headers)

    def _is_own_host(self, host: str, path: str) -> bool:
        """Whether `Host` is the public address's, or this machine's own: in production for its probes alone."""
        name = (urlsplit(f"//{host}").hostname or "") if _HOST.fullmatch(host) else ""
        if name == self.public_host:
            return True
        return is_loopback(name) and (path in PROBES or not self.settings.is_production)

    def _require_same_origin(self, headers: Headers) -> None:
        site = headers.get("sec-fetch-site")
        if site is not None:
            if site not in ("same-origin", "none"):
                raise CrossOrigin()
            return
        origin = headers.get("origin")
        if origin is not None:
            allowed = {self.settings.public_url, f"{urlsplit(self.settings.public_url).scheme}://{headers.get('host')}"}
            if origin not in allowed:
                raise CrossOrigin()
        elif "cookie" in headers:
            raise CrossOrigin()

    def _body_limit(self, scope: Scope) -> int:
        media = Headers(scope=scope).get("content-type", "")
        takes_upload = media.startswith("multipart/form-data") or scope["path"].endswith(
            ("/items/import", "/bulk-runs/import", "/verifications", "/credits", "/layout-pictures")
        )
        return self.settings.max_upload_bytes if takes_upload else self.settings.max_body_bytes

    async def _read_off(self, scope: Scope, receive: Receive) -> None:
        """Take the rest of a body that is too large, up to four times what is allowed and for a few seconds.

        A client that is still sending when the connection closes sees that alone, and never the answer
        (RFC 9112 section 9.6). One that waits for leave to send (`Expect`) gets the answer at once.
        """
        if "expect" in Headers(scope=scope):
            return
        left = 4 * self._body_limit(scope)
        with suppress(TimeoutError):
            async with asyncio.timeout(_READ_OFF_SECONDS):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        limit, seen = self._body_limit(scope), 0

        async def receive_limited() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise TooLarge()
            return message

        return receive_limited

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        spec = scope.get("confero.endpoint") or scope.get("confero.page")
        route = spec.path if spec else "other"
        REQUESTS.labels(scope["method"], route, status).inc()
        SECONDS.labels(route).observe(seconds)
        caller, client = scope.get("confero.caller"), scope.get("client")
        log.info(
            "%s %s %s %.1f ms address=%s person=%s",
            scope["method"],
            self._pattern(scope),
            status,
            seconds * 1000,
            client[0] if client else "-",
            caller.person.id if caller and caller.person else "-",
        )

    async def _record(self, scope: Scope, own_id: str) -> None:
        """Keep what was refused, for the owners of the organization that it concerns."""
        error: AppError | None = scope.get("confero.refusal")
        if error is None or refusals.kind_of(error) is None:
            return
        caller, client = scope.get("confero.caller"), scope.get("client")
        await refusals.record(
            error,
            person_id=caller.person.id if caller and caller.person else None,
            address=client[0] if client else "-",
            route=f"{scope['method']} {self._pattern(scope)}",
            request_id=own_id,
            now=datetime.now(UTC),
        )

    def _pattern(self, scope: Scope) -> str:
        """The pattern of the route that answers, which is all a log may hold of the path: links are secrets."""
        if scope["path"].startswith("/static/"):
            return "/static/{path}"
        if "confero.route" not in scope:
            scope = {**scope, **self.index.matches(scope)[1]}
        return scope["confero.route"].path if "confero.route" in scope else "(no route)"
