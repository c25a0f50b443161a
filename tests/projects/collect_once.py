"""A collector in a process of its own, for tests that kill it: `python -m ... URL FOLDER`."""

import asyncio
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from services.projects.collecting.running import Collector
from services.projects.evidence.files import EvidenceFiles
from shared import clock
from shared.database.engine import new_sessions


async def main(url: str, folder: str) -> None:
    engine = create_async_engine(url)
    sessions = new_sessions(engine)
    await Collector(sessions, EvidenceFiles(Path(folder))).work(clock.now())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
