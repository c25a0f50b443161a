"""Every page that people look at: no finding of axe-core, and nothing beyond the screen's edge."""

from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.hall import HALL, fill
from tests.system import System

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("system")]

BILINGUAL = ("/", "/docs", "/events", "/problems", f"/live/halls/{HALL}")
PAGES = (
    *(f"{path}?lang={lang}" for path in BILINGUAL for lang in ("zh", "en")),
    *("guide", "report", "rows"),
)
WIDTHS = (1280, 390)
LOADED = {"/docs": ".opblock", "/live": "#say:not(:empty)"}
"""What stands on a page once its scripts have filled it."""


@pytest.fixture(scope="module")
def paths(system: System) -> Iterator[dict[str, str]]:
    """Where the pages are whose address holds an id."""
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=60) as client:
        fill(system, client)
        item = client.get("/items", params={"hall": HALL}).json()["items"][0]["code"]
        headers = system.sign_in("auditor1") | {"Idempotency-Key": "a-report-to-look-at"}
        audited = client.post("/audits", json={}, headers=headers).raise_for_status().json()
        report = f"/api/v1/reports/{audited['report']}"
        yield {
            "guide": f"/api/v1/items/{item}/guide?format=html",
            "report": f"{report}.html",
            "rows": f"{report}/rows.html",
        }


@pytest.fixture(params=WIDTHS)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    yield opened
    opened.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_of_access_and_fits(
    page: Page, system: System, paths: dict[str, str], path: str
) -> None:
    blocked: list[str] = []
    page.on("console", lambda line: blocked.append(line.text) if line.type == "error" else None)
    answer = page.goto(system.url + paths.get(path, path))
    assert answer is not None
    assert answer.status == 200
    for start, mark in LOADED.items():
        if path.startswith(start):
            page.wait_for_selector(mark, timeout=60_000)
    found = Axe().run(page).response["violations"]
    assert [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert blocked == [], "the page's own policy keeps something of it out"
