"""`python -m tests.deploy.forked_part FILE [CODE]`: notes what it is, then stays or ends so."""

import json
import os
import sys
import time
from pathlib import Path

from deploy.services import SERVICES

SERVED = tuple(f"services.{service}.app" for service in SERVICES)
RARE = "tabnanny"
"""A small module that nothing else imports."""


def main(file: str, *code: str) -> None:
    known = {
        "parent": os.getppid(),
        "leads_session": os.getsid(0) == os.getpid(),
        "given": os.environ.get("GIVEN"),
        "arguments": sys.argv[1:],
        "began_with": [module for module in (*SERVED, RARE) if module in sys.modules],
    }
    sys.stdout.write("begins\n")
    draft = Path(f"{file}.new")
    draft.write_text(json.dumps(known))
    draft.rename(file)
    if code:
        sys.exit(int(code[0]))
    time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
