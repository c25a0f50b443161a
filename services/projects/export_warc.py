"""`python -m services.projects.export_warc PORTAL DAY FILE`: a day's captures of a portal as WARC.

The archives' own format (ISO 28500), so that evidence can be read without this system: one
response record for each capture, a revisit record where the portal said "not modified".
"""

import argparse
import asyncio
import sys
from datetime import UTC, date
from http import HTTPStatus
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from services.projects.evidence import service as evidence
from services.projects.evidence.files import EvidenceFiles
from services.projects.evidence.models import Capture
from services.projects.settings import ProjectsSettings
from shared.database.engine import new_engine, new_sessions


async def export(settings: ProjectsSettings, portal: str, day: date, target: Path) -> int:
    """How many captures were written to `target` (gzip)."""
    engine = new_engine(settings, "projects-warc")
    files = EvidenceFiles(settings.evidence_dir)
    try:
        async with new_sessions(engine)() as session:
            captures = await evidence.of_day(session, portal, day)
        with target.open("wb") as out:
            writer = WARCWriter(out, gzip=True)
            for capture in captures:
                _write(writer, capture, await evidence.raw(files, capture))
    finally:
        await engine.dispose()
    return len(captures)


def _write(writer: WARCWriter, capture: Capture, body: bytes) -> None:
    status = HTTPStatus(capture.status)
    is_revisit = status is HTTPStatus.NOT_MODIFIED
    payload = b"" if is_revisit else body
    headers = {
        "WARC-Date": capture.fetched_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "WARC-Payload-Digest": f"sha256:{capture.sha256}",
    }
    record = writer.create_warc_record(
        capture.final_url,
        "revisit" if is_revisit else "response",
        payload=BytesIO(payload),
        length=len(payload),
        http_headers=StatusAndHeaders(
            f"{status.value} {status.phrase}", [*capture.headers.items()], protocol="HTTP/1.1"
        ),
        warc_headers_dict=headers,
    )
    writer.write_record(record)


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
