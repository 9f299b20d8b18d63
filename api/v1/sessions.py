"""/me/sessions: the signed-in browsers of a person."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts import proofs, queries, sign_in, sign_in_history
from accounts.schemas import ProofIn, SessionOut, SignInEventOut
from api import auth, parse, respond
from core.pages import ListQuery, PageOf, page_of


async def mine(request: Request) -> Response:
    """Where the person is signed in, the last seen first."""
    caller = auth.caller_of(request)
    query = parse.query(request, ListQuery)
    found = await queries.sessions_of(caller.require_person(), now=datetime.now(UTC))
    items = [SessionOut.of(session, caller.session_id) for session in found]
    last_seen_first = page_of(
        items, query, key=lambda one: (one.last_seen_at, one.id), kinds=(datetime, UUID), descending=True
    )
    return respond.json(last_seen_first)


async def history(request: Request) -> Response:
    """Who signed in to the account or failed to, in the last 90 days, the newest first."""
    person = auth.current_person(request)
    events, cursor = await sign_in_history.of(person, parse.query(request, ListQuery), now=datetime.now(UTC))
    items = [SignInEventOut.of(event) for event in events]
    return respond.json(PageOf[SignInEventOut](items=items, next_cursor=cursor))


async def end(request: Request) -> Response:
    """Sign one browser out."""
    person = auth.current_person(request)
    session = await sign_in.access_session(request.path_params["id"], person)
    await sign_in.end_session(session, by=person)
    return respond.empty()


async def prove(request: Request) -> Response:
    """Type the password again in a browser's session, for ten minutes. A token is proved by making it, and by nothing
    else."""
    caller = auth.caller_of(request)
    person, data = caller.require_person(), await parse.body(request, ProofIn)
    if caller.session_id is None:
        raise proofs.PasswordAgain()
    await proofs.prove(person, data.password, session_id=caller.session_id, field="password", now=datetime.now(UTC))
    return respond.empty()
