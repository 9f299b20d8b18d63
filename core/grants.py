"""What the application's own database role may do: read and write rows, but not change tables, nor what was recorded.

The tables belong to another role, with which `confero migrate` runs (CONFERO_MIGRATION_DATABASE_URL). Where both are
one role, nothing is granted and the triggers of append-only tables are all that guards them.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import unquote, urlsplit

from core.database import Connection
from core.errors import AppError

APPEND_ONLY = ("audit_entry",)
"""Tables that the application adds to and never changes."""
READ_ONLY = ("tortoise_migrations",)
_ITERATIONS = 4096  # PostgreSQL's own default


class CannotGrant(AppError):
    """The application's role cannot be set up; the message says what to do."""

    code = "cannot_grant"


async def grant(connection: Connection, application_url: str) -> None:
    """Let the role of `application_url` do its work on the tables of the connected role, and nothing else.

    Makes the role with the password in the URL where there is none. Does nothing where it is the connected role
    itself. Raises `CannotGrant`.
    """
    parts = urlsplit(application_url)
    role = unquote(parts.username or "postgres")
    if role == await connection.fetchval("SELECT current_user"):
        return
    async with connection.transaction():
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
            await _create(connection, role, unquote(parts.password or ""))
        await _refuse_powerful(connection, role)
        for statement in await _statements(connection, role):
            await connection.execute(statement)


async def _create(connection: Connection, role: str, password: str) -> None:
    is_able = await connection.fetchval("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not is_able:
        raise CannotGrant(
            f"There is no role “{role}” and this one may not make it. Run: CREATE ROLE {role} LOGIN PASSWORD '…'"
        )
    await connection.execute(
        await connection.fetchval(
            "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)", role, verifier(password)
        )
    )


def verifier(password: str) -> str:
    """What PostgreSQL stores of a password (SCRAM-SHA-256, RFC 5803), so that no log of statements holds the word."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def _refuse_powerful(connection: Connection, role: str) -> None:
    """A role that owns the tables, or may become their owner, is not held back by what it is granted."""
    found: Any = await connection.fetchrow(
        """SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER') AS is_powerful,
             (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'public' AND c.relowner = r.oid) AS owned, current_user AS owner
           FROM pg_roles r WHERE rolname = $1""",
        role,
    )
    if found["owned"]:
        raise CannotGrant(
            f"The tables belong to “{role}”, with which the application runs. Give them to the role of the migrations,"
            f" as a superuser: REASSIGN OWNED BY {role} TO {found['owner']}"
        )
    if found["is_powerful"]:
        raise CannotGrant(f"“{role}” may do everything that “{found['owner']}” may. Give the application a plain role.")


async def _statements(connection: Connection, role: str) -> list[str]:
    name = await connection.fetchval("SELECT quote_ident($1)", role)
    statements = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA public FROM {name}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
    ]
    statements += [f"REVOKE UPDATE, DELETE ON {table} FROM {name}" for table in APPEND_ONLY]
    statements += [f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {name}" for table in READ_ONLY]
    return statements
