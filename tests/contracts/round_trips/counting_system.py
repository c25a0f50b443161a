"""The same as `python -m deploy.local`, with services that count what they ask the database."""

import os
import sys
from typing import Any

from deploy.local import __main__ as local
from deploy.local import forking, stack
from deploy.local.options import ROOT
from tests.contracts.round_trips.counting import START

PATH = os.pathsep.join((str(START), str(ROOT)))
_python = stack._python


def _counting(*arguments: str, **environment: str) -> Any:
    return _python(*arguments, **{"PYTHONPATH": PATH, **environment})


if __name__ == "__main__":
    stack._python = _counting
    vars(forking)["ROOT"] = PATH  # what is forked counts as its fork server does
    sys.exit(local.main())
