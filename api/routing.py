"""What a line of a route table says, and how it becomes a Starlette route."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from accounts.allowances import Work
from api import auth, idempotency, proof
from api.charging import charged
from api.languages import use_reader_locale
from core.errors import AppError, Forbidden, NotFound
from core.pool import WORK
from core.settings import get_settings

Handler = Callable[[Request], Awaitable[Response]]


class Audience(StrEnum):
    """Who a route is for; `access_*` in the handler decides about the object itself."""

    anyone = "anyone"
    signed_in = "signed_in"
    staff = "staff"
    development = "development"


class Scope(StrEnum):
    """What an API token may be used for; a browser session holds all of them."""

    read = "read"
    register = "register"
    learn = "learn"
    organize = "organize"
    certify = "certify"
    account = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation of the JSON API: enough to route, authorise, validate and document it.

    `body` and `query` are the very schemas that `parse` validates with; `answers` maps a status to the schema of its
    JSON (or to a media type for files, or None for an empty answer); `errors` are the refusals particular to it. Where
    the answer holds what its caller may not see for as long as an Idempotency-Key lives, it is not kept: `replay`
    answers anew, and without `is_replayable` nothing is shown again. `asks_password`: a proof of the last ten minutes
    is needed (api/proof.py). `counts`: how often is limited for each network or person (accounts/allowances.py).
    """

    method: str
    path: str
    handler: Handler
    audience: Audience
    summary: str
    tag: str
    scope: Scope | None = None
    body: type[BaseModel] | None = None
    body_media: str = "application/json"
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | str | None] = field(default_factory=dict)
    errors: Sequence[type[AppError]] = ()
    is_replayable: bool = True
    replay: idempotency.Replay | None = None
    asks_password: bool = False
    counts: Work | None = None

    def route(self, prefix: str = "") -> Route:
        """The Starlette route: authenticates, checks audience and scope, honours Idempotency-Key, calls the handler."""

        async def endpoint(request: Request) -> Response:
            request.scope["confero.endpoint"] = self
            WORK.set(f"{self.method} {self.path}")
            caller = await auth.authenticate(request, takes_tokens=True)
            use_reader_locale(request, caller.person)
            self._admit(caller)
            if self.asks_password:
                await proof.require(request)
            async with charged(request, self.counts):
                response = await self._answer(request, caller)
            auth.prolong(request, response)
            return response

        return Route(prefix + self.path, endpoint, methods=[self.method], name=f"{self.method} {prefix}{self.path}")

    async def _answer(self, request: Request, caller: auth.Caller) -> Response:
        if self.method == "POST" and "idempotency-key" in request.headers:
            return await idempotency.once(
                request, self.handler, caller, is_replayable=self.is_replayable, replay=self.replay
            )
        return await self.handler(request)

    def _admit(self, caller: auth.Caller) -> None:
        if self.audience is not Audience.anyone:
            caller.require_person()
        if self.scope is not None and not caller.may_use(self.scope):
            raise Forbidden(f"This token lacks the scope “{self.scope}”.", code="insufficient_scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One HTML page or form action. `audience` staff means: signed in, and `access_*` asks for a role.

    `asks_password`: a form that is taken only with a proof of the last ten minutes, else a page asks for the password
    and goes on (api/proof.py). `counts` as of `Endpoint`.
    """

    method: str
    path: str
    handler: Handler
    audience: Audience
    asks_password: bool = False
    counts: Work | None = None

    def route(self) -> Route:
        """The Starlette route: knows who is asking, leads through sign-in where needed, calls the handler."""

        async def endpoint(request: Request) -> Response:
            request.scope["confero.page"] = self
            WORK.set(f"{self.method} {self.path}")
            caller = await auth.authenticate(request)
            use_reader_locale(request, caller.person)
            if self.audience in (Audience.signed_in, Audience.staff):
                caller.require_person()
            if self.audience is Audience.development and get_settings().is_production:
                raise NotFound()
            try:
                if self.asks_password:
                    await proof.require(request)
                async with charged(request, self.counts):
                    response = await self.handler(request)
            except proof.AskedAgain as asked:
                response = await proof.ask(request, asked)
            finally:
                await request.close()  # uploads lie in temporary files
            auth.prolong(request, response)
            return response

        return Route(self.path, endpoint, methods=[self.method], name=f"{self.method} {self.path}")
