"""A step of a walk that is taken back leaves the walk able to say what became of it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.projects.collecting import row_rules
from services.projects.collecting.models import RunState
from services.projects.reading.faults import Fault, SourceFault
from services.projects.reading.tables import Record
from tests.projects import make
from tests.projects.collecting_world import Desk, serving
from tests.projects.unruly_portal import UnrulyPortal, listing, table
from tests.support import eventually

HEADS = ("项目名称", "项目代码")
WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :what"


@pytest.fixture
async def portal(desk: Desk) -> AsyncIterator[tuple[UnrulyPortal, str, str]]:
    """A portal with a list of two pages, its address and its id."""
    served, portal_id = UnrulyPortal(), f"t-{uuid4().hex[:10]}"
    served.pages["/list"] = listing("/a|甲|2026-01-05", "/b|乙|2026-01-06")
    served.pages |= {"/a": "<h1>甲</h1><p>甲</p>", "/b": "<h1>乙</h1><p>乙</p>"}
    async with serving(served) as address:
        await desk.portal(portal_id, f"{address}/list")
        yield served, address, portal_id


async def test_a_page_that_cannot_be_stored_is_noted_unread_and_the_walk_goes_on(
    desk: Desk, portal: tuple[UnrulyPortal, str, str]
) -> None:
    served, address, portal_id = portal
    code = make.project_code()
    row = Record(dict(zip(HEADS, ("某工程", code), strict=True)), f"某工程 {code}")
    rows = [("某工程", code), ("另一工程", make.project_code())]
    served.pages["/a"] = f"<h1>甲</h1>{table(rows, heads=HEADS)}"
    # A page that an earlier release listed stands where the row has its address.
    [taken] = row_rules.addresses(f"{address}/a", [row], ())
    await desk.do(
        "INSERT INTO portal_page (id, portal_id, url, title, first_seen_at, last_listed_at,"
        " content_seen_at, detail_state, labels, claims_agree, trust, is_disputed, flags,"
        " match_wanted, version) VALUES (uuidv7(), :id, :url, '', now(), now(), now(),"
        " 'elsewhere', '{}', false, 0, false, '[]', false, 1)",
        id=portal_id,
        url=taken,
    )
    run = await desk.collect(portal_id)
    assert (run.state, run.list_complete, run.proves_absence) == (RunState.FINISHED, True, False)
    assert [(each["url"], each["fault"]) for each in run.errors] == [(f"{address}/a", "unreadable")]
    sql = "SELECT url, detail_state, fault FROM portal_page WHERE portal_id = :id ORDER BY id"
    found = {each["url"]: each for each in await desk.rows(sql, id=portal_id)}
    assert (found[f"{address}/a"]["detail_state"], found[f"{address}/a"]["fault"]) == (
        "unreadable",
        "unreadable",
    )
    assert found[f"{address}/b"]["detail_state"] == "read"


async def test_what_the_database_cannot_hold_is_the_fault_of_the_page(
    desk: Desk, portal: tuple[UnrulyPortal, str, str]
) -> None:
    run_id = await desk.order(portal[2])
    walk = await desk.collector._claim()
    assert walk is not None
    with pytest.raises(SourceFault) as caught:
        async with walk.held.storing() as session:
            await session.execute(text("SELECT CAST('某' AS integer)"))
    assert (caught.value.fault, walk.run.id) == (Fault.UNREADABLE, run_id)
    await walk.held.release(0)
    assert (await desk.collect(portal[2])).id == run_id


async def test_a_walk_that_is_cancelled_inside_a_step_gives_its_run_back(
    desk: Desk, portal: tuple[UnrulyPortal, str, str]
) -> None:
    _, address, portal_id = portal
    await desk.collect(portal_id)
    await desk.do(
        "UPDATE portal_page SET checked_at = checked_at - interval '2 days' WHERE portal_id = :id",
        id=portal_id,
    )
    run_id = await desk.order(portal_id)
    walk = await desk.collector._claim()
    assert walk is not None
    lock = text("SELECT id FROM portal_page WHERE portal_id = :id FOR UPDATE")
    async with desk.sessions() as other, other.begin():
        await other.execute(lock, {"id": portal_id})
        going = asyncio.create_task(walk.go())
        await eventually(lambda: desk.rows(WAITING, what="INSERT INTO portal_page%"))
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
    run = await desk.run(run_id)
    assert (run.state, run.runner, run.lease_until) == (RunState.QUEUED, None, None)
    again = await desk.collect(portal_id)
    assert (again.id, again.state, address in str(again.errors)) == (
        run_id,
        RunState.FINISHED,
        False,
    )
