"""Idempotency-Key on every POST: the same key and request get the same answer, and the effect happens once.

The answer is stored in the transaction of the change that it acknowledges, so a killed process leaves either both or
neither. That begins with the first change: what a handler reads, counts and works out before holds no connection. A
second request with the key waits on the first one's row and then gets its answer.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Caller, client_address
from core.database import as_a_whole, execute, fetchrow, fetchval
from core.errors import Conflict, Gone, InvalidInput
from core.i18n import N_
from core.settings import get_settings

_HEADER = "Idempotency-Key"

Replay = Callable[[Request, str], Awaitable[Response]]
"""Answers a repeated request by what its caller may see now; given the request and the location of the first answer."""


class KeyReused(Conflict):
    """422: the key came with another request before."""

    code, status = "idempotency_key_reused", 422
    message = N_("This Idempotency-Key was used for a different request. Use a new key.")


class AlreadyCreated(Conflict):
    """409: it was created by the first request; its secret is shown once and not again."""

    code = "already_created"
    message = N_("This was created by an earlier request with the same Idempotency-Key; its secret is shown only once.")


class AnswerGone(Gone):
    """410: it was done by the first request, whose answer named somebody who has been erased since."""

    code = "answer_gone"
    message = N_("This was done by an earlier request with the same Idempotency-Key; its answer is no longer kept.")


class _Answered(Exception):
    """The same request was answered while this one was getting ready."""


_CLAIM = """
INSERT INTO idempotent_request (id, person_id, fingerprint, status, content_type, location, body, created_at)
VALUES ($1, $3, $2, 0, '', '', '', now()) ON CONFLICT (id) DO NOTHING RETURNING id"""


async def once(
    request: Request,
    handler: Callable[[Request], Awaitable[Response]],
    caller: Caller,
    *,
    is_replayable: bool,
    replay: Replay | None,
) -> Response:
    """Run `handler` at most once for this key, caller and path; replay its stored answer after that.

    Where there is a `replay` the answer is not stored: what the caller may see can end before the key does. Only
    successes are stored: a refusal changed nothing, so that the client may mend the cause and use the key again.
    Raises `InvalidInput` for a malformed key, `KeyReused`, `AlreadyCreated` where the answer must not be repeated, and
    `AnswerGone`.
    """
    row_id, fingerprint = _row_id(request, caller), await _fingerprint(request)

    async def claim() -> None:
        if not await fetchval(_CLAIM, row_id, fingerprint, caller.person.id if caller.person else None):
            raise _Answered()

    if await fetchval("SELECT true FROM idempotent_request WHERE id = $1", row_id):
        return await _again(request, await _stored(row_id, fingerprint), replay, is_replayable=is_replayable)
    try:
        async with as_a_whole(claim) as whole:
            response = await handler(request)
            await whole.begin()
            await execute(
                "UPDATE idempotent_request SET status = $2, content_type = $3, location = $4, body = $5 WHERE id = $1",
                row_id,
                response.status_code,
                response.headers.get("content-type", ""),
                response.headers.get("location", ""),
                bytes(response.body) if is_replayable and replay is None else b"",
            )
    except _Answered:
        return await _again(request, await _stored(row_id, fingerprint), replay, is_replayable=is_replayable)
    return response


def _row_id(request: Request, caller: Caller) -> str:
    key = request.headers[_HEADER].strip()
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise InvalidInput({_HEADER: "Use 1 to 200 printable characters."})
    who = str(caller.person.id) if caller.person else f"anonymous {client_address(request)}"
    return hashlib.sha256(f"{who}\n{request.method} {request.url.path}\n{key}".encode()).hexdigest()


async def _again(request: Request, row: asyncpg.Record, replay: Replay | None, *, is_replayable: bool) -> Response:
    if replay is not None:
        answer = await replay(request, row["location"])
    else:
        answer = _repeated(row, is_replayable=is_replayable)
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


async def _fingerprint(request: Request) -> str:
    """What tells this request from another one. Keyed, since a body may hold a password: a copy of the database must
    not let anybody try passwords at the speed of a plain hash."""
    content = str(request.query_params).encode() + b"\n" + await request.body()
    return hmac.new(get_settings().signing_secret, content, hashlib.sha256).hexdigest()


async def _stored(row_id: str, fingerprint: str) -> asyncpg.Record:
    row = await fetchrow("SELECT * FROM idempotent_request WHERE id = $1", row_id)
    if row is None or row["fingerprint"] != fingerprint:
        raise KeyReused()
    return row


def _repeated(row: asyncpg.Record, *, is_replayable: bool) -> Response:
    if not is_replayable:
        raise AlreadyCreated()
    if row["content_type"] and not row["body"]:
        raise AnswerGone()
    headers = {"Content-Type": row["content_type"], "Location": row["location"]}
    return Response(row["body"], row["status"], {name: value for name, value in headers.items() if value})
