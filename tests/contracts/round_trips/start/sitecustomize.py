"""Python imports this at its start where it lies in PYTHONPATH: then services count."""

import sys

if {"shared.web.serve", "deploy.local.fork_server"} & {*sys.orig_argv}:
    from tests.contracts.round_trips import counting

    counting.install_if_asked()
