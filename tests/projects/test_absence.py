"""An absence is proven by two whole walks that agree, by no list that moved meanwhile."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing
from tests.provoking import provokes

NUMBERED = {"kind": "numbered", "address": "list_{n}", "first": 1}


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


def lay_out(world: World, *entries: str) -> None:
    """A list of pages of two entries each, which says how many it has."""
    pages = [entries[at : at + 2] for at in range(0, len(entries), 2)]
    for number, names in enumerate(pages):
        path = "/list" if number == 0 else f"/list_{number}"
        said = f"<script>createPageHTML({len(pages)}, {number})</script>"
        world.served.pages[path] = listing(*names, extra=said)
    for entry in entries:
        world.served.pages.setdefault(entry.partition("|")[0], "<p>正文</p>")


def notices(count: int) -> list[str]:
    return [f"/m{number}|会议通知{number}|2026-01-05" for number in range(count)]


async def test_one_walk_proves_nothing_and_a_second_one_that_agrees_does(world: World) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.walk()
    assert await world.verdict(duty) == "overdue"


async def test_an_overdue_row_of_a_report_leads_to_the_list_in_which_it_was_not(
    world: World,
) -> None:
    await world.register()
    duty = await world.record()
    portal_id = await world.open()
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    client, auditor = world.desk.client, world.as_("auditor", "*")
    audit = (await client.post("/api/v1/audits", json={}, headers=auditor)).json()
    path = f"/api/v1/reports/{audit['report_id']}"
    of_unit = {"unit": world.unit, "column": "overdue"}
    [row] = (await client.get(f"{path}/rows", params=of_unit)).json()["items"]
    assert (row["duty_id"], row["seen_at"]) == (duty, None)
    capture = (await client.get(f"/api/v1/evidence/{row['evidence_id']}")).json()
    assert (capture["url"], capture["portal_id"]) == (f"{world.address}/list", portal_id)
    assert capture["fetched_at"] >= row["absent_at"]
    await world.walk()
    again = (await client.get(f"{path}/rows", params=of_unit)).json()["items"]
    assert again == [row], "what is walked later changes no report that is frozen"
    page = await client.get(f"{path}/rows.html", params=of_unit)
    assert len(row["absence_evidence_ids"]) == 2
    assert all(f"evidence/{each}" in page.text for each in row["absence_evidence_ids"])


async def test_a_list_that_is_unchanged_proves_the_absence_to_each_later_report_as_well(
    world: World,
) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(3)
    row = await overdue_row(world)
    assert row["duty_id"] == duty
    capture = (await world.desk.client.get(f"/api/v1/evidence/{row['evidence_id']}")).json()
    assert capture["status"] == 304, "the portal said that it had not changed"
    assert capture["fetched_at"] >= row["absent_at"]
    raw = f"/api/v1/evidence/{row['evidence_id']}?raw=true"
    assert "关于召开会议的通知" in (await world.desk.client.get(raw)).text
    moved = "UPDATE portal SET start_url = start_url || '?moved' WHERE id = :id"
    await world.desk.do(moved, id=world.portals[0])
    kept = await overdue_row(world)
    shown = ("evidence_id", "absence_evidence_ids", "absent_at")
    assert [kept[name] for name in shown] == [row[name] for name in shown]


async def test_an_overdue_row_names_every_page_of_the_lists_of_both_walks(world: World) -> None:
    lay_out(world, *notices(3))
    await world.register()
    await world.record()
    await world.open(pager=NUMBERED)
    await world.walk(2)
    row = await overdue_row(world)
    read = [
        (await world.desk.client.get(f"/api/v1/evidence/{each}")).json()["url"]
        for each in row["absence_evidence_ids"]
    ]
    assert read == [f"{world.address}/list", f"{world.address}/list_1"] * 2
    assert row["evidence_id"] == row["absence_evidence_ids"][0]


async def overdue_row(world: World) -> dict[str, Any]:
    """The one overdue duty of the unit in a report that is frozen now."""
    client, auditor = world.desk.client, world.as_("auditor", "*")
    audit = (await client.post("/api/v1/audits", json={}, headers=auditor)).json()
    path = f"/api/v1/reports/{audit['report_id']}/rows"
    found = await client.get(path, params={"unit": world.unit, "column": "overdue"})
    [row] = found.json()["items"]
    return dict(row)


async def test_two_walks_of_a_proof_are_apart_by_the_policy(world: World) -> None:
    await world.register()
    duty = await world.record()
    portal_id = await world.open()
    await set_gap(world, 60)
    try:
        await world.walk(2)
        assert await world.verdict(duty) == "unknown_source_down"
        earlier = "started_at = started_at - interval '61 minutes'"
        await world.desk.do(
            f"UPDATE collector_run SET {earlier} WHERE portal_id = :id", id=portal_id
        )
        await world.desk.do(
            "UPDATE standing SET matchable_since = matchable_since - interval '2 hours'"
            " WHERE duty_id = CAST(:id AS uuid)",
            id=duty,
        )
        await world.desk.do(
            "UPDATE portal SET read_since = read_since - interval '2 hours' WHERE id = :id",
            id=portal_id,
        )
        await world.walk()
        assert await world.verdict(duty) == "overdue"
    finally:
        await set_gap(world, 0)


async def test_an_entry_that_slips_from_page_to_page_is_found_and_nothing_is_proven(
    world: World,
) -> None:
    own = f"/a|{world.name}建议书批复|2026-01-05"
    world.publish(at="/a", listed=False)
    before = [*notices(2), own, *notices(7)[2:]]
    lay_out(world, *before)
    world.served.when_asked["/list_1"] = lambda: lay_out(world, *before[1:])
    await world.register()
    duty = await world.record()
    await world.open(pager=NUMBERED)
    [run] = await world.walk()
    assert (run.list_complete, run.is_shifted, run.proves_absence) == (True, True, False)
    assert [error["fault"] for error in run.errors] == ["shifted"]
    assert await world.verdict(duty) == "on_time"


async def test_a_list_that_becomes_shorter_while_it_is_read_proves_nothing(world: World) -> None:
    before = notices(6)
    lay_out(world, *before)
    world.served.when_asked["/list_2"] = lambda: lay_out(world, *before[2:])
    await world.register()
    await world.record()
    await world.open(pager=NUMBERED)
    [run] = await world.walk()
    assert (run.is_shifted, run.proves_absence) == (True, False)


async def test_a_walk_that_lists_less_than_the_one_before_does_not_agree(world: World) -> None:
    lay_out(world, *notices(4))
    await world.register()
    duty = await world.record()
    await world.open(pager=NUMBERED)
    await world.walk()
    lay_out(world, *notices(2))
    await world.walk()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.walk()
    assert await world.verdict(duty) == "overdue"


async def test_a_page_that_one_walk_alone_missed_was_not_absent_for_sure(world: World) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    world.publish(claimed_on=long_ago(25))
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_portal_is_read_again_soon_while_a_duty_waits_for_a_proof(world: World) -> None:
    await world.register()
    await world.record()
    portal_id = await world.open()
    query = "SELECT next_run_at < now() + interval '1 minute' AS soon FROM portal WHERE id = :id"
    await world.walk()
    (row,) = await world.desk.rows(query, id=portal_id)
    assert row["soon"]
    await world.walk(2)
    (row,) = await world.desk.rows(query, id=portal_id)
    assert not row["soon"]


async def set_gap(world: World, minutes: int) -> dict[str, Any]:
    """The policy changed as an administrator does."""
    client, admin = world.desk.client, world.as_("admin", "*")
    present = (await client.get("/api/v1/absence-policy", headers=admin)).json()
    wanted = {"absence_gap_minutes": minutes, "version": present["version"]}
    answer = await client.put("/api/v1/absence-policy", json=wanted, headers=admin)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@provokes("put_absence_policy", "state-conflict")
async def test_the_policy_is_changed_by_who_has_read_it(world: World) -> None:
    now = await set_gap(world, 0)
    assert now["absence_gap_minutes"] == 0
    stale = {"absence_gap_minutes": 5, "version": now["version"] - 1}
    answer = await world.desk.client.put(
        "/api/v1/absence-policy", json=stale, headers=world.as_("admin", "*")
    )
    assert (answer.status_code, answer.json()["version"]) == (409, now["version"])
