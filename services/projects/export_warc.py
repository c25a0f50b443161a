"""`python -m services.projects.export_warc PORTAL DAY FILE`: a day's captures of a portal as WARC.

The archives' own format (ISO 28500), so that evidence can be read without this system: what the
file is, and of each capture what was asked and answered (`evidence/warc.py`). The file is there
once it is whole.
"""

import argparse
import asyncio
import os
import sys
from datetime import date
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceStore, store_of
from services.projects.evidence.warc import WebArchive
from services.projects.settings import ProjectsSettings
from shared.database.engine import new_engine, new_sessions


async def export(settings: ProjectsSettings, portal: str, day: date, target: Path) -> int:
    """How many captures were written to `target` (gzip)."""
    engine = new_engine(settings, "projects-warc")
    draft = target.with_name(f".{target.name}.draft")
    try:
        async with new_sessions(engine)() as session:
            count = await _write(session, store_of(settings), portal, day, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
        await engine.dispose()
    return count


async def _write(
    session: AsyncSession, files: EvidenceStore, portal: str, day: date, draft: Path
) -> int:
    captures = await evidence.of_day(session, portal, day)
    with draft.open("wb") as out:
        archive = WebArchive(out, portal, f"{portal}-{day}.warc.gz")
        for capture in captures:
            archive.add(await evidence.captured(session, files, capture))
    return len(captures)


def main() -> None:
    parser = argparse.ArgumentParser(description="导出某栏目某日的网页归档 | Export a day as WARC")
    parser.add_argument("portal")
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    count = asyncio.run(export(ProjectsSettings(), given.portal, given.day, given.file))
    sys.stdout.write(f"已导出 {count} 份 | {count} captures written\n")


if __name__ == "__main__":
    main()
