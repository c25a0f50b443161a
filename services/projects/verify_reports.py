"""`python -m services.projects.verify_reports`: does every report still follow from the history?

Composes each frozen report anew from the verdicts and facts up to its freezing, and compares the
bytes. One by earlier rules stands as it was frozen: of it the counts and the evidence are checked.
Its hash has to be the one that the audit log noted, whose chain `verify_audit_log` proves. Exits 1
and names each report that differs.
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
        f"共重算 {found.composed} 份报表，另按旧规则核对 {found.by_earlier_rules} 份的计数和证据，"
        f"{found.unnoted} 份在审计记录里没有校验值，异常 {len(found.changed)} 份"
        f" | {found.composed} reports composed anew, {found.by_earlier_rules} by earlier rules, "
        f"{found.unnoted} not noted in the audit log, {len(found.changed)} differ\n"
    )
    return 1 if found.changed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
