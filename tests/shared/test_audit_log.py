"""The chain finds every kind of tampering."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Sessions, new_sessions
from shared.security import audit_log
from tests.support import Databases

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def sessions(databases: Databases) -> AsyncIterator[Sessions]:
    url = databases.new("feedback", f"audit_{uuid4().hex[:8]}").owner
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    yield new_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """As the owner, who alone can tamper; nothing is committed, so that every chain is its own."""
    async with sessions() as made:
        yield made


async def _write(session: AsyncSession, count: int) -> None:
    for n in range(count):
        await audit_log.write(session, "clerk1", "letter.read", f"letter:{n}", NOW, {"n": n})
    assert await audit_log.seal(session, NOW) == count


async def test_an_untouched_chain_holds(session: AsyncSession) -> None:
    await _write(session, 3)
    await _write(session, 2)
    assert await audit_log.verify(session) == (5, None)


async def test_an_entry_that_was_never_sealed_is_named(session: AsyncSession) -> None:
    await _write(session, 2)
    await audit_log.write(session, "clerk1", "letter.read", "letter:9", NOW - timedelta(days=1))
    held, fault = await audit_log.verify(session)
    assert held == 2
    assert fault is not None
    assert "never sealed" in fault


def _table(tamper: str) -> str:
    """Whose trigger its owner, who alone can, has to turn off before."""
    return "audit_seal" if "audit_seal" in tamper else "audit_log"


@pytest.mark.parametrize(
    ("tamper", "held", "fault"),
    [
        ("UPDATE audit_log SET actor = 'nobody' WHERE object = 'letter:2'", 2, "was changed"),
        ("UPDATE audit_log SET details = '{}' WHERE object = 'letter:0'", 0, "was changed"),
        ("DELETE FROM audit_log WHERE object = 'letter:3'", 3, "was removed"),
        ("DELETE FROM audit_seal WHERE position = 2", 1, "is missing"),
        ("UPDATE audit_seal SET hash = 'x' WHERE position = 4", 3, "was changed"),
    ],
)
async def test_tampering_is_found(
    session: AsyncSession, tamper: str, held: int, fault: str
) -> None:
    await _write(session, 5)
    await session.execute(text(f"ALTER TABLE {_table(tamper)} DISABLE TRIGGER USER"))
    await session.execute(text(tamper))
    found = await audit_log.verify(session)
    assert found[0] == held
    assert found[1] is not None
    assert fault in found[1]
