"""A page may be removed behind a 200, hold another document, have its title mended, or move."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.projects.collecting.models import PortalPage
from services.projects.collecting.rules import has_moved
from services.projects.reading.details import read_page
from services.projects.reading.rule import DetailRule
from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk

REFRESH = '<html><head><meta http-equiv="refresh" content="0;url=/list"></head>'
REMOVED = {
    "says so": "<html><body><p>您访问的页面不存在或已删除</p></body></html>",
    "refresh": f"{REFRESH}</html>",
    "script": "<html><script>window.location.href = '/list';</script><body>请稍候</body></html>",
    "empty": "",
    "refresh and navigation": f"{REFRESH}<body>{'政务公开 办事服务 ' * 20}</body></html>",
}
FIREWALL = "<html><body>您的请求被拦截，请联系网站管理员</body></html>"
MOMENTS = ("first_seen_at", "content_seen_at", "last_listed_at")
LONG = "该项目建设规模、内容、投资、资金来源和建设工期均按原批复执行，" * 3


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def published(world: World, **others: Any) -> str:
    """A duty whose page was seen in time."""
    world.publish(**others)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert await world.verdict(duty) == "on_time"
    return duty


@pytest.mark.parametrize("answer", REMOVED.values(), ids=REMOVED)
async def test_a_removed_page_that_answers_200_is_withdrawn(world: World, answer: str) -> None:
    duty = await published(world)
    world.served.pages["/a"] = answer
    await world.walk()
    assert await world.verdict(duty) == "withdrawn"


async def test_a_page_that_answers_like_one_that_never_was_is_withdrawn(world: World) -> None:
    duty = await published(world)
    world.served.anything_else = f"<h1>宁川市人民政府门户网站</h1><p>{LONG}</p>"
    world.served.pages["/a"] = world.served.anything_else
    await world.walk()
    assert await world.verdict(duty) == "withdrawn"
    gone = "SELECT url FROM portal_page WHERE portal_id = :id AND gone_at IS NOT NULL"
    assert len(await world.desk.rows(gone, id=world.portals[0])) == 1


async def test_the_page_of_a_firewall_withdraws_nothing_and_proves_nothing(world: World) -> None:
    duty = await published(world)
    world.served.pages["/a"] = FIREWALL
    [run] = await world.walk()
    assert [error["fault"] for error in run.errors] == ["blocked"]
    assert (await world.verdict(duty), run.proves_absence) == ("on_time", False)


@pytest.mark.parametrize(
    "answer",
    [
        "<title>统一身份认证平台</title><p>统一身份认证平台</p><p>用户登录</p>",
        f"<h1>宁川政务云</h1><p>{LONG}</p>",
    ],
    ids=["known words", "other words"],
)
async def test_what_no_document_is_at_an_items_address_withdraws_nothing_without_a_person(
    world: World, answer: str
) -> None:
    duty = await published(world)
    page = world.served.pages["/a"]
    world.served.pages["/a"] = answer
    await world.walk()
    assert await world.verdict(duty) == "on_time"
    [match] = await world.queue()
    assert (match["reason"], match["duty"]["id"]) == ("page_unreadable", duty)
    world.served.pages["/a"] = page
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


@pytest.mark.parametrize("rest", ["", "<p>该信息已删除</p>"], ids=["empty", "says so"])
async def test_a_page_that_keeps_its_title_and_has_lost_its_article_is_withdrawn(
    world: World, rest: str
) -> None:
    duty = await published(world, text=LONG, code=None)
    page = str(world.served.pages["/a"])
    world.served.pages["/a"] = page.replace(f"<p>{LONG}</p>", rest)
    for _ in range(2):
        await world.walk()
        assert await world.verdict(duty) == "withdrawn"


async def test_a_page_that_never_had_more_than_its_title_is_there(world: World) -> None:
    duty = await published(world, code=None)
    world.served.pages["/a"] = str(world.served.pages["/a"]) + "<p>浏览次数：12</p>"
    await world.walk()
    assert await world.verdict(duty) == "on_time"


@pytest.mark.parametrize(
    ("decision", "state", "verdict"),
    [("accept", "accepted", "on_time"), ("reject", "rejected", "withdrawn")],
)
async def test_a_page_that_cannot_be_read_any_more_is_for_a_person(
    world: World, decision: str, state: str, verdict: str
) -> None:
    duty = await published(world)
    world.served.pages["/a"] = FIREWALL
    await world.walk()
    [match] = await world.queue()
    assert (match["state"], match["reason"]) == ("accepted", "page_unreadable")
    assert match["duty"]["id"] == duty
    decided = await world.decide(match, decision)
    if decision == "reject":
        decided = await world.decide(decided, decision, "auditor-b")
    assert (decided["state"], await world.verdict(duty)) == (state, verdict)
    assert await world.queue() == []
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == (verdict, []), "asked but once"


@pytest.mark.parametrize(("then", "verdict"), [("back", "on_time"), ("gone", "withdrawn")])
async def test_what_becomes_of_an_unreadable_page_takes_it_off_the_persons_list(
    world: World, then: str, verdict: str
) -> None:
    duty = await published(world)
    page = world.served.pages["/a"]
    world.served.pages["/a"] = FIREWALL
    await world.walk(2)
    assert len(await world.queue()) == 1
    world.served.pages["/a"] = page if then == "back" else REMOVED["says so"]
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == (verdict, [])


NEW = {name: answer for name, answer in REMOVED.items() if name != "says so"} | {"wall": FIREWALL}


@pytest.mark.parametrize("answer", NEW.values(), ids=NEW)
async def test_a_listed_page_that_was_never_read_and_is_no_document_is_for_a_person(
    world: World, answer: str
) -> None:
    world.publish()
    page = world.served.pages["/a"]
    world.served.pages["/a"] = answer
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    [match] = await world.queue()
    assert (match["state"], match["reason"]) == ("review", "page_unreadable")
    assert await world.verdict(duty) == "unknown"
    world.served.pages["/a"] = page
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_listed_page_that_answers_like_one_that_never_was_publishes_nothing(
    world: World,
) -> None:
    world.publish()
    world.served.anything_else = f"<h1>宁川市人民政府门户网站</h1><p>{LONG}</p>"
    world.served.pages["/a"] = world.served.anything_else
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("unknown_source_down", [])


@pytest.mark.parametrize("to", ["/list", "/", "/away/"])
@pytest.mark.parametrize("was_read", [True, False])
async def test_a_page_that_is_redirected_to_its_list_or_a_front_page_is_none(
    world: World, to: str, was_read: bool
) -> None:
    at = "/away/a"
    world.publish(at=at)
    world.served.redirect_to = to
    world.served.pages |= dict.fromkeys(("/", "/away/"), f"<h1>政府门户网站</h1><p>{LONG}</p>")
    page = world.served.pages.pop(at)
    if was_read:
        world.served.pages[at] = page
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert await world.verdict(duty) == ("on_time" if was_read else "unknown")
    world.served.pages.pop(at, None)
    await world.walk()
    assert await world.verdict(duty) == ("withdrawn" if was_read else "unknown")


@pytest.mark.parametrize("code", ["", None], ids=["by code", "by name"])
async def test_another_document_at_the_same_address_is_judged_by_its_own_evidence(
    world: World, code: str | None
) -> None:
    world.publish(code=code)
    await world.register()
    old = await world.record()
    other = World(world.desk, world.as_, world.served, world.address, world.unit)
    await other.register()
    new = await other.record()
    await world.open()
    await world.walk(2)
    assert (await world.verdict(old), await world.verdict(new)) == ("on_time", "overdue")
    other.publish(code=code, claimed_on=long_ago() + timedelta(days=4))
    await world.walk()
    assert await world.verdict(old) == "withdrawn"
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (new, "makes_late")


async def test_a_document_recorded_after_another_took_its_place_is_withdrawn(world: World) -> None:
    other = World(world.desk, world.as_, world.served, world.address, world.unit)
    await world.register()
    await world.open()
    world.publish()
    await world.walk()
    other.publish()
    await world.walk()
    duty = await world.record()
    await world.desk.match()
    assert await world.verdict(duty) == "withdrawn"


@pytest.mark.parametrize("kept", ["code", "number", "text"])
async def test_a_mended_title_is_the_same_publication_and_keeps_its_sighting(
    world: World, kept: str
) -> None:
    said = {"code": "", "number": "批复文号：宁发改审批〔2026〕12号", "text": LONG}[kept]
    code = "" if kept == "code" else None
    duty = await published(world, text=said, code=code)
    query = "SELECT first_seen_at, gone_at FROM publication WHERE duty_id = CAST(:id AS uuid)"
    [before] = await world.desk.rows(query, id=duty)
    world.publish(f"关于{world.name}项目建议书的批复（更正）", text=said, code=code)
    await world.walk(2)
    [after] = await world.desk.rows(query, id=duty)
    assert (await world.verdict(duty), after) == ("on_time", before)


@pytest.mark.parametrize("code", ["", None], ids=["by code", "by name"])
async def test_a_document_that_moved_is_not_withdrawn_and_keeps_its_sighting(
    world: World, code: str | None
) -> None:
    duty = await published(world, text=LONG, code=code)
    query = "SELECT first_seen_at, gone_at FROM publication WHERE duty_id = CAST(:id AS uuid)"
    [before] = await world.desk.rows(query, id=duty)
    del world.served.pages["/a"]
    world.publish(at="/b", text=LONG, code=code)
    await world.walk(2)
    [after] = await world.desk.rows(query, id=duty)
    assert (await world.verdict(duty), after) == ("on_time", before)
    withdrawn = "SELECT 1 FROM outbox WHERE subject = :s"
    subject = f"projects.publication.withdrawn.v1.{world.unit}"
    assert await world.desk.rows(withdrawn, s=subject) == []


@pytest.mark.parametrize("mark", [None, "text_sha256", "doc_no", "project_code"])
def test_a_title_alone_shows_no_move(mark: str | None) -> None:
    said = "批复文号：宁发改审批〔2026〕12号<br>项目代码：2605-359900-44-05-523641"
    body = f"<h1>批复</h1><p>{said}</p><p>{LONG}</p>"
    at, address = clock.now(), "https://x.gov.cn/a.htm"
    reading = read_page(body, address, DetailRule(), at)
    known = {**vars(reading.facts), "text_sha256": reading.text_sha256}
    moments: dict[str, Any] = dict.fromkeys(MOMENTS, at)
    page = PortalPage(portal_id="p", url=address, title="批复", **moments)
    if mark is not None:
        setattr(page, mark, known[mark])
    assert has_moved(page, reading, []) is (mark is not None)


async def test_a_page_that_becomes_another_part_of_its_project_is_another_document(
    world: World,
) -> None:
    duty = await published(world, title=f"项目建议书批复：{world.name}", code=None)
    world.publish(f"项目建议书批复：{world.name}二期", code=None)
    await world.walk()
    assert await world.verdict(duty) == "withdrawn"
