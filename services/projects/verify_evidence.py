"""`python -m services.projects.verify_evidence`: does every capture still say what was captured?

Walks each portal's chain from its first capture, recomputes every hash, reads every file, and
compares the sealed days with their captures; so are texts of files and documents of the register.
Exits 1 and names each fault when something differs.
"""

import asyncio
import sys

from services.projects.copy_evidence import names_besides
from services.projects.evidence import moving
from services.projects.evidence.files import store_of
from services.projects.evidence.verifying import StoredEvidence, verify
from services.projects.settings import ProjectsSettings
from shared.database.engine import new_engine, new_sessions
from shared.errors import Text

BESIDES_GONE = Text(
    "附件文字或登记文件缺失或被改动", "the text of a file or a document is gone or altered"
)


async def main() -> int:
    """0 when all evidence is whole, else 1."""
    settings = ProjectsSettings()
    engine = new_engine(settings, "projects-verify")
    try:
        async with new_sessions(engine)() as session:
            store = store_of(settings)
            found = await verify(StoredEvidence(session, store))
            besides = await moving.copy(names_besides(session), store, None)
    finally:
        await engine.dispose()
    for name in besides.missing:
        found.note(name, BESIDES_GONE)
    for fault in found.faults:
        sys.stdout.write(f"✗ {fault.where}: {fault.what.zh} | {fault.what.en}\n")
    sys.stdout.write(
        f"共核验 {found.captures} 份证据、{found.days} 个已封存日，异常 {len(found.faults)} 处 | "
        f"{found.captures} captures and {found.days} sealed days, {len(found.faults)} faults\n"
    )
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
