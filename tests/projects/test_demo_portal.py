"""The demo city's portal: the shape of a real one, its defects, and only known truths."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.applications import Starlette

from services.projects import demo_city
from services.projects.demo_portal import site
from services.projects.demo_portal.app import create_app
from services.projects.demo_portals import rule_of, start_of
from services.projects.demo_world import Case, world
from services.projects.reading.charset import decode
from services.projects.reading.details import read_page
from services.projects.reading.meta_tags import read_meta_tags
from services.projects.reading.readers import read_list
from shared import clock
from shared.clock import SHANGHAI, day_start

TODAY = date(2026, 11, 23)
CITY = world(TODAY)
FILES = site.build(CITY)
UNITS = {unit.code: unit for unit in CITY.units}


def _get(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal")


def test_the_same_day_gives_the_same_portal() -> None:
    assert {path: file.body for path, file in site.build(world(TODAY)).items()} == {
        path: file.body for path, file in FILES.items()
    }


@pytest.mark.parametrize("unit", [u for u in CITY.units if not u.is_down], ids=lambda u: u.code)
def test_every_page_of_a_unit_is_listed_once_with_noise_beside(unit: demo_city.DemoUnit) -> None:
    rule, folder = rule_of(unit, demo_city.items()), f"/{unit.code.lower()}/"
    listed: Counter[str] = Counter()
    waiting, number = [f"http://portal{start_of(unit)}"], 0
    while waiting:
        number, url = number + 1, waiting.pop(0)
        file = FILES[_asked(url)]
        page = read_list(file.body, {}, url, rule, number=number).page
        listed.update(entry.url.removeprefix("http://portal") for entry in page.entries)
        waiting += [*([page.next_url] if page.next_url else []), *page.parts]
        assert not page.lacks
    own = {p.path for p in CITY.pages if p.path.startswith(folder)}
    assert own <= listed.keys()
    assert len(listed) == len(own) + 5
    assert set(listed.values()) == {1}
    assert listed.keys() <= FILES.keys()


def _asked(url: str) -> str:
    path, mark, query = url.removeprefix("http://portal").partition("?")
    return path + mark + "&".join(sorted(query.split("&")))


def test_some_units_list_what_they_publish_in_other_ways() -> None:
    kinds = Counter(rule_of(unit, demo_city.items()).kind for unit in CITY.units)
    assert kinds == {"html_list": 15, "json_api": 1, "feed": 1, "sitemap": 1}


def test_every_page_says_what_the_city_knows_whatever_its_defect() -> None:
    for page in CITY.pages:
        unit = UNITS[page.path.split("/")[1].upper()]
        rule = rule_of(unit, demo_city.items()).detail
        text = decode(FILES[page.path].body).text
        read = read_page(text, f"http://portal{page.path}", rule, day_start(TODAY))
        claimed = page.meta_at.astimezone(SHANGHAI).date() if page.meta_at else None
        assert (read.meta_time.on if read.meta_time else None) == claimed
        assert (read.label_time.on if read.label_time else None) == claimed
        labels = {} if read.files else dict(page.elements)
        assert labels.keys() <= read.labels.keys()
        if "项目统一代码" in labels:
            assert read.facts.project_code == page.project_code


def test_one_unit_has_files_of_each_kind_beside_its_pages() -> None:
    names = [path.rpartition(".")[2] for path in FILES if path.startswith("/d04/")]
    assert {kind: names.count(kind) for kind in ("pdf", "docx", "xlsx")} == dict.fromkeys(
        ("pdf", "docx", "xlsx"), 1
    )


def test_pages_carry_the_standard_tags() -> None:
    path = CITY.pages[0].path
    meta = read_meta_tags(LexborHTMLParser(decode(FILES[path].body).text))
    assert meta.get("SiteName", "SiteIDCode")
    assert meta.get("ArticleTitle") == CITY.pages[0].title
    assert meta.get("ContentSource")


def test_one_unit_writes_gb18030_and_says_gb2312() -> None:
    path = next(p.path for p in CITY.pages if p.path.startswith("/d06/"))
    found = decode(FILES[path].body)
    assert (found.charset, found.misdeclared) == ("gb18030", False)


async def test_serves_files_with_validators_and_a_broken_folder() -> None:
    async with _get(create_app(TODAY)) as client:
        first = await client.get("/d01/index.htm")
        again = await client.get("/d01/index.htm", headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert (await client.get("/d14/index.htm")).status_code == 503
        assert (await client.get("/nowhere")).status_code == 404
        assert "Disallow: /manage/" in (await client.get("/robots.txt")).text
        assert "发展和改革委员会" in (await client.get("/")).text


async def test_a_unit_publishes_what_it_owes_and_no_page_of_before_changes(tmp_path: Path) -> None:
    owed = next(d for d in CITY.duties if d.case is Case.OVERDUE and d.unit_code == "D03")
    wanted = {"unit_code": "D03", "doc_no": owed.doc_no}
    async with _get(create_app(TODAY, tmp_path / "pages")) as client:
        put_up = await client.post("/manage/pages", json=wanted)
        assert put_up.status_code == 201, put_up.text
        path = put_up.json()["path"]
        again = await client.post("/manage/pages", json=wanted)
        assert again.json()["path"] == path, "once, however often it is asked for"
    async with _get(create_app(TODAY, tmp_path / "pages")) as client:
        page, listed = await client.get(path), await client.get("/d03/index.htm")
        assert (page.status_code, listed.text.count(path.removeprefix("/d03/"))) == (200, 1)
        rule = rule_of(UNITS["D03"], demo_city.items()).detail
        read = read_page(page.text, f"http://portal{path}", rule, clock.now())
        assert read.facts.project_code == owed.project_code
        assert read.label_time is not None
        assert read.label_time.on == clock.today(clock.now())
        for known in (p.path for p in CITY.pages if p.path.startswith("/d03/")):
            assert (await client.get(known)).content == FILES[known].body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {"unit_code": "D03", "doc_no": "别处〔2026〕1号"}}, 404),
        ({"json": {"unit_code": "D03"}}, 422),
        ({"content": b"unit_code=D03", "headers": {"Content-Type": "text/plain"}}, 415),
    ],
)
async def test_nothing_else_is_put_up(sent: dict[str, Any], status: int) -> None:
    async with _get(create_app(TODAY)) as client:
        assert (await client.post("/manage/pages", **sent)).status_code == status
