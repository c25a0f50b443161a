"""Rules are read by the reader of their kind, and by nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
from pydantic import Field

from services.projects.reading import details
from services.projects.reading.details import PageReading
from services.projects.reading.faults import SourceFault
from services.projects.reading.lists import Entry, ListPage
from services.projects.reading.readers import (
    PLUGINS,
    READERS,
    decode_by,
    plugged_in,
    read_list,
    read_page,
    rule_of,
)
from services.projects.reading.rule import CollectorRule, DetailRule
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
RULE = {"list": {"rows": "li"}}
LINES = {"kind": "lines", "between": " @ "}
BYTES, URL = "<li><a href=/a>某项目</a></li>".encode(), "http://portal.test/"
HEADERS: dict[str, str] = {}


class LinesRule(CollectorRule):
    """Its rule: what stands between the address and the title."""

    kind: Literal["lines"]
    between: str = Field(max_length=3)


class LinesReader:
    """A kind of portal that only this test knows: a title a line."""

    rule = LinesRule

    def read_list(self, text: str, url: str, rule: LinesRule, *, number: int) -> ListPage:
        found = [line.partition(rule.between) for line in text.splitlines()]
        entries = tuple(Entry(at, url + at, title, None, None) for title, _, at in found)
        return ListPage(entries, None, "lines", None)

    def read_page(self, text: str, url: str, rule: Any, now: datetime) -> PageReading:
        return details.read_page(f"<title>{text}</title>", url, DetailRule(), now)


def test_a_stored_rule_of_a_kind_that_is_no_more_says_what_it_is_about_and_reads_nothing() -> None:
    rule = rule_of({**RULE, "kind": "by_hand", "items": [{"item_code": "MP-02"}]})
    assert [cue.item_code for cue in rule.items] == ["MP-02"]
    with pytest.raises(SourceFault, match="redesigned"):
        read_list(BYTES, HEADERS, URL, rule)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs a package that adds a reader under a name."""

    def install(kind: str) -> None:
        folder = tmp_path / "lines-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: lines\nVersion: 1.0\n")
        line = f"{kind} = {LinesReader.__module__}:LinesReader"
        (folder / "entry_points.txt").write_text(f"[{PLUGINS}]\n{line}\n")
        monkeypatch.syspath_prepend(tmp_path)

    return install


def test_an_installed_package_adds_a_kind_by_an_entry_point(
    installed: Callable[[str], None],
) -> None:
    assert plugged_in(READERS) == {}
    installed("lines")
    [(kind, reader)] = plugged_in(READERS).items()
    assert (kind, reader.rule) == ("lines", LinesRule)


def test_no_package_takes_the_place_of_a_kind_that_there_is(
    installed: Callable[[str], None],
) -> None:
    installed("feed")
    with pytest.raises(ValueError, match="feed"):
        plugged_in(READERS)


def test_a_rule_stored_before_there_were_kinds_is_an_html_list() -> None:
    rule = rule_of(RULE)
    found = read_list(BYTES, HEADERS, URL, rule)
    assert (rule.kind, [entry.title for entry in found.page.entries]) == ("html_list", ["某项目"])


def test_a_reader_of_another_kind_needs_nothing_but_its_line_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(READERS, "lines", LinesReader())
    rule = rule_of(LINES)
    listed = read_list("甲\n乙".encode("gb18030"), HEADERS, URL, rule)
    assert [entry.title for entry in listed.page.entries] == ["甲", "乙"]
    assert listed.decoded.charset == "gb18030"
    assert read_page(decode_by(rule, "一页".encode(), HEADERS), URL, rule, NOW).title == "一页"


async def test_a_kind_in_the_table_is_tried_stored_and_walked(
    desk: Desk, as_: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, "lines", LinesReader())
    portal, portal_id, admin = UnrulyPortal(), f"t-{uuid4().hex[:10]}", as_("admin")
    portal.pages |= {"/": "甲工程 @ a\n乙工程 @ b", "/a": "甲工程公示", "/b": "乙工程公示"}
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/")
        path = f"/api/v1/portals/{portal_id}"
        tried = await desk.client.post(
            f"{path}/runs:dry-run", json={"rule": LINES}, headers=as_("auditor", "*")
        )
        stored = await desk.client.put(f"{path}/rule", json=LINES, headers=admin)
        run = await desk.collect(portal_id)
    assert [entry["title"] for entry in tried.json()["sample"]] == ["甲工程", "乙工程"]
    assert tried.json()["detail"]["title"] == "甲工程公示"
    shown = (await desk.client.get(f"{path}/rule", headers=admin)).json()["rule"]
    assert shown == stored.json()["rule"]
    assert shown.items() >= LINES.items()
    assert (run.state, run.items, run.details, run.errors) == ("finished", 2, 2, [])
    titles = "SELECT title FROM portal_page WHERE portal_id = :id ORDER BY url"
    assert [row["title"] for row in await desk.rows(titles, id=portal_id)] == [
        "甲工程公示",
        "乙工程公示",
    ]


async def test_a_wrong_rule_is_refused_at_its_own_fields(desk: Desk, as_: Headers) -> None:
    path, admin = "/api/v1/portals/t-none/rule", as_("admin")
    for wrong, pointer in (
        ({"list": {"rows": ""}}, "/body/list/rows"),
        ({**RULE, "kind": "by_hand"}, "/body/kind"),
        ({**RULE, "kind": 5}, "/body/kind"),
        ({**RULE, "colour": "red"}, "/body/colour"),
    ):
        answer = await desk.client.put(path, json=wrong, headers=admin)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
