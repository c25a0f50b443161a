"""Python imports this at its start where it lies in PYTHONPATH: then services count."""

import sys

if "shared.web.serve" in sys.orig_argv:
    from tests.contracts.round_trips import counting

    counting.install_if_asked()
