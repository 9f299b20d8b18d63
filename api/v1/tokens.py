"""/tokens: bearer tokens for programs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from accounts import queries, sign_in
from accounts.models import SignInWay
from accounts.schemas import Name, Password, TokenOut
from api import auth, parse, respond
from api.routing import Scope
from core.pages import ListQuery, page_of

LONGEST_DAYS = 365
Scopes = Annotated[list[Scope] | None, Field(min_length=1, max_length=len(Scope))]
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS, description="Days until the token expires.")]


class NewTokenIn(BaseModel):
    """What the token is for; without `scopes` it may do everything its person may."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    name: Annotated[Name, Field(max_length=100)]
    scopes: Scopes = None
    expires_in_days: Days = 90


class TokenIn(NewTokenIn):
    """The same, with address and password: a program has no browser session."""

    email: Annotated[str, Field(max_length=320)]
    password: Password


class TokenCreated(BaseModel):
    """The token itself, shown this once."""

    token: str
    id: UUID
    name: str
    scopes: list[str]
    expires_at: datetime


async def create(request: Request) -> Response:
    """Create a token by address and password. It is shown once; a repeated request answers 409 `already_created`."""
    data = await parse.body(request, TokenIn)
    now = datetime.now(UTC)
    attempt = sign_in.Attempt(
        address=auth.client_address(request), user_agent=request.headers.get("user-agent", ""), way=SignInWay.token
    )
    person = await sign_in.authenticate(data.email, data.password, attempt=attempt, now=now)
    token, secret = await sign_in.create_token(
        person,
        name=data.name,
        scopes=scopes_of(data),
        now=now,
        expires_at=now + timedelta(days=data.expires_in_days),
        attempt=attempt,
    )
    out = TokenCreated(
        token=secret, id=token.id, name=token.name, scopes=list(token.scopes), expires_at=token.expires_at
    )
    return respond.json(out, 201)


def scopes_of(data: NewTokenIn) -> list[str]:
    """The scopes asked for, each once; all of them where none was named."""
    return sorted({str(scope) for scope in (data.scopes or list(Scope))})


async def mine(request: Request) -> Response:
    """The tokens of the signed-in person that still work, without their secrets."""
    query = parse.query(request, ListQuery)
    found = [
        TokenOut.of(token) for token in await queries.tokens_of(auth.current_person(request), now=datetime.now(UTC))
    ]
    newest_first = page_of(
        found, query, key=lambda one: (one.created_at, one.id), kinds=(datetime, UUID), descending=True
    )
    return respond.json(newest_first)


async def revoke(request: Request) -> Response:
    """Revoke one of the person's tokens."""
    person = auth.current_person(request)
    token = await sign_in.access_token(request.path_params["id"], person)
    await sign_in.revoke_token(token, by=person, now=datetime.now(UTC))
    return respond.empty()
