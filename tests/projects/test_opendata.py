"""What is new as a feed, the public lists as tables, and the page of a project."""

import csv
import io
from typing import Any
from uuid import UUID

import feedparser
import httpx
import pytest

from services.projects.auditing.models import Verdict
from services.projects.duties.models import ClaimKind
from services.projects.opendata import atom, printing, rules, tables
from services.projects.opendata.atom import Feed
from services.projects.opendata.facts import PublicDuty, PublicProject
from services.projects.register.models import ApprovalKind, Phase
from shared.clock import now
from tests.conftest import Headers
from tests.connections import Kept
from tests.projects import make
from tests.projects.test_reports import see
from tests.provoking import provokes
from tests.support import Databases

API = "/api/v1/opendata"
FEED = f"{API}/publications.atom"


class Town:
    """A unit with a project of which two things are online, and one is not."""

    unit: str
    project: str
    duties: list[dict[str, Any]]


@pytest.fixture(scope="module")
async def town(
    projects: httpx.AsyncClient, as_: Headers, databases: Databases, kept_connections: Kept
) -> Town:
    made = Town()
    async with kept_connections.lent(databases.urls("projects").owner) as rows:
        made.unit = await make.unit(rows)
        made.project = await make.project(rows, made.unit)
        await rows.execute(
            "UPDATE project SET name = '=河西 & <大桥>' WHERE code = $1", made.project
        )
    items = ("MP-02-01", "MP-03-04", "MP-08-01")
    made.duties = [
        await make.duty(
            projects,
            as_("system"),
            make.event(made.project, made.unit, "2026-03-02", item_code=item),
        )
        for item in items
    ]
    await see(databases, made.duties[0]["id"], "2026-03-10")
    await see(databases, made.duties[1]["id"], None)
    return made


async def feed(projects: httpx.AsyncClient, **asked: Any) -> Any:
    answer = await projects.get(FEED, params=asked)
    assert answer.status_code == 200, answer.text
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    return read


async def test_a_feed_reader_reads_what_is_new_the_last_seen_first(
    projects: httpx.AsyncClient, town: Town
) -> None:
    read = await feed(projects, unit=town.unit)
    assert [entry.id for entry in read.entries] == [
        f"urn:uuid:{town.duties[1]['id']}",
        f"urn:uuid:{town.duties[0]['id']}",
    ]
    unclear, certain = read.entries
    assert certain.title.startswith("=河西 & <大桥>：")
    assert certain.published == "2026-03-10T01:00:00Z"
    assert "published" not in unclear, "nobody can say when"
    assert certain.link == "https://example.gov.cn/t1.htm"
    [page] = [link.href for link in certain.links if link.rel == "related"]
    assert page.endswith(f"/projects/{town.project}.html")
    assert read.feed.updated >= certain.updated > "2026"


async def test_a_feed_is_of_a_unit_a_project_or_an_item(
    projects: httpx.AsyncClient, town: Town
) -> None:
    by_project = await feed(projects, project=town.project, item="MP-03-04")
    assert [entry.tags[0].term for entry in by_project.entries] == ["MP-03-04"]
    assert (await feed(projects, unit="NOBODY")).entries == []
    assert len((await feed(projects, unit=town.unit, limit=1)).entries) == 1


async def test_a_reader_that_has_the_feed_is_told_so_by_tag_and_by_time(
    projects: httpx.AsyncClient, town: Town
) -> None:
    asked = {"unit": town.unit}
    first = await projects.get(FEED, params=asked)
    tag, time = first.headers["etag"], first.headers["last-modified"]
    for known, status in (
        ({"If-None-Match": tag}, 304),
        ({"If-Modified-Since": time}, 304),
        ({"If-Modified-Since": "Mon, 02 Mar 2026 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "no date"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": time}, 200),
    ):
        again = await projects.get(FEED, params=asked, headers=known)
        assert again.status_code == status, known


async def test_publications_are_listed_part_by_part(
    projects: httpx.AsyncClient, town: Town
) -> None:
    asked: dict[str, str | int] = {"unit": town.unit, "limit": 1}
    first = await projects.get(f"{API}/publications.json", params=asked)
    following = httpx.URL(first.links["next"]["url"]).raw_path.decode()
    second = await projects.get(following)
    assert "next" not in second.links
    rows = [*first.json()["items"], *second.json()["items"]]
    assert first.json()["next_cursor"]
    assert not second.json()["next_cursor"]
    assert [row["duty_id"] for row in rows] == [town.duties[1]["id"], town.duties[0]["id"]]
    assert [row["trust"] for row in rows] == [0, 2]
    assert rows[1]["published_at"] == "2026-03-10T09:00:00+08:00"


def table(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_tables_run_no_formula(projects: httpx.AsyncClient, town: Town) -> None:
    asked = {"unit": town.unit}
    heads, *lines = table(await projects.get(f"{API}/publications.csv", params=asked))
    assert (heads[0], len(lines)) == ("义务编号", 2)
    assert lines[0][2] == "'=河西 & <大桥>"
    heads, line = table(
        await projects.get(f"{API}/projects.csv", params=asked, headers={"Accept-Language": "en"})
    )
    assert heads[1] == "project"
    assert line[:3] == [town.project, "'=河西 & <大桥>", "examined"]


async def test_all_units_are_in_the_table_of_units(projects: httpx.AsyncClient, town: Town) -> None:
    path, codes = f"{API}/units.csv?limit=2000", list[str]()
    while path:
        answer = await projects.get(path)
        codes += [line[0] for line in table(answer)[1:]]
        link = answer.links.get("next")
        path = httpx.URL(link["url"]).raw_path.decode() if link else ""
    assert town.unit in codes
    assert len(codes) == len(set(codes))


@provokes("read_project_page", "not-found")
async def test_a_project_has_a_page_that_says_what_is_published_due_and_late_and_by_whom(
    projects: httpx.AsyncClient, town: Town
) -> None:
    answer = await projects.get(f"/api/v1/projects/{town.project}.html")
    assert answer.status_code == 200
    page = answer.text
    assert "=河西 &amp; &lt;大桥&gt;" in page
    assert "共登记 3 项：已公开 2 项" in page
    assert page.count("<svg") == 4
    assert "批准（当前阶段）：已公开 1 项，共 1 项" in page
    assert f"测试单位{town.unit}" in page
    assert "不能确定" in page
    assert "<script" not in page
    tag = {"If-None-Match": answer.headers["etag"]}
    again = await projects.get(f"/api/v1/projects/{town.project}.html", headers=tag)
    assert again.status_code == 304
    missing = await projects.get("/api/v1/projects/2401-359900-48-01-000000.html")
    assert missing.status_code == 404


def a_duty(**others: Any) -> PublicDuty:
    values = {
        "id": UUID(int=7), "project_code": None, "project_name": None, "unit_code": "D01",
        "unit_name": "财政局", "item_code": "FB-01", "item_name": "政府\x00预算",
        "category": "预算",
        "formed_on": None, "due_on": None, "verdict": Verdict.UNKNOWN, "changed_at": None,
        "in_dispute": False, "created_at": now(), "is_open": True,
        "url": "javascript:alert(1)", "claim_kind": ClaimKind.NONE,
        "claimed_at": None, "contradicted": False, "trust": 0, "first_seen_at": None,
        "last_absent_at": None, "gone_at": None,
    }  # fmt: skip
    return PublicDuty(**(values | others))


def test_what_is_about_no_project_and_cannot_be_written_is_still_a_feed() -> None:
    head = Feed("http://a.example/f", "办公室", "http://a.example/p")
    read = feedparser.parse(atom.document(head, [a_duty()]))
    assert not read.bozo
    [entry] = read.entries
    assert (entry.title, entry.get("links", [])) == ("政府预算", [])
    assert feedparser.parse(atom.document(head, [])).feed.updated == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("facts", "known"),
    [
        ({}, False),
        ({"first_seen_at": now()}, False),
        ({"first_seen_at": now(), "trust": 4}, True),
        ({"first_seen_at": now(), "claimed_at": now(), "claim_kind": ClaimKind.LIST}, False),
        ({"first_seen_at": now(), "claimed_at": now(), "claim_kind": ClaimKind.META}, True),
        (
            {
                "first_seen_at": now(), "claimed_at": now(), "claim_kind": ClaimKind.META,
                "contradicted": True,
            },
            False,
        ),
    ],
)  # fmt: skip
def test_a_time_of_publication_is_given_only_where_it_is_known(
    facts: dict[str, Any], known: bool
) -> None:
    assert (rules.published_at(a_duty(**facts)) is not None) is known


def test_a_summary_counts_what_is_not_known_apart() -> None:
    duties = [
        a_duty(verdict=Verdict.OVERDUE),
        a_duty(verdict=Verdict.PENDING),
        a_duty(),
        a_duty(verdict=Verdict.EXEMPT),
        a_duty(verdict=Verdict.LATE, first_seen_at=now()),
    ]
    zh = printing.summary(duties).zh
    assert "已公开 1 项，其中逾期后才公开 1 项；逾期未公开 1 项，未到期 1 项，尚不明确 1 项" in zh
    assert "没有登记" in printing.summary([]).zh


def test_a_table_of_projects_leaves_empty_what_is_not_known() -> None:
    row = PublicProject(
        code="2408-359900-47-03-837832", name="大桥", approval_kind=ApprovalKind.FILE,
        phase=Phase.COMPLETED, scope_basis="清单", investment_10k_yuan=None, lead_unit_code=None,
        lead_unit_name=None, updated_at=now(),
    )  # fmt: skip
    [_, line] = csv.reader(io.StringIO(tables.projects([row], "zh").decode("utf-8-sig")))
    assert line[2:8] == ["备案", "竣工", "", "", "", "清单"]
