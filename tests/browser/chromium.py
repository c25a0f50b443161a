"""Which browser looks at the pages: the system's own Chromium."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """The one that CHROMIUM names, else the first that is installed; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


needed = pytest.mark.skipif(
    program() is None,
    reason=f"no browser: none of {', '.join(NAMES)} is installed, and CHROMIUM names none",
)
"""Marks a test that looks at a page. Before anything starts: a system takes a minute."""
