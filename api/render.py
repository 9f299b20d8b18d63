"""Pages from Jinja2 templates, with what every page needs; and the forms' memory of what was typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import parse
from api.assets import asset_url
from api.auth import Caller
from core.errors import AppError, InvalidInput
from core.i18n import current_locale, direction
from core.settings import get_settings
from core.templating import environment

_FLASH = "confero-flash"
# A global, because the macros of templates/components see no context.
environment().globals["asset"] = asset_url


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A page. Every template gets `request`, `person`, `locale`, `dir`, `flash`, `nav` and the `asset` function."""
    caller: Caller = request.scope.get("confero.caller") or Caller()
    settings = get_settings()
    flash = _flashed(request)
    html = (
        environment()
        .get_template(template)
        .render(
            {
                "request": request,
                "path": request.url.path,
                "person": caller.person,
                "locale": current_locale(),
                "dir": direction(current_locale()),
                "flash": flash,
                "nav": request.url.path.split("/")[1],
                "public_url": settings.public_url,
                "settings_public": {"name": "Confero", "is_development": not settings.is_production},
                **(context or {}),
            }
        )
    )
    response = Response(html, status, dict(headers or {}), media_type="text/html")
    if flash:
        response.delete_cookie(_FLASH, path="/")
    return response


def redirect(to: str, *, flash: str | None = None, kind: str = "success") -> Response:
    """Send the browser on with 303, so that reloading repeats nothing; `flash` is shown once on the next page."""
    response = RedirectResponse(to, 303)
    if flash:
        value = json.dumps({"kind": kind, "text": flash[:500]})
        response.set_cookie(
            _FLASH, value.encode("ascii").hex(), max_age=60, httponly=True, samesite="lax", secure=get_settings().is_tls
        )
    return response


def _flashed(request: Request) -> list[dict[str, str]]:
    raw = request.cookies.get(_FLASH)
    if not raw or len(raw) > 8192:
        return []
    try:
        value = json.loads(bytes.fromhex(raw))
        return [{"kind": str(value["kind"]), "text": str(value["text"])}]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


@dataclass(frozen=True, slots=True)
class FormState:
    """What a form page shows: what was typed (or the initial values), the errors by field, and a general message."""

    values: dict[str, Any]
    errors: dict[str, str]
    message: str


def form_state(request: Request, initial: Mapping[str, Any] | None = None, error: AppError | None = None) -> FormState:
    """The state of a form: typed values win over `initial`; an error without fields becomes the general message."""
    values = {**(initial or {}), **parse.typed(request)}
    if error is not None:
        request.scope["confero.refusal"] = error
    errors = error.fields if isinstance(error, InvalidInput) else {}
    return FormState(values, errors, error.message if error is not None and not errors else "")


def safe_next(target: str | None, default: str = "/me") -> str:
    """A path on this site to return to; anything that could leave it becomes `default`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or len(target) > 1000:
        return default
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in target):
        return default
    return target
