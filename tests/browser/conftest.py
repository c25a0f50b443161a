"""The system's own Chromium, driven by Playwright; where there is none these tests are skipped."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium

SOUNDS = "--autoplay-policy=no-user-gesture-required"
"""As a hall starts its screens: nobody stands there to touch them."""

PATIENCE_MS = 120_000
"""A busy machine is slow, and that is no fault of a page."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    arguments = [SOUNDS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # Of the module, not of the session: its loop would be in the way of the asynchronous tests.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.program(), args=arguments)
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page, closed afterwards."""
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    yield opened
    opened.close()
