"""A rule is tried on what was captured before, as the walk would read it, and nobody is asked."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.projects.demo_portal.files import pdf
from tests.conftest import Headers
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing
from tests.provoking import provokes

Shop = tuple[UnrulyPortal, str, str]


@pytest.fixture
async def shop(desk: Desk) -> AsyncIterator[Shop]:
    """A portal with a page and a file, its address, and the id it is registered under."""
    portal, portal_id = UnrulyPortal(), f"t-{uuid4().hex[:10]}"
    portal.pages |= {
        "/list": listing("/a|甲工程公示|2026-01-05", "/f.pdf|乙工程公示|2026-01-06"),
        "/a": f"<p>项目统一代码：2605-359900-44-05-523645</p><p>{portal_id}</p>",
        "/f.pdf": pdf(["项目统一代码：2605-359900-44-05-523646"]),
    }
    async with serving(portal) as address:
        await desk.portal(portal_id, f"{address}/list")
        yield portal, address, portal_id


async def test_a_rule_is_tried_on_captures_that_are_chosen_and_the_portal_is_left_alone(
    desk: Desk, shop: Shop, as_: Headers
) -> None:
    portal, address, portal_id = shop
    await desk.collect(portal_id)
    portal.asked.clear()
    rows = await desk.rows("SELECT id, url FROM capture WHERE chain = :id", id=portal_id)
    ids = {row["url"].removeprefix(address): str(row["id"]) for row in rows}
    path, headers = f"/api/v1/portals/{portal_id}/runs:dry-run", as_("auditor")
    captures = {
        "list_captures": [ids["/list"], ids["/a"]],
        "page_captures": [ids["/a"], ids["/f.pdf"]],
    }
    trial = (await desk.client.post(path, json=captures, headers=headers)).json()
    assert (trial["entries"], trial["fault"], portal.asked) == (0, None, [])
    lists, pages = trial["captures"][:2], trial["captures"][2:]
    assert [(each["entries"], each["fault"]) for each in lists] == [(2, None), (0, "redesigned")]
    assert [each["detail"]["project_code"][-1] for each in pages] == ["5", "6"]
    assert [each["evidence_id"] for each in trial["captures"]] == [
        *captures["list_captures"],
        *captures["page_captures"],
    ]
    lost = {"rule": {"list": {"rows": "tr"}}, "list_captures": [ids["/list"]]}
    (tried,) = (await desk.client.post(path, json=lost, headers=headers)).json()["captures"]
    assert (tried["entries"], tried["fault"]) == (0, "redesigned")


@provokes("dry_run", "invalid-request", "evidence-damaged")
async def test_a_rule_is_not_tried_on_a_capture_of_another_portal_or_one_that_was_altered(
    desk: Desk, shop: Shop, as_: Headers
) -> None:
    path, headers = f"/api/v1/portals/{shop[2]}/runs:dry-run", as_("auditor")
    other = {"page_captures": [str(uuid4())]}
    answer = await desk.client.post(path, json=other, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body")
    await desk.collect(shop[2])
    (row,) = await desk.rows(
        "SELECT id, sha256 FROM capture WHERE chain = :id AND url LIKE '%/a'", id=shop[2]
    )
    sha256 = row["sha256"]
    stored = desk.folder / sha256[:2] / sha256[2:4] / sha256
    stored.unlink()
    gone = {"page_captures": [str(row["id"])]}
    answer = await desk.client.post(path, json=gone, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/evidence-damaged")
