"""/docs in a browser: found by words and by role, opened by an address, and a kind sign-in box."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.conftest import PATIENCE_MS
from tests.system import System

pytestmark = [chromium.needed, pytest.mark.slow, pytest.mark.xdist_group("system")]

ENTRY = "#index li:not([hidden]) a:visible"
CALL_NEXT = "#/hall/call_next"


def opened(page: Page, system: System, asked: str = "") -> Page:
    page.goto(f"{system.url}/docs{asked}")
    page.wait_for_selector(".opblock-tag")
    return page


@pytest.fixture(scope="module")
def chinese(browser: Browser, system: System) -> Iterator[Page]:
    """The page as a visitor has it open who looks for one thing after the other."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield opened(page, system)
    page.close()


@pytest.mark.parametrize("words", ["叫下一位", "CALL-NEXT post", "call_next", "应叫时间 无人等候"])
def test_an_operation_is_found_by_what_somebody_remembers_of_it(chinese: Page, words: str) -> None:
    chinese.locator("#find").fill(words)
    anchors = [link.get_attribute("href") for link in chinese.locator(ENTRY).all()]
    assert CALL_NEXT in anchors
    assert len(anchors) < 10
    assert re.search(r"找到 \d+ 个", chinese.locator("#found").inner_text())


def test_groups_count_what_is_left(chinese: Page) -> None:
    chinese.locator("#find").fill("call_next")
    counts = chinese.locator("#index details:not([hidden]) summary i").all_inner_texts()
    assert sum(map(int, counts)) == chinese.locator(ENTRY).count() > 0


def test_a_role_sees_what_it_may_do_and_nothing_else(chinese: Page) -> None:
    chinese.locator("#find").fill("")
    chinese.locator("#role").select_option(label="监察人员")
    chinese.locator("#index details:not([hidden]) summary").evaluate_all(
        "(all) => all.forEach((one) => { one.parentElement.open = true; })"
    )
    anchors = {link.get_attribute("href") for link in chinese.locator(ENTRY).all()}
    assert "#/auditor/run_audit" in anchors
    assert CALL_NEXT not in anchors
    assert "role=auditor" in chinese.url


def test_the_sign_in_box_says_what_is_wrong(chinese: Page) -> None:
    says_what_is_wrong(chinese, "账号或密码不对，或登录已失效：请核对账号和密码")


def test_what_is_not_there_and_a_wrong_password_are_said_in_english(
    page: Page, system: System
) -> None:
    opened(page, system, "?lang=en&q=nothing-of-the-kind")
    assert page.locator("#found").inner_text() == "Nothing was found; try fewer or other words."
    assert page.locator(ENTRY).count() == 0
    page.locator("#find").fill("")
    says_what_is_wrong(page, "Wrong account or password")


def says_what_is_wrong(page: Page, said: str) -> None:
    page.locator(".btn.authorize").first.click()
    page.locator("#oauth_username").fill("nobody-of-here")
    page.locator("#oauth_password").fill("wrong")
    page.locator(".modal-ux .btn.authorize").click()
    refusal = page.locator(".modal-ux .errors")
    expect(refusal).to_contain_text(said)
    assert "Bad Request" not in refusal.inner_text()


def test_what_was_found_opens_and_has_an_address_of_its_own(page: Page, system: System) -> None:
    opened(page, system).locator("#find").fill("call_next")
    page.locator(f'{ENTRY}[href="{CALL_NEXT}"]').click()
    expect(page.locator("#operations-hall-call_next .opblock-body")).to_be_visible()
    address = page.url
    assert address.endswith(f"?q=call_next{CALL_NEXT}")
    page.goto("about:blank")
    page.goto(address)
    expect(page.locator("#operations-hall-call_next .opblock-body")).to_be_visible()
    assert page.locator("#find").input_value() == "call_next"


def test_two_presses_are_two_requests(page: Page, system: System) -> None:
    """And the words of the sign-in box are Chinese, also those that change."""
    opened(page, system).locator(".btn.authorize").first.click()
    box = page.locator(".modal-ux")
    page.locator("#oauth_username").fill("device1")
    page.locator("#oauth_password").fill(system.accounts()["device1"]["password"])
    box.locator(".btn.authorize").click()
    expect(box.get_by_role("button", name="退出")).to_be_visible()
    assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", box.inner_text()), "no English sentence"
    box.locator(".close-modal").click()
    page.locator("#find").fill("issue_ticket")
    page.locator(ENTRY).first.click()
    operation = page.locator("#operations-citizen-issue_ticket")
    key = operation.locator('[data-param-name="Idempotency-Key"] input')
    sent = set[str]()
    for _ in range(2):
        sent.add(given := key.input_value())
        with page.expect_response("**/api/v1/tickets") as answered:
            operation.locator(".btn.execute").click()
        assert answered.value.status == 201
        assert answered.value.request.headers["idempotency-key"] == given
        assert "idempotent-replayed" not in answered.value.headers
        expect(key).not_to_have_value(given)
    assert len(sent) == 2
