"""Errors that a caller can act on. Raised by commands, rendered once by api/app.py (RFC 9457 or a page)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from core.i18n import N_, gettext


class AppError(Exception):
    """An expected refusal: `code` for programs, `status` for HTTP, `message` for people with the next step.

    A class's own message is English, and is translated for the reader when it is raised. `facts` become extension
    members of the problem document (RFC 9457 section 3.2).
    """

    code = "error"
    status = 400
    message = N_("This request could not be carried out.")
    person_id: UUID | None = None
    organization_id: UUID | None = None
    """Whom and whose object a refusal is about: for the record of refusals, and never shown to the caller."""

    def __init__(self, message: str | None = None, *, code: str | None = None, **facts: Any) -> None:
        self.message = gettext(message or self.message)
        self.code = code or self.code
        self.facts: dict[str, Any] = facts
        super().__init__(self.message)


class NotSignedIn(AppError):
    """401: nobody is signed in, or the token is unknown or expired."""

    code, status, message = "not_signed_in", 401, N_("Sign in to continue.")


class Forbidden(AppError):
    """403: visible, but this person or token may not do it."""

    code, status, message = "forbidden", 403, N_("You do not have the permission for this.")


class NotFound(AppError):
    """404: does not exist, or may not be seen; the two look the same."""

    code, status, message = "not_found", 404, N_("This does not exist, or you may not see it.")


class Conflict(AppError):
    """409: the state of things forbids it now."""

    code, status, message = "conflict", 409, N_("This is not possible in the present state.")


class Gone(AppError):
    """410: it existed and is over, such as a used or expired link."""

    code, status, message = "gone", 410, N_("This link was used already or has expired.")


class TooLarge(AppError):
    """413: the request body is over the limit."""

    code, status, message = "too_large", 413, N_("The request is too large.")


class InvalidInput(AppError):
    """422: the input is wrong; `fields` maps each field's path (`venue.country`) to what to do about it."""

    code, status, message = "invalid_input", 422, N_("Check the marked fields.")

    def __init__(self, fields: Mapping[str, str], message: str | None = None) -> None:
        super().__init__(message or "; ".join(f"{k}: {v}" for k, v in fields.items()))
        self.fields = dict(fields)


class RateLimited(AppError):
    """429: too many failures; `retry_after` seconds until the next try is heard."""

    code, status, message = "rate_limited", 429, N_("Too many attempts. Wait a little and try again.")

    def __init__(self, retry_after: int, message: str | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class Unavailable(AppError):
    """503: the database or another part is away for the moment; nothing was changed."""

    code, status, message = (
        "unavailable",
        503,
        N_("Confero is restarting. Nothing was lost; try again in a few seconds."),
    )


class Busy(Unavailable):
    """503: too many want the same thing at this moment; nothing was changed."""

    code = "busy"
    message = N_("Many people are changing this right now. Nothing was saved; try again in a few seconds.")
