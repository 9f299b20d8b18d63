"""What it looks like when PostgreSQL or the file store is away: one list, for whoever answers 503 or tries again."""

import asyncpg

BROKEN = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # a shutdown told between two statements leaves "cannot switch to state" behind
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
)
"""After one of these a connection is never used again, even where its socket still looks open."""

AWAY = (
    *BROKEN,
    OSError,  # refused, its socket is not there, or no answer in time (`TimeoutError`); also a file store that is away
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,  # "connection is closed", "pool is closing"
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg, Tortoise and the file store raise while they are away; nothing was acknowledged."""

_TRY_AGAIN = (*AWAY, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


def is_passing(error: BaseException) -> bool:
    """Whether `error`, or its cause, is an outage or a race lost against others: the same call may succeed soon."""
    return isinstance(error, _TRY_AGAIN) or isinstance(error.__cause__, _TRY_AGAIN)
