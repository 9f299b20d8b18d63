"""Who is asking: a session cookie or a bearer token becomes a Person, once per request."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import Response

from accounts import sign_in
from accounts.models import Person
from core.errors import NotSignedIn
from core.settings import get_settings


@dataclass(slots=True)
class Caller:
    """Who sent a request: nobody, a browser session, or a token with its scopes."""

    person: Person | None = None
    session_id: UUID | None = None
    scopes: frozenset[str] | None = None

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


async def authenticate(connection: HTTPConnection) -> Caller:
    """Find out who is asking, once; raises `NotSignedIn` for a bearer token that is unknown, expired or revoked."""
    known: Caller | None = connection.scope.get("confero.caller")
    if known is not None:
        return known
    caller = Caller()
    authorization = connection.headers.get("authorization", "")
    now = datetime.now(UTC)
    if authorization[:7].lower() == "bearer ":
        found = await sign_in.person_by_token(authorization[7:].strip(), now=now)
        if found is None:
            raise NotSignedIn("This token is unknown, expired or revoked.", code="invalid_token")
        caller = Caller(person=found[0], scopes=found[1])
    elif secret := connection.cookies.get(session_cookie()):
        signed_in = await sign_in.person_by_session(secret, now=now)
        if signed_in is not None:
            caller = Caller(person=signed_in[0], session_id=signed_in[1])
    connection.scope["confero.caller"] = caller
    return caller


def caller_of(connection: HTTPConnection) -> Caller:
    """The caller that the route found out."""
    caller: Caller = connection.scope["confero.caller"]
    return caller


def current_person(connection: HTTPConnection) -> Person:
    """The signed-in person of a route whose audience is signed in. Raises `NotSignedIn`."""
    return caller_of(connection).require_person()


def remember(response: Response, secret: str) -> None:
    """Put the session secret into the browser's cookie."""
    settings = get_settings()
    response.set_cookie(
        session_cookie(),
        secret,
        max_age=settings.session_days * 86400,
        secure=settings.is_tls,
        httponly=True,
        samesite="lax",
        path="/",
    )


def forget(response: Response) -> None:
    """Take the session cookie away."""
    response.delete_cookie(session_cookie(), path="/", secure=get_settings().is_tls, httponly=True, samesite="lax")


def client_address(connection: HTTPConnection) -> str:
    """The network address that limits are counted by (uvicorn has resolved trusted proxies)."""
    return connection.client.host if connection.client else "unknown"
