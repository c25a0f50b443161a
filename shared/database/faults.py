"""What a failed transaction means: give it another try, wait for the outage to end, or neither."""

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Overtaken(asyncpg.SerializationError):
    """What was looked at before the locks is not so any more: the transaction is to be done again.

    As the server's own 40001; raised where only the code can know.
    """


_GAVE_WAY = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InvalidCachedStatementError,  # a migration came by; the next try is planned anew
)
_LOST = (
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell came while nothing was asked
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
)
_OUTAGE = (
    OSError,
    TimeoutError,
    PoolTimeout,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.CannotConnectNowError,
)

Kinds = tuple[type[BaseException], ...]
DATABASE_FAULTS: Kinds = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""All that a statement of the direct pool may fail by: for who goes on whatever it was."""


def postgres_error(error: BaseException) -> asyncpg.PostgresError | None:
    """The server's own error behind what SQLAlchemy made of it, if it is one."""
    found = _find(error, (asyncpg.PostgresError,))
    return found if isinstance(found, asyncpg.PostgresError) else None


def is_bad_value(error: BaseException) -> bool:
    """Whether a value cannot be stored: the server said so, or the driver before it was sent.

    The driver's own error for it is an InterfaceError, as its errors of connections are.
    """
    found = _find(error, (asyncpg.DataError, asyncpg.InterfaceError))
    return isinstance(found, asyncpg.DataError | ValueError)


def is_unsent(error: BaseException) -> bool:
    """Whether the driver itself refused a value: after the server was told what the statement is,
    and before it was told to run it. The server waits for more, with its limits running."""
    found = _find(error, (asyncpg.DataError,))
    return found is not None and getattr(found, "severity", None) is None


def gave_way(error: BaseException) -> bool:
    """Whether the transaction was rolled back only so that another could go on (40P01, 40001), or
    because what it was planned for looks otherwise now."""
    return _find(error, _GAVE_WAY) is not None


def was_lost(error: BaseException) -> bool:
    """Whether the connection ended under the statement, so that another one may do."""
    return _find(error, _LOST) is not None and not is_bad_value(error)


def is_outage(error: BaseException) -> bool:
    """Whether the database was out of reach, too busy or gave way to another transaction."""
    return _find(error, _OUTAGE) is not None and not is_bad_value(error)


def _find(error: BaseException | None, kinds: Kinds) -> BaseException | None:
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or getattr(error, "orig", None)
    return error
