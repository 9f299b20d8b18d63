"""/me/sessions: the signed-in browsers of a person."""

from datetime import UTC, datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from accounts import queries, sign_in
from accounts.schemas import SessionOut
from api import auth, parse, respond
from core.pages import ListQuery, page_of


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


async def end(request: Request) -> Response:
    """Sign one browser out."""
    person = auth.current_person(request)
    session = await sign_in.access_session(request.path_params["id"], person)
    await sign_in.end_session(session, by=person)
    return respond.empty()
