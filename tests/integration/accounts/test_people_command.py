import asyncio
import os
import sys

import asyncpg

from tests.factories.accounts import PASSWORD
from tests.postgres import ROOT

COMMAND = ["people", "create", "--owner", "--email", "First@example.org", "--name", "First Owner"]


async def run(database_url: str, password: str, organization: str) -> tuple[int | None, str]:
    """Exit code and output of the command in a process without a terminal, with the password typed twice."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.cli",
        *COMMAND,
        "--organization",
        organization,
        cwd=ROOT,
        env={**os.environ, "CONFERO_DATABASE_URL": database_url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    output, _nothing = await process.communicate(f"{password}\n{password}\n".encode())
    return process.returncode, output.decode()


async def test_the_first_owner_and_organization_are_made(database_url: str) -> None:
    code, output = await run(database_url, PASSWORD, "Open Systems Foundation")
    assert (code, "first@example.org is an owner of Open Systems Foundation" in output) == (0, True)
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow(
            """SELECT p.email, p.email_confirmed_at IS NOT NULL AS is_confirmed, o.slug, g.role FROM role_grant g
               JOIN person p ON p.id = g.person_id JOIN organization o ON o.id = g.organization_id"""
        )
    finally:
        await connection.close()
    assert row is not None
    assert tuple(row) == ("first@example.org", True, "open-systems-foundation", "owner")


async def test_a_weak_password_makes_nothing(database_url: str) -> None:
    code, output = await run(database_url, "Password1234", "Open Systems Foundation")
    assert code == 1
    assert "first that a guesser tries" in output
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM person") == 0
    finally:
        await connection.close()
