"""Every page that people look at: no finding of axe-core, and nothing beyond the screen's edge."""

import time
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.browser.hall import HALL, fill
from tests.system import System

pytestmark = [chromium.needed, pytest.mark.slow, pytest.mark.xdist_group("system")]

ABSENT = "/nothing"
BILINGUAL = (
    "/",
    "/docs",
    "/events",
    "/problems",
    "/account/password",
    f"/live/halls/{HALL}",
    ABSENT,
)
OF_A_ROW = (
    *("guide", "queue-rule", "report", "rows", "project"),
    *("evidence", "difference", "elements"),
)
CHINESE = (*(f"{path}?lang=zh" for path in BILINGUAL), *OF_A_ROW)
ENGLISH = tuple(f"{path}?lang=en" for path in BILINGUAL)
COMPUTER, TELEPHONE = 1280, 390
LONG = ("/docs", "/events")
"""Looked through once: hundreds of entries are the same on a telephone and in English, but for what
fits."""
LOADED = {"/docs": ".opblock-tag", "/live": "#say:not(:empty)"}
"""What stands on a page once its scripts have filled it."""


PORTALS_ARE_READ = 120
"""Seconds after its start by which a busy machine has read what the demo publishes."""


@pytest.fixture(scope="module")
def paths(system: System) -> Iterator[dict[str, str]]:
    """Where the pages are whose address holds an id."""
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=60) as client:
        busy = fill(system, client)
        item = client.get("/items", params={"hall": HALL}).json()["items"][0]["code"]
        duty, one, other = published(client, system.sign_in("auditor1"))
        headers = system.sign_in("auditor1") | {"Idempotency-Key": "a-report-to-look-at"}
        audited = client.post("/audits", json={}, headers=headers).raise_for_status().json()
        report = f"/api/v1/reports/{audited['report']}"
        yield {
            "guide": f"/api/v1/items/{item}/guide?format=html",
            "queue-rule": f"/api/v1/halls/{HALL}/queue-policy?format=html",
            "report": f"{report}.html",
            "rows": f"{report}/rows.html?column=late",
            "project": "/api/v1/projects/2408-359900-47-03-837832.html",
            "evidence": f"/api/v1/evidence/{one}?format=html",
            "difference": f"/api/v1/evidence/{one}/diff?with={other}&format=html",
            "elements": f"/api/v1/duties/{duty}/elements?format=html",
        }
        busy.empty()


def published(client: httpx.Client, auditor: dict[str, str]) -> list[str]:
    """A duty that was published in time, its evidence, and that of another one: once the demo's
    portals are read."""
    wanted = {"verdict": "on_time", "limit": "2"}
    deadline = time.monotonic() + PORTALS_ARE_READ
    while len(duties := client.get("/duties", params=wanted, headers=auditor).json()["items"]) < 2:
        assert time.monotonic() < deadline, "the demo's portals were not read"
        time.sleep(0.5)
    read = [client.get(f"/duties/{duty['id']}", headers=auditor).json() for duty in duties]
    return [duties[0]["id"], *(duty["facts"][-1]["evidence_id"] for duty in read)]


def faults(page: Page) -> list[str]:
    """What axe-core finds, each with the element that has it."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("path", [*CHINESE, *ENGLISH])
def test_a_page_has_no_fault_of_access_and_fits(
    page: Page, system: System, paths: dict[str, str], path: str
) -> None:
    blocked: list[str] = []
    page.on("console", lambda line: blocked.append(line.text) if line.type == "error" else None)
    page.set_viewport_size({"width": COMPUTER, "height": 900})
    answer = page.goto(system.url + paths.get(path, path))
    assert answer is not None
    assert answer.status == (404 if path.startswith(ABSENT) else 200)
    for start, mark in LOADED.items():
        if path.startswith(start):
            page.wait_for_selector(mark)
    is_long = path.startswith(LONG)
    if not is_long or path in CHINESE:
        assert faults(page) == []
    page.set_viewport_size({"width": TELEPHONE, "height": 900})
    page.wait_for_function(f"innerWidth === {TELEPHONE}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if not is_long:
        assert faults(page) == []
    if path.startswith(ABSENT):
        blocked = [line for line in blocked if "404" not in line]  # the page itself, as it should
    assert blocked == [], "the page's own policy keeps something of it out"


def test_the_list_of_events_is_folded_where_it_would_come_first(page: Page, system: System) -> None:
    page.goto(f"{system.url}/events")
    first = page.locator(".contents li a").first
    expect(first).to_be_visible()
    page.set_viewport_size({"width": TELEPHONE, "height": 900})
    expect(first).to_be_hidden()


def test_an_opened_operation_and_the_sign_in_box_have_no_fault_of_access(
    page: Page, system: System
) -> None:
    page.goto(f"{system.url}/docs")
    page.wait_for_selector(LOADED["/docs"])
    page.locator(".opblock-post .opblock-summary-control").first.click()
    page.wait_for_selector(".opblock-body textarea")
    assert faults(page) == []
    page.locator(".btn.authorize").first.click()
    page.wait_for_selector(".modal-ux")
    assert faults(page) == []
