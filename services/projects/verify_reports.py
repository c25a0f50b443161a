"""`python -m services.projects.verify_reports`: does every report still follow from the history?

Composes each frozen report anew from the verdicts and facts up to its freezing, and compares the
bytes. One by earlier rules stands as it was frozen: of it only the seal is checked. Exits 1 and
names each report that differs.
"""

import asyncio
import sys

from services.projects.reports.verifying import verify
from services.projects.settings import ProjectsSettings
from shared.database.engine import new_engine, new_sessions


async def main() -> int:
    """0 when all reports are whole, else 1."""
    engine = new_engine(ProjectsSettings(), "projects-verify")
    try:
        async with new_sessions(engine)() as session:
            found = await verify(session)
    finally:
        await engine.dispose()
    for report in found.changed:
        sys.stdout.write(f"✗ {report}: 与历史不符 | it does not follow from the history\n")
    sys.stdout.write(
        f"共重算 {found.composed} 份报表，另有 {found.by_earlier_rules} 份按旧规则、只核对校验值，"
        f"异常 {len(found.changed)} 份 | {found.composed} reports composed anew, "
        f"{found.by_earlier_rules} by earlier rules, {len(found.changed)} differ\n"
    )
    return 1 if found.changed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
