"""The fixtures that all database tests stand on."""

import asyncpg
import pytest

from core.database import execute, fetchval
from core.settings import Environment, Settings, get_settings


@pytest.mark.parametrize("turn", [1, 2])
async def test_a_row_of_one_test_is_gone_in_the_next(database: str, turn: int) -> None:
    """Both turns insert the same key; the audit log forbids DELETE and must be emptied all the same."""
    assert await fetchval("SELECT count(*) FROM audit_entry") == 0
    await execute(
        "INSERT INTO audit_entry (id, at, action, object_kind, object_id)"
        " VALUES ('00000000-0000-7000-8000-000000000001', now(), 'a', 'b', '00000000-0000-7000-8000-000000000001')"
    )
    with pytest.raises(asyncpg.PostgresError):
        await execute("DELETE FROM audit_entry")


async def test_other_connections_see_what_a_test_commits(database: str) -> None:
    await execute("INSERT INTO failure_count (bucket, window_ends_at, failures) VALUES ('a', now(), 3)")
    other = await asyncpg.connect(database)
    try:
        assert await other.fetchval("SELECT failures FROM failure_count") == 3
    finally:
        await other.close()


async def test_a_forgotten_connection_does_not_block_the_next_test(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("BEGIN; LOCK TABLE failure_count IN ACCESS EXCLUSIVE MODE")
    from tests import postgres

    await postgres.clean(database_url)
    assert connection.is_closed()


def test_settings_are_those_of_the_process(settings: Settings) -> None:
    assert get_settings() is settings
    assert settings.environment is Environment.test
    assert settings.public_url == "http://testserver"
