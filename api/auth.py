"""Who is asking: a session cookie, or for the JSON API a bearer token, becomes a Person, once per request."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response

from accounts import sign_in
from accounts.devices import Device
from accounts.models import Person
from core.errors import AppError, NotSignedIn
from core.i18n import N_
from core.settings import get_settings


class AmbiguousAuthorization(AppError):
    """400: more than one Authorization header (RFC 9110 section 5.3 allows one); nobody guesses which was meant."""

    code, status = "ambiguous_authorization", 400
    message = N_("Send one Authorization header, not several.")


@dataclass(slots=True)
class Caller:
    """Who sent a request: nobody, a browser session, or a token with its scopes.

    `proved_at` is when the password was typed in the session, or the token made. `seen_until` is when the session
    ends at the latest, where this request was noted as its last.
    """

    person: Person | None = None
    session_id: UUID | None = None
    scopes: frozenset[str] | None = None
    proved_at: datetime | None = None
    seen_until: datetime | None = None

    def require_person(self) -> Person:
        """The signed-in person. Raises `NotSignedIn`."""
        if self.person is None:
            raise NotSignedIn()
        return self.person

    def may_use(self, scope: str) -> bool:
        """Whether the request may do what `scope` covers; only tokens are narrowed."""
        return self.scopes is None or scope in self.scopes


def session_cookie() -> str:
    """Name of the session cookie; `__Host-` binds it to this host and TLS (RFC 6265bis section 4.1.3.2)."""
    return "__Host-confero" if get_settings().is_tls else "confero"


def bearer_token(headers: Headers) -> str | None:
    """The token of an `Authorization: Bearer` header, perhaps empty; None for no header and for every other scheme.

    The scheme's name has no case (RFC 9110 section 11.1). Raises `AmbiguousAuthorization` for several headers.
    """
    given = headers.getlist("authorization")
    if len(given) > 1:
        raise AmbiguousAuthorization()
    scheme, _, token = given[0].strip().partition(" ") if given else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else None


async def authenticate(connection: HTTPConnection, *, takes_tokens: bool = False) -> Caller:
    """Find out who is asking, once.

    Pages know the session cookie alone: a token there is as good as none, since no page looks at scopes. Where
    `takes_tokens`, a bearer token goes before the cookie. Raises `NotSignedIn` for one that is unknown, expired or
    revoked, whatever the cookie says.
    """
    known: Caller | None = connection.scope.get("confero.caller")
    if known is not None:
        return known
    now, token = datetime.now(UTC), bearer_token(connection.headers) if takes_tokens else None
    caller = await _by_cookie(connection, now) if token is None else await _by_token(token, now)
    connection.scope["confero.caller"] = caller
    return caller


async def _by_token(token: str, now: datetime) -> Caller:
    found = await sign_in.person_by_token(token, now=now)
    if found is None:
        raise NotSignedIn("This token is unknown, expired or revoked.", code="invalid_token")
    return Caller(person=found[0], scopes=found[1], proved_at=found[2])


async def _by_cookie(connection: HTTPConnection, now: datetime) -> Caller:
    secret = connection.cookies.get(session_cookie())
    found = await sign_in.person_by_session(secret, now=now) if secret else None
    if found is None:
        return Caller()
    person, session = found
    seen_until = session.expires_at if session.is_noted else None
    return Caller(person=person, session_id=session.id, proved_at=session.proved_at, seen_until=seen_until)


def caller_of(connection: HTTPConnection) -> Caller:
    """The caller that the route found out."""
    caller: Caller = connection.scope["confero.caller"]
    return caller


def current_person(connection: HTTPConnection) -> Person:
    """The signed-in person of a route whose audience is signed in. Raises `NotSignedIn`."""
    return caller_of(connection).require_person()


def remember(response: Response, secret: str, *, until: datetime | None = None) -> None:
    """Put the session secret into the browser's cookie, which ends with the session: when it has idled, or `until`."""
    settings = get_settings()
    left = settings.session_days * 86400 if until is None else int((until - datetime.now(UTC)).total_seconds())
    response.set_cookie(
        session_cookie(),
        secret,
        max_age=max(0, min(settings.session_idle_days * 86400, left)),
        secure=settings.is_tls,
        httponly=True,
        samesite="lax",
        path="/",
    )


def prolong(connection: HTTPConnection, response: Response) -> None:
    """Let the cookie last as long as the session after a request that was noted as seen.

    Not on answers that may be kept by others, nor where the answer sets or takes the cookie itself.
    """
    caller, secret = caller_of(connection), connection.cookies.get(session_cookie())
    if caller.seen_until is None or secret is None or "public" in response.headers.get("cache-control", ""):
        return
    if not any(one.startswith(f"{session_cookie()}=") for one in response.headers.getlist("set-cookie")):
        remember(response, secret, until=caller.seen_until)


def forget(response: Response) -> None:
    """Take the session cookie away."""
    response.delete_cookie(session_cookie(), path="/", secure=get_settings().is_tls, httponly=True, samesite="lax")


def device_cookie() -> str:
    """Name of the cookie by which a browser is known; bound to this host and TLS like the session's."""
    return f"{session_cookie()}-device"


def device_of(connection: HTTPConnection) -> Device:
    """The browser that is asking; a new one where it was never here."""
    return Device.of(connection.cookies.get(device_cookie()))


def remember_device(response: Response, device: Device) -> None:
    """Let the browser keep who signed in here, for as long as browsers keep a cookie (400 days, RFC 6265bis)."""
    response.set_cookie(
        device_cookie(),
        device.cookie,
        max_age=400 * 86400,
        secure=get_settings().is_tls,
        httponly=True,
        samesite="lax",
        path="/",
    )


def client_address(connection: HTTPConnection) -> str:
    """The network address that limits are counted by (uvicorn has resolved trusted proxies)."""
    return connection.client.host if connection.client else "unknown"
