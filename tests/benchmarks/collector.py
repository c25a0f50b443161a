"""`python -m tests.benchmarks.collector`: what it costs to read a page, beside parsing it alone.

The pages of the demo portal: every list and every item's page. Plain is what any reader has to do:
decode the bytes by the charset they are in, let selectolax parse them, and take the text of the
body and the addresses of the links. Ours is all that the collector reads of a page: whose words are
its own, labels, records, title, times, marks and facts. Both in turns over the same pages, by CPU
time of the process.
"""

import gc
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from statistics import median

from selectolax.lexbor import LexborHTMLParser

from services.projects import demo_city
from services.projects.demo_portal.site import build
from services.projects.demo_portals import rule_of
from services.projects.demo_world import world
from services.projects.reading.readers import FIRST_KIND, decode_by, read_list, read_page
from services.projects.reading.rule import CollectorRule
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least

MINUTES = 0.5
ROUNDS = 7
AIM = 0.5
"""Missed by far: the demo's pages are small, parsing them is C, and to judge them is Python."""
TODAY = date(2026, 11, 27)
NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
HEADERS = {"content-type": "text/html"}
SITE = "http://portal.example"
Page = tuple[str, bytes, str, CollectorRule]


def pages() -> list[Page]:
    """Address, bytes, charset and rule of each page of HTML that a walk of the demo portal reads:
    not of the lists of columns that are read by another way.
    """
    items = demo_city.items()
    units = {unit.code.lower(): unit for unit in demo_city.units()}
    rules = {folder: rule_of(unit, items) for folder, unit in units.items()}
    return [
        (f"{SITE}{path}", file.body, units[folder].charset, rules[folder])
        for path, file in build(world(TODAY)).items()
        if (folder := path.split("/")[1]) in rules
        and path.endswith(".htm")
        and (rules[folder].kind == FIRST_KIND or "/index" not in path)
    ]


def plain(page: Page) -> None:
    """Parse alone, as a reader without judgement would."""
    _, body, charset, _ = page
    tree = LexborHTMLParser(body.decode(charset))
    assert tree.body is not None
    tree.body.text()
    for link in tree.css("a[href]"):
        link.attributes.get("href")


def ours(page: Page) -> None:
    """All that the collector reads of a page."""
    url, body, _, rule = page
    if "/index" in url:
        read_list(body, HEADERS, url, rule)
    else:
        read_page(decode_by(rule, body, HEADERS), url, rule, NOW)


def seconds(work: Callable[[Page], None], of: Iterable[Page]) -> float:
    began = time.process_time()
    for page in of:
        work(page)
    return time.process_time() - began


def main() -> list[Goal]:
    found = pages()
    letters = sum(len(body) for _, body, *_ in found)
    goals.begin("collector", MINUTES, f"{len(found)} pages of {letters / len(found):,.0f} bytes")
    gc.disable()
    alone, whole = [], []
    for _ in range(ROUNDS):
        alone.append(seconds(plain, found))
        whole.append(seconds(ours, found))
        gc.collect()
    goals.show(
        f"  plain {len(found) / median(alone):,.0f}, read {len(found) / median(whole):,.0f}"
        " pages per CPU-second"
    )
    ratio = median(one / other for one, other in zip(alone, whole, strict=True))
    return [at_least("pages per CPU-second / plain selectolax", ratio, AIM)]


if __name__ == "__main__":
    goals.finish(main())
