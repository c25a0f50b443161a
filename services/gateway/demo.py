"""`python -m services.gateway.demo`: creates the demo accounts and lists them in their file.

Only in a local system (ONEDOOR_ENV=local); run after the migrations. Running it again changes
nothing.
"""

import asyncio
import sys

from services.gateway.access import demo_accounts
from services.gateway.settings import GatewaySettings
from shared import clock
from shared.database.engine import new_engine, new_sessions


async def load(settings: GatewaySettings) -> int:
    """How many demo accounts stand afterwards."""
    engine = new_engine(settings, "gateway-demo")
    try:
        async with new_sessions(engine)() as session, session.begin():
            file = settings.demo_accounts_file
            return len(await demo_accounts.ensure(session, file, clock.now()))
    finally:
        await engine.dispose()


def main() -> None:
    settings = GatewaySettings()
    if settings.env != "local":
        sys.exit("ONEDOOR_ENV: demo accounts are for a local system only")
    count = asyncio.run(load(settings))
    print(f"演示账号 {count} 个 | {count} demo accounts: {settings.demo_accounts_file}")


if __name__ == "__main__":
    main()
