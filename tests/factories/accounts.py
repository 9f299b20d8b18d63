"""People, organizations, roles and signed-in clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx
from starlette.applications import Starlette

from accounts import sign_in
from accounts.models import Organization, Person, Role, RoleGrant, ScopeKind
from api.auth import session_cookie

_numbers = count(1)
PASSWORD = "correct horse battery staple"
EVERY_SCOPE = ["read", "register", "learn", "organize", "certify", "account"]


async def person(email: str | None = None, *, name: str = "Amina Otieno", confirmed: bool = True) -> Person:
    """Somebody with an account; without a password, since most tests sign in by `signed_in`."""
    number = next(_numbers)
    return await Person.create(
        email=(email or f"person{number}@example.org").lower(),
        display_name=name,
        certificate_name=name,
        email_confirmed_at=datetime.now(UTC) if confirmed else None,
    )


async def organization(slug: str | None = None, *, name: str = "Open Systems Foundation") -> Organization:
    """An organization without members."""
    return await Organization.create(slug=slug or f"foundation-{next(_numbers)}", name=name)


async def member(
    organization: Organization,
    role: Role = Role.owner,
    *,
    scope_kind: ScopeKind = ScopeKind.organization,
    scope_id: UUID | None = None,
    of: Person | None = None,
) -> Person:
    """A person (a new one unless `of` is given) who holds `role` there."""
    someone = of or await person(name=f"{role.value} member")
    await RoleGrant.create(
        organization=organization, person=someone, role=role, scope_kind=scope_kind, scope_id=scope_id
    )
    return someone


@asynccontextmanager
async def signed_in(app: Starlette, someone: Person | None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser-like client on `app`, in process, with a session of `someone` (or nobody's)."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
        if someone is not None:
            secret = await sign_in.start_session(someone, user_agent="test", address="127.0.0.1", now=datetime.now(UTC))
            client.cookies.set(session_cookie(), secret)
        yield client


@asynccontextmanager
async def with_token(
    app: Starlette, someone: Person, scopes: list[str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A program's client on `app`, in process, with an API token of `someone`."""
    now = datetime.now(UTC)
    _, secret = await sign_in.create_token(
        someone, name="test", scopes=scopes or EVERY_SCOPE, now=now, expires_at=now + timedelta(days=1)
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
        yield client
