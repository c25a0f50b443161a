"""Whether the database has connections for all that are going to start, asked before they do.

`python -m deploy.connections` asks the server of ONEDOOR_DATABASE_URL for the workers and pools
that the environment names. Without this the last to start would fail, and work under load.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from deploy import postgres
from deploy.services import SERVICES
from shared.errors import Text
from shared.settings import Settings

KEPT_FREE = 10
"""For migrations, `make` and whoever has to look into a running system."""
_POOLS = ("pool_size", "direct_pool_size")
_ASKED = ("workers", "statement_cache_size", *_POOLS)


class Wanted(NamedTuple):
    """What one service holds when it is busy."""

    service: str
    workers: int
    each: int

    @property
    def connections(self) -> int:
        return self.workers * self.each


def wanted(environment: Mapping[str, str]) -> list[Wanted]:
    """Of every service; none of those that go through PgBouncer, whose pool is its own."""
    found = []
    for service in SERVICES:
        own = {name: environment.get(f"{service}_{name}".upper()) for name in _ASKED}
        workers = int(own["workers"] or environment.get("WORKERS") or 1)
        each = sum(int(own[pool] or Settings.model_fields[pool].default) for pool in _POOLS)
        if own["statement_cache_size"] != "0":
            found.append(Wanted(service, workers, each))
    return found


def refusal(services: Sequence[Wanted], limit: int) -> Text | None:
    """Why they cannot all be served by a server that takes so many, and what to set."""
    total = sum(each.connections for each in services)
    if total + KEPT_FREE <= limit:
        return None
    parts = ", ".join(f"{each.service} {each.workers} x {each.each}" for each in services)
    return Text(
        f"数据库最多接受 {limit} 个连接，而各服务共需 {total} 个（{parts}），另留 {KEPT_FREE} 个。"
        "请减小 WORKERS 或 <SERVICE>_WORKERS、<SERVICE>_POOL_SIZE、<SERVICE>_DIRECT_POOL_SIZE，"
        "或增大 PostgreSQL 的 max_connections。",
        f"Connections that the database takes: {limit}; that the services want: {total} ({parts});"
        f" to be kept free: {KEPT_FREE}. Lower WORKERS or <SERVICE>_WORKERS, <SERVICE>_POOL_SIZE,"
        " <SERVICE>_DIRECT_POOL_SIZE, or raise PostgreSQL's max_connections.",
    )


def ensure(admin_url: str, environment: Mapping[str, str]) -> None:
    """Exits with the refusal where there are too few."""
    limit = asyncio.run(postgres.connections(admin_url))
    if (why := refusal(wanted(environment), limit)) is not None:
        sys.exit(f"{why.zh}\n{why.en}")


if __name__ == "__main__":
    ensure(os.environ["ONEDOOR_DATABASE_URL"], os.environ)
