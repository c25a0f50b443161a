"""A collector in a process of its own, for tests that kill it: `python -m ... URL FOLDER`."""

import asyncio
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.running import Collector
from services.projects.evidence.files import EvidenceFiles
from shared import clock


async def main(url: str, folder: str) -> None:
    engine = create_async_engine(url)
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    await Collector(sessions, EvidenceFiles(Path(folder))).work(clock.now())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
