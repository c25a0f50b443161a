"""The screen of a hall, looked at in a browser: whole, readable, heard, honest when it is cut."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from shared.clock import SHANGHAI
from tests.browser import chromium
from tests.browser.hall import HALL, Busy, fill
from tests.system import System

pytestmark = [chromium.needed, pytest.mark.slow, pytest.mark.xdist_group("system")]

SIZES = [(1920, 1080), (1366, 768), (1280, 720), (3840, 2160), (1080, 1920)]
TURN_MS = 8_100
MOST_PAGES = 9
LOOKS = 600

LISTENS = """
  window.heard = [];
  window.tones = 0;
  const begin = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () {
    window.tones += 1;
    return begin.call(this);
  };
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  speechSynthesis.getVoices = () => [{ lang: "zh-CN", name: "a voice" }];
  speechSynthesis.speak = (words) => {
    window.heard.push([words.lang, words.text]);
    words.onend();
  };
"""
"""Writes down what the machine's loudspeaker would be given."""

WATCHES = """
  () => {
    window.lit = 0;
    const newest = document.getElementById("newest");
    new MutationObserver(() => { window.lit += newest.classList.contains("fresh") ? 1 : 0; })
      .observe(newest, { attributes: true });
  }
"""
"""Counts how often the newest call lights up: it goes out by itself."""
SHOWN = """
  (id) => [...document.querySelectorAll(`#${id} > li`)].filter((row) => !row.hidden).map((row) => {
    const list = row.parentElement.getBoundingClientRect();
    const parts = [row, ...row.querySelectorAll("*")];
    const box = row.getBoundingClientRect();
    const isWide = (part) => part.left < list.left - 1 || part.right > list.right + 1;
    return {
      name: row.firstElementChild.textContent,
      type: Math.min(...parts.map((part) => parseFloat(getComputedStyle(part).fontSize))),
      inside: list.top >= 0 && list.bottom <= innerHeight
        && box.top >= list.top - 1 && box.bottom <= list.bottom + 1
        && !parts.some((part) => isWide(part.getBoundingClientRect())),
    };
  })
"""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def busy(system: System) -> Iterator[Busy]:
    with httpx.Client(base_url=f"{system.url}/api/v1", timeout=30) as client:
        filled = fill(system, client)
        yield filled
        filled.empty()


@pytest.fixture
def open_screen(page: Page, system: System, busy: Busy) -> Open:
    def opened(width: int = 1920, height: int = 1080, query: str = "") -> Page:
        page.set_viewport_size({"width": width, "height": height})
        page.clock.install()
        page.add_init_script(LISTENS)
        page.goto(f"{system.url}/live/halls/{HALL}{query}")
        expect(page.locator("#name")).to_have_text("一扇门市民中心")
        page.evaluate(WATCHES)
        return page

    return opened


def turned(page: Page, id: str) -> dict[str, dict[str, Any]]:
    """Every row of a list by its name, over all its pages."""
    rows: dict[str, dict[str, Any]] = {}
    for _ in range(MOST_PAGES):
        shown = page.evaluate(SHOWN, id)
        if {row["name"] for row in shown} <= rows.keys():
            return rows
        rows |= {row["name"]: row for row in shown}
        page.clock.fast_forward(TURN_MS)
    raise AssertionError("it never begins again")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_hides_nothing_and_can_be_read_at_eight_metres(
    open_screen: Open, busy: Busy, width: int, height: int
) -> None:
    page = open_screen(width, height)
    matters, calls = turned(page, "waiting"), turned(page, "calls")
    waiting = {entry["name"] for entry in busy.display()["waiting"]}
    assert waiting == busy.matters
    assert matters.keys() == waiting
    assert calls.keys() == {call["number"] for call in busy.called}
    for row in (*matters.values(), *calls.values()):
        assert row["inside"], row
        assert row["type"] >= 0.04 * min(width, height), row
    newest = page.locator("#newest").bounding_box()
    assert newest is not None
    assert newest["height"] >= 0.14 * height
    say = page.locator("#say")
    assert say.evaluate("(text) => text.scrollWidth <= text.clientWidth")
    size = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert size == [width, height]


def test_tells_the_sentence_the_date_and_the_weekday(open_screen: Open, busy: Busy) -> None:
    page = open_screen()
    newest = busy.display()["called"][0]
    sentence = f"请 {newest['number']} 号到 {newest['window']} 号窗口"
    expect(page.locator("#say")).to_have_text(sentence)
    day = datetime.now(SHANGHAI)
    weekday = "星期" + "一二三四五六日"[day.weekday()]
    expect(page.locator("#date")).to_have_text(f"{day.year}年{day.month}月{day.day}日 {weekday}")


def test_a_call_is_chimed_spoken_and_announced_alone(open_screen: Open, busy: Busy) -> None:
    page = open_screen()
    regions = page.locator("[aria-live], [role=status], [role=alert], [role=log]")
    assert regions.evaluate_all("(all) => all.map((one) => one.id)") == ["announced"]
    expect(page.locator("#announced")).to_be_empty()
    ticket = busy.call_another()
    sentence = f"请 {ticket['number']} 号到 {ticket['window']} 号窗口"
    expect(page.locator("#announced")).to_have_text(sentence)
    assert page.evaluate("window.lit") > 0
    expect(page.locator("#say")).to_have_text(sentence)
    for _ in range(LOOKS):
        if page.evaluate("window.heard.length"):
            break
        page.wait_for_timeout(100)
    spelt = sentence.replace(ticket["number"], " ".join(ticket["number"]))
    assert page.evaluate("window.heard") == [["zh-CN", spelt]]
    assert page.evaluate("window.tones") == 2


def test_a_second_screen_in_the_room_can_be_silent(open_screen: Open, busy: Busy) -> None:
    page = open_screen(query="?sound=off")
    ticket = busy.call_another()
    expect(page.locator("#announced")).to_contain_text(ticket["number"])
    page.clock.fast_forward(20_000)
    expect(page.locator("#newest")).to_have_class("newest")
    assert page.evaluate("[window.heard.length, window.tones]") == [0, 0]
    expect(page.locator("#sound")).to_be_hidden()


def test_a_screen_whose_link_freezes_turns_grey_and_tells_its_time(
    open_screen: Open, system: System
) -> None:
    page = open_screen()
    expect(page.locator("body")).not_to_have_class("stale")
    gateway = system.pid_of("gateway")
    os.kill(gateway, signal.SIGSTOP)
    try:
        at = datetime.now(SHANGHAI)
        page.clock.fast_forward(61_000)
        expect(page.locator("body")).to_have_class("stale")
        told = page.locator("#link").inner_text()
        assert f"内容停在 {at:%H}:" in told
        assert "可能已过时" in told
        colour = page.locator("#say").evaluate("(text) => getComputedStyle(text).color")
        assert colour == "rgb(170, 180, 186)"
        assert Axe().run(page).response["violations"] == []
    finally:
        os.kill(gateway, signal.SIGCONT)
    expect(page.locator("body")).not_to_have_class("stale")
    expect(page.locator("#link")).to_be_hidden()


def test_a_hall_that_does_not_exist_is_not_found(page: Page, system: System) -> None:
    answer = page.goto(f"{system.url}/live/halls/NOWHERE")
    assert answer is not None
    assert answer.status == 404
