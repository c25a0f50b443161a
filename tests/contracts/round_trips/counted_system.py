"""The same as `python -m deploy.local`, with services that count what they ask the database."""

import os
import sys
from typing import Any

from deploy.local import __main__ as local
from deploy.local import stack
from deploy.local.options import ROOT
from tests.contracts.round_trips.counting import START

_python = stack._python


def _counting(*arguments: str, **environment: str) -> Any:
    path = os.pathsep.join((str(START), str(ROOT)))
    return _python(*arguments, **{"PYTHONPATH": path, **environment})


if __name__ == "__main__":
    stack._python = _counting
    sys.exit(local.main())
