"""The page that a one-time link opens: the way on which every account gets its password."""

from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.system import System

pytestmark = [chromium.needed, pytest.mark.slow, pytest.mark.xdist_group("system")]

CHOSEN = "a long walk by the river"


def new_account(system: System) -> dict[str, str]:
    """Name and link of a clerk's account, as its administrator hands it over."""
    name = f"t{uuid4().hex[:12]}"
    wanted = {"account": name, "roles": ["clerk"], "places": ["H001"]}
    answer = httpx.post(
        f"{system.url}/api/v1/accounts", json=wanted, headers=system.sign_in("admin1"), timeout=30
    )
    answer.raise_for_status()
    return {"name": name, "address": system.url + answer.json()["password_link"]["address"]}


def signs_in(system: System, name: str) -> bool:
    form = {"grant_type": "password", "username": name, "password": CHOSEN}
    return httpx.post(f"{system.url}/api/v1/auth/token", data=form, timeout=30).is_success


def choose(page: Page, password: str, again: str) -> None:
    page.locator("#new").fill(password)
    page.locator("#again").fill(again)
    page.get_by_role("button").click()


def test_the_link_lasts_over_another_language_and_a_page_loaded_anew(
    page: Page, system: System
) -> None:
    account = new_account(system)
    page.goto(account["address"])
    assert "#" not in page.url, "the token is not left in the address"
    page.locator(".switch").click()
    expect(page.locator("h1")).to_have_text("Set your password")
    page.reload()
    choose(page, CHOSEN, "something else")
    expect(page.get_by_role("status")).to_contain_text("not the same")
    choose(page, "Password123!", "Password123!")
    expect(page.get_by_role("status")).to_contain_text("common password")
    choose(page, CHOSEN, CHOSEN)
    expect(page.get_by_role("status")).to_contain_text("you can sign in")
    assert signs_in(system, account["name"])
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("holds no link")


def test_a_link_that_was_used_says_what_to_do(page: Page, system: System) -> None:
    account = new_account(system)
    page.goto(account["address"])
    choose(page, CHOSEN, CHOSEN)
    expect(page.get_by_role("status")).to_have_text("密码已设好，可以登录了。")
    page.goto("about:blank")
    page.goto(account["address"])
    choose(page, CHOSEN, CHOSEN)
    expect(page.get_by_role("status")).to_contain_text("请管理员重新签发")


def test_another_tab_has_nothing_of_it(page: Page, system: System) -> None:
    account = new_account(system)
    page.goto(account["address"])
    other = page.context.browser.new_page()  # type: ignore[union-attr]
    other.goto(account["address"].partition("#")[0])
    expect(other.get_by_role("status")).to_contain_text("没有链接内容")
    other.close()
