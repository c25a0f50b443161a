"""`python -m shared.security.verify_audit_log SERVICE…`: recomputes each service's audit chain.

Reads the database's address as migrations do (`shared.database.migrate`); exits 1 and names the
entry if a chain does not hold.
"""

import asyncio
import sys

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.database.engine import new_sessions
from shared.database.migrate import url_of
from shared.security import audit_log


async def check(url: str) -> tuple[int, str | None]:
    """How many entries of the chain at `url` hold, and what is wrong with the next."""
    # No statement is used twice here, and behind PgBouncer none may be kept.
    kept = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    address = make_url(url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, connect_args=kept)
    try:
        async with new_sessions(engine)() as session:
            return await audit_log.verify(session)
    finally:
        await engine.dispose()


def main(services: list[str]) -> int:
    """Print one line a service; 1 if any chain is broken."""
    broken = 0
    for service in services or ["appointments", "projects", "feedback", "gateway"]:
        held, fault = asyncio.run(check(url_of(service)))
        verdict = f"被改动 / BROKEN: {fault}" if fault else "完好 / intact"
        sys.stdout.write(f"{service}: {held} 条 / entries, {verdict}\n")
        broken |= fault is not None
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
