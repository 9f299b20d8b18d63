"""The bare limits: plain Starlette handlers with one asyncpg statement, on a pool of Confero's size."""

import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import uuid_utils.compat
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.pool import PooledConnection

SCHEMA = """
CREATE SCHEMA bare;
CREATE TABLE bare.quota (id int PRIMARY KEY, size int NOT NULL, taken int NOT NULL CHECK (taken <= size));
CREATE TABLE bare.place (id uuid PRIMARY KEY, quota_id int NOT NULL, person int NOT NULL, at timestamptz DEFAULT now());
CREATE TABLE bare.scan (id uuid PRIMARY KEY, code text NOT NULL UNIQUE, at timestamptz DEFAULT now());
CREATE TABLE bare.answer (id int PRIMARY KEY, sequence int NOT NULL, body text NOT NULL);
CREATE TABLE bare.line (id int PRIMARY KEY, code text, name text, email text, made timestamptz);
INSERT INTO bare.quota VALUES (1, 100000000, 0);
INSERT INTO bare.line
SELECT n, md5(n::text), 'Name ' || n, n || '@example.org', now() FROM generate_series(1, 100000) n;
ANALYZE bare.line;
"""
_CLAIM = """WITH claimed AS (UPDATE bare.quota SET taken = taken + 1 WHERE id = 1 AND taken < size RETURNING id)
INSERT INTO bare.place (id, quota_id, person) SELECT $1, id, 1 FROM claimed RETURNING id"""
_EVENT = "SELECT * FROM event WHERE slug = $1"
_LINES = "SELECT id, code, name, email, made FROM bare.line WHERE id > $1 ORDER BY id LIMIT 50"
_ANSWER = """INSERT INTO bare.answer AS a VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, body = excluded.body WHERE a.sequence < excluded.sequence
RETURNING sequence"""


def _pool(request: Request) -> asyncpg.Pool:
    pool: asyncpg.Pool = request.app.state.pool
    return pool


async def claim(request: Request) -> Response:
    """The one-statement hot row."""
    made: UUID | None = await _pool(request).fetchval(_CLAIM, uuid_utils.compat.uuid7())
    return JSONResponse({"id": str(made)}, 201 if made else 409)


async def scan(request: Request) -> Response:
    """One INSERT."""
    made = uuid_utils.compat.uuid7()
    code = (await request.json())["code"]
    await _pool(request).execute("INSERT INTO bare.scan (id, code) VALUES ($1, $2)", made, code)
    return JSONResponse({"id": str(made)}, 201)


async def event(request: Request) -> Response:
    """Select one event by its key."""
    row = await _pool(request).fetchrow(_EVENT, request.path_params["slug"])
    if row is None:
        return Response(status_code=404)
    return JSONResponse({"title": row["title"], "description": row["description"]})


async def lines(request: Request) -> Response:
    """50 rows as JSON."""
    rows = await _pool(request).fetch(_LINES, int(request.query_params.get("after", "0")))
    items = [
        {"id": r["id"], "code": r["code"], "name": r["name"], "email": r["email"], "made": r["made"].isoformat()}
        for r in rows
    ]
    return JSONResponse({"items": items})


async def answer(request: Request) -> Response:
    """One upsert that keeps the highest sequence."""
    body = await request.json()
    kept = await _pool(request).fetchval(
        _ANSWER, request.path_params["id"], body["sequence"], json.dumps(body["response"])
    )
    return JSONResponse({"sequence": kept})


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    size = int(os.environ["CONFERO_POOL_SIZE"])
    url = os.environ["CONFERO_DATABASE_URL"]
    async with asyncpg.create_pool(url, min_size=1, max_size=size, connection_class=PooledConnection) as pool:
        app.state.pool = pool
        yield


app = Starlette(
    routes=[
        Route("/claim", claim, methods=["POST"]),
        Route("/scan", scan, methods=["POST"]),
        Route("/events/{slug}", event),
        Route("/lines", lines),
        Route("/answers/{id:int}", answer, methods=["PUT"]),
    ],
    lifespan=_lifespan,
)


def main() -> None:
    """Serve on the inherited socket, configured as Confero's own web processes are."""
    config = uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="warning")
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
