"""What stood on a captured page: quoted with its place, and compared with another capture."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projects.demo_portal.files import pdf
from services.projects.evidence import service as evidence
from services.projects.evidence.comparing import MOST_LINES, LineKind, compare, is_cut
from services.projects.evidence.quoting import pieces, quotes_in, words_of
from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.provoking import provokes

HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = (
    "<h1>关于某工程建议书的批复</h1><p><b>批复文号</b>：宁发改审〔2026〕88号</p>"
    "<table><tr><td>批复单位</td><td>某某局</td></tr><tr><td>总投资</td><td>5000万元</td></tr></table>"
    "<p>工程<span>名称</span>见批复时间：2026年11月2日。</p>"
)


def words(page: str) -> Any:
    found = words_of(page.encode(), HTML, "https://a.gov.cn/a", "utf-8")
    assert found is not None
    return found


def test_a_label_is_quoted_with_its_value_and_its_place() -> None:
    found = words(PAGE)
    quoted = {quote.label: quote.text for quote in found.quotes}
    assert quoted["批复文号"].endswith("宁发改审〔2026〕88号")
    assert quoted["总投资"] == "总投资\n5000万元"
    for quote in found.quotes:
        assert found.text[quote.offset :].startswith(quote.text)
        assert found.text[: quote.offset].endswith(quote.before)
        assert found.text[quote.offset + len(quote.text) :].startswith(quote.after)


@given(st.text(alphabet="批复文号总投资：:\n 2026<b>p/td", max_size=60))
def test_the_pieces_of_a_page_are_its_whole_text(page: str) -> None:
    found = words(f"<div>{page}</div>")
    assert "".join(piece.text for piece in pieces(found)) == found.text
    for quote in found.quotes:
        assert found.text[quote.offset :].startswith(quote.text)


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("甲\n乙", "甲\n乙", ["same", "same"]),
        ("甲\n乙", "甲\n新的一行\n乙", ["same", "added", "same"]),
        ("甲\n旧的一行\n乙", "甲\n乙", ["same", "removed", "same"]),
        ("总投资：5000万元", "总投资：6000万元", ["changed"]),
        (
            "第一段文字\n第二段文字\n末尾另起一行",
            "第二段文字\n末尾另起一行\n第一段文字",
            ["moved_away", "same", "same", "moved"],
        ),
        ("", "全新的页面", ["added"]),
        ("旧页面", "", ["removed"]),
    ],
)
def test_lines_are_compared(old: str, new: str, kinds: list[str]) -> None:
    assert [line.kind for line in compare(old, new)] == kinds


def test_of_long_texts_the_first_lines_are_compared_and_it_is_said() -> None:
    old = "\n".join(f"第{number}项工程" for number in range(MOST_LINES + 1))
    lines = compare(old, f"{old}\n末尾")
    assert {line.kind for line in lines} == {LineKind.SAME}
    assert (len(lines), is_cut(old, ""), is_cut("甲", "乙")) == (MOST_LINES, True, False)


def test_within_a_changed_line_the_words_are_marked() -> None:
    [line] = compare("总投资：5000万元（估算）", "总投资：6000万元（估算）")
    runs = [(run.kind.value, run.text) for run in line.words]
    assert runs == [
        ("same", "总投资："),
        ("removed", "5000"),
        ("added", "6000"),
        ("same", "万元（估算）"),
    ]


@given(*(st.lists(st.sampled_from(["甲方的", "乙方的", "丙", "丁方的项目", ""])) for _ in "ab"))
def test_both_texts_can_be_read_off_a_comparison(old: list[str], new: list[str]) -> None:
    lines = compare("\n".join(old), "\n".join(new))
    old_lines = {
        line.old_line: "".join(run.text for run in line.words if run.kind != "added")
        for line in lines
        if line.old_line is not None
    }
    new_lines = {
        line.new_line: "".join(run.text for run in line.words if run.kind != "removed")
        for line in lines
        if line.new_line is not None
    }
    assert old_lines == {n: line for n, line in enumerate(old, start=1) if line}
    assert new_lines == {n: line for n, line in enumerate(new, start=1) if line}
    moved = [line for line in lines if line.kind is LineKind.MOVED]
    away = {(line.elsewhere, line.old_line) for line in lines if line.kind is LineKind.MOVED_AWAY}
    assert away == {(line.new_line, line.elsewhere) for line in moved}


async def captured(desk: Desk, *bodies: bytes, is_public: bool = True) -> list[UUID]:
    chain, url, ids = f"t-{uuid4().hex[:10]}", "https://www.example.gov.cn/a", []
    for body in bodies:
        answer = evidence.Answer(
            url=url, final_url=url, status=200, headers=HTML, fetched_at=clock.now(),
            size=len(body), sha256=await desk.files.put(body), charset="utf-8",
        )  # fmt: skip
        async with desk.sessions() as session, session.begin():
            ids.append((await evidence.record(session, chain, answer, is_public=is_public)).id)
    return ids


@provokes("compare_evidence", "not-found", "no-words-to-compare", "evidence-damaged")
async def test_two_captures_are_compared_the_earlier_one_first(desk: Desk) -> None:
    changed = PAGE.replace("5000", "6000")
    old, new, pdf = await captured(desk, PAGE.encode(), changed.encode(), b"%PDF-1.7")

    async def diff(one: UUID, other: UUID, **params: Any) -> Any:
        where = f"/api/v1/evidence/{one}/diff"
        return await desk.client.get(where, params={"with": str(other), **params})

    answer = (await diff(new, old)).json()
    assert (answer["old"]["evidence_id"], answer["changed"]) == (str(old), 1)
    assert (await diff(old, new)).json() == answer
    assert (await diff(old, old)).json()["is_same"] is True
    page = (await diff(old, new, format="html")).text
    assert "<del>5000" in page
    assert "<ins>6000" in page
    assert f'href="../{old}"' in page

    assert (await diff(old, uuid4())).json()["type"] == "/problems/not-found"
    no_words = await diff(pdf, old)
    assert (no_words.status_code, no_words.json()["type"]) == (409, "/problems/no-words-to-compare")
    [hidden] = await captured(desk, b"<p>x</p>", is_public=False)
    assert (await diff(old, hidden)).status_code == 404
    [lost] = await captured(desk, f"<p>{uuid4()}</p>".encode())
    await desk.do("UPDATE capture SET sha256 = :none WHERE id = :id", none="0" * 64, id=lost)
    assert (await diff(old, lost)).json()["type"] == "/problems/evidence-damaged"


@provokes("read_duty_elements", "not-found", "evidence-damaged")
async def test_the_elements_of_a_duty_are_quoted_from_its_page(desk: Desk, as_: Headers) -> None:
    async with new_world(desk, as_) as world:
        await world.register()
        duty = await world.record(on=clock.today(clock.now()) - timedelta(days=3))
        await world.open()
        text = "批复文号:宁发改审〔2026〕88号"
        beside = '</p><p>附件：<a href="/f/a.pdf">批复文件</a>'
        world.publish(text=f"{text}{beside}", claimed_on=clock.today(clock.now()))
        world.served.pages["/f/a.pdf"] = pdf(("关于建议书的批复", "批复单位：宁川市发展改革委"))
        await world.walk()
        path = f"/api/v1/duties/{duty}/elements"

        shown = (await desk.client.get(path)).json()

        assert shown["url"] == f"{world.address}/a"
        [quoted] = [each for each in shown["elements"] if each["element"] == "批复文号"]
        assert (quoted["is_missing"], quoted["quote"]["text"]) == (False, text)
        await _in_the_file(desk, path, shown["elements"])
        capture = f"/api/v1/evidence/{shown['evidence_id']}"
        of_page = (await desk.client.get(f"{capture}?quotes=true")).json()["quotes"]
        assert quoted["quote"] in of_page
        mark = f'<mark id="at-{quoted["quote"]["offset"]}">{text}</mark>'
        assert mark in (await desk.client.get(f"{capture}?format=html")).text
        page = (await desk.client.get(f"{path}?format=html")).text
        assert f"<mark>{text}</mark>" in page

        await _hide(desk, world, path, as_, shown["evidence_id"])


async def _in_the_file(desk: Desk, path: str, elements: list[dict[str, Any]]) -> None:
    """What stands in a file of the page is quoted from it, for who may see the file."""

    def place(of: list[dict[str, Any]]) -> dict[str, Any]:
        [found] = [each for each in of if each["element"] == "批复单位"]
        assert not found["is_missing"]
        return found

    quote, file = place(elements)["quote"], place(elements)["file"]
    assert (quote["text"], file["name"]) == ("批复单位:宁川市发展改革委", "批复文件")
    assert (await desk.client.get(f"/api/v1/evidence/{file['evidence_id']}")).status_code == 200
    page = (await desk.client.get(f"{path}?format=html")).text
    assert f'href="../../evidence/{file["evidence_id"]}"' in page
    hide = "UPDATE capture SET is_public = :public WHERE id = CAST(:id AS uuid)"
    await desk.do(hide, public=False, id=file["evidence_id"])
    hidden = place((await desk.client.get(path)).json()["elements"])
    assert (hidden["quote"], hidden["file"]) == (None, None)


def test_a_label_of_a_file_is_quoted_where_it_stands_and_a_cell_with_the_one_beside_it() -> None:
    lines = ("关于某工程的批复", "批复文号：宁发改审〔2026〕88号，原件存档。", "批复单位", "某某局")
    text = "\n".join([*lines, "总投资|5000万元", ""])
    labels = {word: text.find(word) for word in ("总投资", "批复单位", "批复文号", "建设地点")}
    found = quotes_in(text, labels)
    assert [each.label for each in found] == ["批复文号", "批复单位", "总投资"]
    assert [each.text for each in found][1:] == ["批复单位\n某某局", "总投资|5000万元"]
    for each in found:
        assert text[each.offset :].startswith(each.text)
        assert text[: each.offset].endswith(each.before)


async def _hide(desk: Desk, world: World, path: str, as_: Headers, evidence_id: str) -> None:
    hide = "UPDATE capture SET is_public = false WHERE id = CAST(:id AS uuid)"
    await desk.do(hide, id=evidence_id)
    hidden = await desk.client.get(path, headers=as_("citizen"))
    assert (hidden.status_code, hidden.json()["type"]) == (404, "/problems/not-found")
    assert (await desk.client.get(path, headers=as_("officer", world.unit))).status_code == 200
    lose = "UPDATE capture SET sha256 = :none WHERE id = CAST(:id AS uuid)"
    await desk.do(lose, none="0" * 64, id=evidence_id)
    damaged = await desk.client.get(path, headers=as_("auditor"))
    assert damaged.json()["type"] == "/problems/evidence-damaged"
