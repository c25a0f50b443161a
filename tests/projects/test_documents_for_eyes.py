"""What no machine can read may be the publication: a person looks, and nothing is overdue by it."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.projects.collecting.models import PortalPage
from services.projects.matching.rules import Candidate
from services.projects.matching.unread import propose_unread
from services.projects.reading.article import Substance
from services.projects.reading.details import read_page
from services.projects.reading.readers import is_file
from services.projects.reading.rule import DetailRule, ItemCue
from services.projects.reading.titles import may_be_of_many
from shared.clock import now
from tests.conftest import Headers
from tests.projects.absence_world import ITEM, World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import HTML, listing

TITLE = "10月份建议书批复结果公示"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = "<h1>{title}</h1><p>发布时间：{day} 来源：发改委</p>"
EYES: Mapping[str, tuple[str | bytes, str] | None] = {
    "pdf": (b"%PDF-1.4 1 0 obj", "application/pdf"),
    "sheet": (b"PK\x03\x04 rows", SHEET),
    "untyped": (b"PK\x03\x04 rows", HTML),
    "picture": (f'{HEAD}<p><img src="a.jpg"></p>', HTML),
    "frame": (f'{HEAD}<iframe src="a.pdf"></iframe>', HTML),
    "attached": (f"{HEAD}<p>附件：汇总表.xls</p>", HTML),
    "linked": (f'{HEAD}<p>详见附件</p><p><a href="a.xlsx">汇总表</a></p>', HTML),
    "script": (f"{HEAD}<p>加载中，请稍候…</p><script>load()</script>", HTML),
    "elsewhere": None,
}


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


def show(world: World, kind: str, title: str = TITLE) -> None:
    """A list of one entry, whose page is of this kind."""
    served = EYES[kind]
    at = "/a" if served else "https://other.example/a.htm"
    day = long_ago() + timedelta(days=3)
    world.served.pages["/list"] = listing(f"{at}|{title}|{day}")
    if served:
        page, world.served.types["/a"] = served
        if isinstance(page, str):
            page = page.format(title=title, day=day)
        world.served.pages["/a"] = page


async def accept(world: World, match: Mapping[str, Any]) -> None:
    answer = await world.desk.client.post(
        f"/api/v1/matches/{match['id']}/accept",
        json={"version": match["version"]},
        headers=world.as_("auditor", "*"),
    )
    assert answer.json()["state"] == "accepted", answer.text


@pytest.mark.parametrize("kind", EYES)
async def test_a_document_that_nobody_could_read_keeps_the_duties_of_its_item_open(
    world: World, kind: str
) -> None:
    show(world, kind)
    await world.register()
    duty, of_another_item = await world.record(), await world.record(item_code="MP-02-13")
    await world.open()
    await world.walk(2)
    assert (await world.verdict(duty), await world.verdict(of_another_item)) == (
        "unknown",
        "overdue",
    )
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (duty, "page_unreadable")
    await accept(world, match)
    await world.walk()
    # Of a page on another site nobody knows when it was published.
    verdict = "unknown" if kind == "elsewhere" else "on_time"
    assert (await world.verdict(duty), await world.queue()) == (verdict, [])


@pytest.mark.parametrize("kind", ["pdf", "picture", "elsewhere"])
@pytest.mark.parametrize("title", ["关于召开会议的通知", "滨江小区东侧地块建议书批复"])
async def test_a_document_whose_title_is_of_something_else_keeps_nothing_open(
    world: World, kind: str, title: str
) -> None:
    show(world, kind, title)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert (await world.verdict(duty), await world.queue()) == ("overdue", [])


def test_a_file_in_the_column_of_an_item_may_be_of_its_duties_of_that_year() -> None:
    day = long_ago()
    page = PortalPage(
        portal_id="p",
        url="https://x.gov.cn/a.pdf",
        title="2026年第10期公示",
        column_name="项目审批",
        listed_on=day,
        first_seen_at=now(),
        content_seen_at=now(),
        last_listed_at=now(),
        flags=["words_not_readable"],
    )
    cues = [ItemCue(item_code=ITEM, columns=["项目审批"])]
    formed = [day, day - timedelta(days=400), day + timedelta(days=40), None]
    duties = [Candidate(uuid4(), "U", "c", "某工程", ITEM, on, None) for on in formed]
    others = [
        Candidate(uuid4(), unit, "c", "某工程", item, day, None)
        for unit, item in (("V", ITEM), ("U", "MP-02-13"))
    ]
    found = propose_unread(page, "U", cues, [*duties, *others], [])
    assert [each.candidate for each in found] == [duties[0], duties[3]]
    page.title = "滨江小区东侧地块公示"
    assert propose_unread(page, "U", cues, duties, []) == []


async def published_by_a_file(world: World) -> str:
    """A duty that a person found published by a file that no machine reads; its id."""
    show(world, "pdf")
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    [match] = await world.queue()
    await accept(world, match)
    return duty


async def test_a_duty_recorded_after_the_document_was_met_is_kept_open_beside_one_it_published(
    world: World,
) -> None:
    first = await published_by_a_file(world)
    later = [await world.record(doc_no=f"{world.unit}〔2026〕{n}号") for n in (1, 2)]
    await world.desk.match()
    await world.walk(2)
    assert {match["duty"]["id"] for match in await world.queue()} == set(later)
    assert [await world.verdict(duty) for duty in (first, *later)] == [
        "on_time",
        "unknown",
        "unknown",
    ]


async def test_an_event_of_another_item_leaves_a_document_that_nobody_could_read_alone(
    world: World,
) -> None:
    first = await published_by_a_file(world)
    await world.walk()
    query = "SELECT id FROM publication_fact WHERE duty_id = CAST(:id AS uuid) ORDER BY id"
    touched = "SELECT xmin::text FROM portal_page WHERE portal_id = :id"
    rows = await world.desk.rows(touched, id=world.portals[0])
    await world.record(item_code="MP-02-02")
    await world.desk.match()
    assert await world.desk.rows(touched, id=world.portals[0]) == rows
    facts = []
    for n in (1, 2):
        await world.record(doc_no=f"{world.unit}〔2026〕{n}号")
        await world.desk.match()
        assert len(await world.queue()) == n
        facts.append(await world.desk.rows(query, id=first))
    assert facts[0] == facts[1]


@pytest.mark.parametrize("kind", ["picture", "pdf"])
async def test_a_document_that_is_called_as_its_project_publishes_it_as_before(
    world: World, kind: str
) -> None:
    show(world, kind, f"{world.name}建议书批复")
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


@pytest.mark.parametrize(
    "title",
    [
        "10月份施工许可结果公示",
        "施工许可公告",
        "2026年第三季度全市房屋建筑和市政基础设施工程施工许可发放情况的公示",
        "宁川市住房和城乡建设局关于2026年建筑工程施工许可证核发信息的公示",
        "建筑工程施工许可证办理结果（第12批）",
    ],
)
def test_a_title_that_names_no_project_may_be_of_many(title: str) -> None:
    assert may_be_of_many(title, ["施工许可"])


@pytest.mark.parametrize(
    "title",
    ["滨江小区施工许可证", "宁川市第二人民医院扩建工程施工许可", "会议通知", "施工图审查结果"],
)
def test_a_title_that_names_something_or_no_item_is_not_of_many(title: str) -> None:
    assert not may_be_of_many(title, ["施工许可"])


@pytest.mark.parametrize(
    "body",
    [
        f"<h1>批复</h1><p>{'同意你单位关于建设该工程的申请。' * 4}</p><img src='a.jpg'>",
        "<h1>批复</h1><p>项目代码：2401-350000-04-01-000001</p><img src='a.jpg'>",
        f"<h1>批复</h1><p>{'经审查，同意该工程的初步设计。' * 24}</p><a href='a.pdf'>图纸</a>",
        "<h1>批复</h1><p>准予许可</p><nav><img src='logo.png'></nav>",
    ],
)
def test_an_article_with_words_of_its_own_is_read_whatever_it_shows_beside_them(body: str) -> None:
    reading = read_page(body, "https://x.gov.cn/a.htm", DetailRule(), now())
    assert reading.substance is Substance.WORDS


CODES = [f"2605-359900-44-05-52364{n}" for n in range(3)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"甲大桥工程，项目代码：{CODES[0]}，乙水厂工程，{CODES[1]}",
            [(CODES[0], True), (CODES[1], True)],
        ),
        (f"甲大桥工程，{CODES[0]}<br>乙水厂工程，许可证编号7", [(None, True)]),
        (f"项目代码：{CODES[0]}<br>建设单位：城建集团<br>准予许可", []),
        ("项目名称：甲大桥工程<br>准予许可", []),
        ("甲大桥工程，许可证编号7<br>乙水厂工程，许可证编号8", [(None, True), (None, True)]),
    ],
)
def test_sentences_are_records_unless_the_page_is_of_one_project(
    body: str, expected: list[tuple[str | None, bool]]
) -> None:
    html = f"<h1>{TITLE}</h1><div>{body}</div>"
    records = read_page(html, "https://x.gov.cn/a.htm", DetailRule(), now(), ["建议书"]).records
    assert [(each.code, each.is_prose) for each in records] == expected


@pytest.mark.parametrize(
    ("body", "kind", "name", "expected"),
    [
        (b"%PDF-1.7", HTML, "a.htm", True),
        (b"plain", "application/msword", "a", True),
        (b"a,b", HTML, "a.csv", True),
        (b"<html>", "application/pdf", "a.pdf", False),
        (b"<html>", "application/xhtml+xml", "a.htm", False),
        (b"", "application/pdf", "a.pdf", False),
        (b"text", "", "a.htm", False),
    ],
)
def test_a_file_is_known_by_its_bytes_its_type_or_its_name(
    body: bytes, kind: str, name: str, expected: bool
) -> None:
    assert is_file(body, {"content-type": kind}, f"https://x.gov.cn/{name}?v=1") is expected
