"""A gate in the database: another process works up to a point and waits there, however fast the machine is.

So a test that stops or kills a process in the middle of its work does meet the middle.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.patience import PATIENCE

_KEY = 0x6A7E
_IS_SOMEBODY_WAITING = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Gate:
    """Keeps everybody waiting who inserts into the table; see `gate`."""

    def __init__(self, keeper: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._keeper = keeper

    async def reached(self) -> None:
        """Return once somebody stands before it."""
        async with asyncio.timeout(PATIENCE):
            while not await self._keeper.fetchval(_IS_SOMEBODY_WAITING, _KEY):  # noqa: ASYNC110  # others come there
                await asyncio.sleep(0.02)


@asynccontextmanager
async def gate(url: str, table: str, *, after: int) -> AsyncIterator[Gate]:
    """Let `after` rows into `table` (a few more where several insert at once), and nobody else until the block ends.

    Opens when the block ends, and waits for those who stood there to be through or gone.
    """
    keeper = await asyncpg.connect(url)
    try:
        await keeper.execute("SELECT pg_advisory_lock($1)", _KEY)
        await keeper.execute(
            f"""CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
                BEGIN
                    IF (SELECT count(*) FROM {table}) >= {after} THEN
                        PERFORM pg_advisory_xact_lock_shared({_KEY});
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER test_gate BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION test_gate()"""
        )
        yield Gate(keeper)
    finally:
        await keeper.execute("SELECT pg_advisory_unlock_all()")
        await keeper.execute(f"DROP TRIGGER IF EXISTS test_gate ON {table}; DROP FUNCTION IF EXISTS test_gate()")
        await keeper.close()
