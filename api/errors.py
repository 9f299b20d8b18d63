"""Errors rendered once: RFC 9457 problem details for programs, a helpful page for people."""

import json
import logging
from contextlib import suppress
from urllib.parse import quote

import asyncpg
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from api.languages import use_reader_locale
from core.errors import AppError, Busy, Gone, InvalidInput, NotFound, NotSignedIn, Unavailable
from core.i18n import N_
from core.outages import is_passing

log = logging.getLogger("confero.error")
_ERASED = "CFERA"
"""What the database raises where something is written for an erased account (`refuse_erased`)."""


class AccountErased(Gone):
    """410: the account was erased while this was being done."""

    code, message = "account_erased", N_("This account was erased meanwhile.")


def is_api(request: Request) -> bool:
    """Whether a program is asking, so that errors are problem details."""
    return request.url.path.startswith("/api/") and not request.url.path.startswith("/api/docs")


def render_error(request: Request, error: AppError) -> Response:
    """The one rendering of an expected error."""
    request.scope["confero.refusal"] = error
    headers: dict[str, str] = {}
    if retry_after := error.facts.get("retry_after"):
        headers["Retry-After"] = str(retry_after)
    elif error.status == 503:
        headers["Retry-After"] = "2"
    if is_api(request):
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return _problem(request, error, headers)
    if isinstance(error, NotSignedIn) and request.method in ("GET", "HEAD"):
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(back, safe='')}", 303)
    return _page(request, error, headers)


def _problem(request: Request, error: AppError, headers: dict[str, str]) -> Response:
    document = {
        **error.facts,  # First, since no fact may take the place of a member of RFC 9457.
        "type": f"/api/docs#error-{error.code}",
        "title": type(error).message if type(error).message else error.message,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "instance": request.url.path,
    }
    if isinstance(error, InvalidInput):
        document["title"] = "The input is invalid."
        document["errors"] = [{"field": name, "message": text} for name, text in error.fields.items()]
    content = json.dumps(document, ensure_ascii=True, default=str)
    return Response(content, error.status, headers, media_type="application/problem+json")


def _page(request: Request, error: AppError, headers: dict[str, str]) -> Response:
    from api.render import render  # the pages import the domain; errors must be importable before it

    fields = error.fields if isinstance(error, InvalidInput) else {}
    context = {"error": error, "fields": fields, "typed": _typed(request)}
    return render(request, "pages/error.html", context, status=error.status, headers=headers)


def _typed(request: Request) -> list[tuple[str, str]]:
    """What was typed into the form that was posted, so that it can be posted again; no passwords and no files."""
    form = request.scope.get("confero.form") if request.method == "POST" else None
    pairs = form.multi_items() if form is not None else []
    return [(name, value) for name, value in pairs if isinstance(value, str) and "password" not in name]


async def on_app_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for `AppError`."""
    if not isinstance(error, AppError):
        raise error
    if error.status == 503:
        await _keep_form(request)
    return render_error(request, error)


async def _keep_form(request: Request) -> None:
    """Read a form that nobody has read yet, for the page that offers to post it again."""
    from api.parse import read_form  # as `render` in `_page`

    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    is_form = media in ("application/x-www-form-urlencoded", "multipart/form-data")
    if is_form and not is_api(request) and "confero.form" not in request.scope:
        with suppress(AppError, HTTPException, ClientDisconnect):  # then the page offers less
            await read_form(request)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no route, wrong method, bad form body) in our words."""
    if not isinstance(error, HTTPException):
        raise error
    use_reader_locale(request, None)  # An address without a route has nobody else to set it.
    refusal = AppError(_REASONS.get(error.status_code, str(error.detail)))
    refusal.status, refusal.code = error.status_code, _CODES.get(error.status_code, "bad_request")
    response = render_error(request, refusal)
    response.headers.update(error.headers or {})
    return response


async def on_database_error(request: Request, error: Exception) -> Response:
    """The database is away, or others were faster: 503 with Retry-After, for the pool connects anew by itself.

    The rest of what PostgreSQL refuses is a fault of ours. What can be either is logged with its traceback.
    """
    if isinstance(error, asyncpg.LockNotAvailableError) or isinstance(error.__cause__, asyncpg.LockNotAvailableError):
        log.warning("lock not granted in time: %s", error)
        await _keep_form(request)
        return render_error(request, Busy())
    if getattr(error, "sqlstate", None) == _ERASED or getattr(error.__cause__, "sqlstate", None) == _ERASED:
        return render_error(request, AccountErased())
    if not is_passing(error):
        raise error
    await _keep_form(request)
    is_doubtful = isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError))
    log.warning("database away: %s: %s", type(error).__name__, error, exc_info=error if is_doubtful else None)
    return render_error(request, Unavailable())


async def on_unstorable(request: Request, error: Exception) -> Response:
    """A name in the address that its column could not hold: nothing of that name exists."""
    names = [value for value in request.path_params.values() if isinstance(value, str)]
    if any(name in str(error) or repr(name) in str(error) for name in names):
        return render_error(request, NotFound())
    raise error


async def on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: logged with its traceback by the server, a plain answer without details for the client."""
    fault = AppError(N_("Something went wrong on our side. Nothing was saved; try again."), code="fault")
    fault.status = 500
    return render_error(request, fault)


_REASONS = {404: N_("This page does not exist."), 405: N_("This address does not take that method.")}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
