"""The system's own Chromium, driven by Playwright; where there is none these tests are skipped."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SOUNDS = "--autoplay-policy=no-user-gesture-required"
"""As a hall starts its screens: nobody stands there to touch them."""


def chromium() -> str | None:
    """The browser to use: the one that CHROMIUM names, else the first that is installed."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed, CHROMIUM names none")
    arguments = [SOUNDS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # Of the module, not of the session: its loop would be in the way of the asynchronous tests.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield opened
        finally:
            opened.close()
